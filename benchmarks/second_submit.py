"""One texture of a project changes: what the next submit sends, and how long it takes.

Beside it, in turn: hashing the one file and hashing all, and what blender-asset-tracer's own
packing costs each time, to a folder and to a zip. Scene, textures, service and submits are real;
nothing is rendered.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.farm import BenchFarm, bench_farm
from benchmarks.scenes import make_textured_scene
from benchmarks.table import Report, Row, Target, ratios, run
from farm.files.hashing import hash_file

REPETITIONS, QUICK_REPETITIONS = 5, 2
TEXTURES, QUICK_TEXTURES = 50, 6
TEXTURE_BYTES = 10 * 1000 * 1000


def measure(quick: bool) -> Report:
    """A first submit, then rounds of a changed texture, each sent, packed to a folder, to a zip."""
    rounds = QUICK_REPETITIONS if quick else REPETITIONS
    with bench_farm() as farm:
        project = farm.folder / "project"
        scene = make_textured_scene(project, textures=QUICK_TEXTURES if quick else TEXTURES)
        textures = sorted(project.glob("textures/*"))
        url = farm.start_service()
        first_seconds = _submit(farm, url, scene)
        found = [_round(farm, url, scene, textures) for _ in range(rounds)]
        hash_all_seconds = _seconds(lambda: [hash_file(one) for one in textures])
    submits, folders, zips, hashes, sent = zip(*found, strict=True)
    total_bytes = len(textures) * TEXTURE_BYTES
    return Report(
        name="second_submit",
        title=f"{len(textures)} textures, {total_bytes / 1e6:.0f} MB; one of 10 MB changes, "
        f"{rounds} times",
        rows=(
            Row(what="first submit, everything sent", unit="s", values=(first_seconds,)),
            Row(what="next submit", unit="s", values=submits),
            Target(what="bytes sent by it", unit="MB", values=sent, bound=10.1),
            Row(what="hashing the changed texture", unit="s", values=hashes),
            Row(what="hashing all textures", unit="s", values=(hash_all_seconds,)),
            Row(what="blender-asset-tracer, to a folder", unit="s", values=folders),
            Row(what="blender-asset-tracer, to a zip", unit="s", values=zips),
            Target(what="submit / to a folder", unit="x", values=ratios(submits, folders), bound=1),
            Target(what="submit / to a zip", unit="x", values=ratios(submits, zips), bound=1),
        ),
        notes=("packing moves bytes on this disk only; the submit's have reached the service",),
    )


def _round(
    farm: BenchFarm, url: str, scene: Path, textures: list[Path]
) -> tuple[float, float, float, float, float]:
    """Seconds of a submit, of both packings and of the hash; megabytes that the submit sent."""
    with textures[len(textures) // 2].open("r+b") as changed:
        changed.seek(-1024, os.SEEK_END)  # the image's data, not its header
        changed.write(os.urandom(1024))
    before = _kept_bytes(farm)
    submit = _submit(farm, url, scene)
    sent = (_kept_bytes(farm) - before) / 1e6
    packs = [_pack(scene, farm.folder / name) for name in ("packed", "packed.zip")]
    hashing = _seconds(lambda: hash_file(textures[len(textures) // 2]))
    return submit, packs[0], packs[1], hashing, sent


def _kept_bytes(farm: BenchFarm) -> int:
    return sum(one.stat().st_size for one in (farm.folder / "files" / "blobs").rglob("?" * 64))


def _submit(farm: BenchFarm, url: str, scene: Path) -> float:
    words = ["submit", str(scene), "--send", "--frames", "1", "--production", "bench", "--json"]
    environment = {**os.environ, "FARM_URL": url, "XDG_CACHE_HOME": str(farm.folder / "cache")}
    return _seconds(lambda: _run("farm.cli.main", *words, environment=environment))


def _pack(scene: Path, target: Path) -> float:
    try:
        return _seconds(
            lambda: _run("blender_asset_tracer", "pack", str(scene), str(target), environment=None)
        )
    finally:
        if target.is_dir():
            shutil.rmtree(target)
        target.unlink(missing_ok=True)


def _run(module: str, *words: str, environment: dict[str, str] | None) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{module} {words[0]} ended with {done.returncode}: {done.stderr}")


def _seconds(what: object) -> float:
    assert callable(what)
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


if __name__ == "__main__":
    run(measure)
