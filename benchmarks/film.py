"""Real Cycles frames three ways: a fresh Blender each, the farm, and one Blender over the range.

A fresh Blender per frame is what farms without warm sessions do; one Blender over the range is what
an artist does by hand. The three take turns, and their images are compared pixel by pixel.
"""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops

from benchmarks.farm import BenchFarm, bench_farm
from benchmarks.scenes import make_demo_scene, make_light_scene
from benchmarks.table import Report, Row, Target, ratios, run
from farm.blender import BlenderCommand, find_blender
from farm.model.render import RenderSettings

SLOTS = 2
LIGHT_FRAMES, QUICK_LIGHT_FRAMES = 48, 12
DEMO_FRAMES, QUICK_DEMO_FRAMES = 24, 1  #: of each of two productions
LIGHT_REPETITIONS, DEMO_REPETITIONS = 3, 2
COMPARED = 3  #: frames of each film
_BY_HAND = str(Path(__file__).with_name("by_hand.py"))  #: it runs inside Blender


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """A scene, and how often its range is to be rendered."""

    scene: Path
    frames: int
    times: int  #: the demo renders its range for two productions

    @property
    def total(self) -> int:
        return self.frames * self.times


@dataclass(frozen=True, slots=True, kw_only=True)
class Walls:
    """Seconds of wall, a value per repetition."""

    fresh: tuple[float, ...]
    farm: tuple[float, ...]
    hand: tuple[float, ...]
    own: tuple[float, ...]  #: spent rendering inside the fresh Blenders, all together
    differing: int  #: of the compared images


def measure_light(quick: bool) -> Report:
    """Frames of some 0.1 s: starting Blender and reading the scene is most of a fresh one."""
    with tempfile.TemporaryDirectory(prefix="karst-film-") as folder:
        frames = QUICK_LIGHT_FRAMES if quick else LIGHT_FRAMES
        film = Film(scene=Path(folder) / "light.blend", frames=frames, times=1)
        make_light_scene(film.scene, frames)
        return _report("film_light", "light", film, 1 if quick else LIGHT_REPETITIONS)


def measure_demo(quick: bool) -> Report:
    """The demo's film, its range rendered for two productions."""
    with tempfile.TemporaryDirectory(prefix="karst-film-") as folder:
        frames = QUICK_DEMO_FRAMES if quick else DEMO_FRAMES
        film = Film(scene=Path(folder) / "karst.blend", frames=frames, times=2)
        make_demo_scene(film.scene)
        return _report("film_demo", "demo", film, 1 if quick else DEMO_REPETITIONS)


def _report(name: str, which: str, film: Film, repetitions: int) -> Report:
    walls = _in_turn(film, repetitions)
    share = ratios(walls.own, walls.fresh)
    to_fresh = ratios(walls.farm, walls.fresh)
    what = "farm / fresh Blender per frame"
    rows: tuple[Row, ...] = (
        Row(what="fresh Blender per frame", unit="s", values=walls.fresh),
        Row(what=f"farm, {SLOTS} slots, Blenders cold at first", unit="s", values=walls.farm),
        Row(what="one Blender by hand, all threads", unit="s", values=walls.hand),
        Row(what="share of a fresh one that is rendering", unit="x", values=share),
        Target(what=what, unit="x", values=to_fresh, bound=0.25)
        if which == "light"
        else Row(what=what, unit="x", values=to_fresh),
        Target(
            what="farm / one Blender by hand",
            unit="x",
            values=ratios(walls.farm, walls.hand),
            bound=0.9,
        ),
        Target(what="compared images that differ", unit="", values=(walls.differing,), bound=0),
    )
    return Report(
        name=name, title=f"{film.total} Cycles frames of the {which} scene, wall time", rows=rows
    )


def _in_turn(film: Film, repetitions: int) -> Walls:
    fresh, ours, hand, own = [], [], [], []
    differing = 0
    command = find_blender()
    with bench_farm() as farm:
        farm.start_scheduler()
        for number in range(repetitions):
            out = film.scene.parent / f"run{number}"
            wall, rendering = _fresh(command, film, out / "fresh")
            fresh.append(wall)
            own.append(rendering)
            ours.append(_by_farm(farm, film, out / "farm", number))
            hand.append(_by_hand(command, film, out / "hand"))
            differing += sum(_differing(out, film))
    return Walls(
        fresh=tuple(fresh),
        farm=tuple(ours),
        hand=tuple(hand),
        own=tuple(own),
        differing=differing,
    )


def _fresh(command: BlenderCommand, film: Film, out: Path) -> tuple[float, float]:
    """One process per frame, one after the other. Wall, and what of it was rendering."""
    frames = [*range(1, film.frames + 1)] * film.times
    begun = time.monotonic()
    rendering = [_blender(command, film.scene, frame, frame, out) for frame in frames]
    return time.monotonic() - begun, sum(rendering)


def _by_hand(command: BlenderCommand, film: Film, out: Path) -> float:
    """One process over the range, once for each production."""
    begun = time.monotonic()
    for _ in range(film.times):
        _blender(command, film.scene, 1, film.frames, out)
    return time.monotonic() - begun


def _blender(command: BlenderCommand, scene: Path, first: int, last: int, out: Path) -> float:
    """Render a range in a new Blender with all threads; seconds that it spent rendering."""
    out.mkdir(parents=True, exist_ok=True)
    report = out / "seconds"
    told = ["--", str(scene), str(first), str(last), str(out / "f_####"), str(report)]
    quiet = ["--background", "--factory-startup", "--disable-autoexec"]
    start = ["-P", _BY_HAND] if command.is_module else [*quiet, "--python", _BY_HAND]
    subprocess.run([command.program, *start, *told], check=True, capture_output=True)
    return float(report.read_text("ascii"))


def _by_farm(farm: BenchFarm, film: Film, out: Path, number: int) -> float:
    """A job for each production, through a worker whose Blenders are yet to start."""
    worker = farm.start_worker(f"film{number}", slots=SLOTS, renderers=None)
    begun = time.monotonic()
    for time_of in range(film.times):
        settings = RenderSettings(
            scene=str(film.scene), output=str(out / str(time_of) / "f_####"), extension=".png"
        )
        farm.submit(f"1-{film.frames}", settings=settings)
    farm.wait_all_ended()
    wall = time.monotonic() - begun
    _check_all_rendered(farm)
    farm.end(worker)
    return wall


def _check_all_rendered(farm: BenchFarm) -> None:
    for job in farm.store.jobs.list(limit=2):
        if job.counts.succeeded != job.counts.total:
            raise RuntimeError(f"the farm failed at frames of job {job.id}: {job.counts}")


def _differing(out: Path, film: Film) -> Iterator[bool]:
    """Does an image of the farm differ from the others'? For some frames of the film."""
    for number in range(COMPARED):
        frame = 1 + number * (film.frames - 1) // max(1, COMPARED - 1)
        ours = out / "farm" / "0" / f"f_{frame:04d}.png"
        for way in ("fresh", "hand"):
            yield not _same(ours, out / way / f"f_{frame:04d}.png")


def _same(one: Path, other: Path) -> bool:
    with Image.open(one) as a, Image.open(other) as b:
        return a.size == b.size and ImageChops.difference(a, b).getbbox() is None


if __name__ == "__main__":
    run(measure_light, measure_demo)
