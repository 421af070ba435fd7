"""A job under test: its frames, its images, and what must hold when it is over."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from farm.model.job import FailedAttempt, JobSpec, LayerSpec, Task
from farm.model.render import RenderSettings
from farm.model.states import JobState, Outcome, TaskState
from farm.store.connection import new_id
from tests.scenes import make_scenes
from tests.system.farm_under_test import Farm

SIZE = (64, 36)

#: Frames that differ; 0.1 s, 0.5 s and 1.5 s each, on a core that has nothing else to do.
_SCRIPT = """
scene.render.engine = "CYCLES"
scene.cycles.use_adaptive_sampling = False
scene.cycles.use_denoising = False
scene.render.resolution_x, scene.render.resolution_y = 64, 36
cube = bpy.data.objects["Cube"]
for frame in (1, 200):
    cube.rotation_euler[2] = frame / 10
    cube.keyframe_insert("rotation_euler", frame=frame)
for name, samples in (("quick", 80), ("steady", 500), ("long", 1500)):
    scene.cycles.samples = samples
    save(name + ".blend")
"""


def make_shots(folder: Path) -> Path:
    """Write quick.blend, steady.blend and long.blend to `folder`."""
    return make_scenes(folder, _SCRIPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """One attempt of which a worker told the store."""

    at: float
    node: str
    index: int
    attempt: int
    event: str  #: a `TaskEvent`, "repeated" or "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A job of one layer that renders frames 1 to `length`."""

    farm: Farm
    job: str
    length: int
    settings: RenderSettings

    @property
    def layer(self) -> str:
        return f"{self.job}.1"

    def image(self, frame: int) -> Path:
        return Path(self.settings.image_path(frame))

    def attempt_image(self, task: Task) -> Path:
        """The image of the task's present attempt, whichever lease makes it."""
        folder = self.image(task.frame).parent / ".attempts"
        stem = self.settings.attempt_stem(task.frame, job=self.job)
        name = f"{stem}{task.attempt}.*{self.settings.extension}"
        return next(iter(folder.glob(name)), folder / name)

    def is_over(self) -> bool:
        return self.farm.store.jobs.get(self.job).ended_at is not None

    def done(self) -> int:
        return self.farm.store.jobs.get(self.job).counts.succeeded

    def task(self, frame: int) -> Task:
        return self.farm.store.tasks.get(self.job, frame)

    def in_hand(self, node: str) -> list[Task]:
        """What the store believes that `node` works on."""
        running = self.farm.store.tasks.list(self.job, states={TaskState.RUNNING})
        return [task for task in running if task.node == node]

    def middle_of_a_frame(self, node: str) -> Task:
        """Wait until the Blender of `node` is well inside a frame; which one."""
        found: list[Task] = []

        def look() -> bool:
            found[:] = [task for task in self.in_hand(node) if "Sample" in self._log(task)]
            return bool(found)

        self.farm.wait(look)
        return found[0]

    def _log(self, task: Task) -> str:
        log = Path(self.settings.log_path(task.frame, job=self.job, attempt=task.attempt))
        return log.read_text("utf-8") if log.exists() else ""

    def endings(self) -> list[Ending]:
        """In the order in which the store heard of them."""
        facts = [one for one in self.farm.facts("tasks_ended") if one.fields["layer"] == self.layer]
        return [
            Ending(at=fact.at, node=fact.fields["node"], index=index, attempt=attempt, event=event)
            for fact in facts
            for run in fact.fields["tasks"].split()
            for index, attempt, event in _unfold(run)
        ]

    def check(self) -> None:
        """Wait for the end; then every frame has succeeded once, and nothing else is left."""
        self.farm.wait(self.is_over)
        job = self.farm.store.jobs.get(self.job)
        assert (job.state, job.counts.succeeded) == (JobState.SUCCEEDED, self.length)
        counted = Counter(one.index for one in self.endings() if one.event == "succeed")
        assert counted == Counter(range(self.length))
        for frame in range(1, self.length + 1):
            pixels(self.image(frame))
        attempts = self.image(1).parent / ".attempts"
        self.farm.wait(lambda: not list(attempts.iterdir()))
        self.farm.wait(lambda: not self.farm.orphans())
        assert self.farm.store.audit() == []


def blamed(task: Task) -> list[FailedAttempt]:
    """Its attempts that used up a retry; a lost one does not, though its story may be told."""
    return [one for one in task.failures if one.outcome is not Outcome.LOST]


def _unfold(run: str) -> Iterator[tuple[int, int, str]]:
    """Index, attempt and event of each task in a run, "0-3:1:succeed" or "7:2:fail"."""
    indices, attempt, event = run.split(":")
    first, _, last = indices.partition("-")
    for index in range(int(first), int(last or first) + 1):
        yield index, int(attempt), event


def submit(farm: Farm, scenes: Path, scene: str, length: int, **fields: Any) -> Shot:
    """A job that renders frames 1 to `length` of `scene` into a folder of its own."""
    name = new_id()
    settings = settings_for(farm, scenes, scene, name)
    layer = LayerSpec(
        name="render", frames=f"1-{length}", settings=settings, **fields.pop("layer", {})
    )
    spec = JobSpec(**{"production": "heron", "name": name, "layers": (layer,), **fields})
    job = farm.store.jobs.submit(spec, key=name)
    return Shot(farm=farm, job=job, length=length, settings=settings)


def settings_for(farm: Farm, scenes: Path, scene: str, name: str) -> RenderSettings:
    output = f"{farm.folder}/out/{name}/{scene}_####"
    return RenderSettings(scene=f"{scenes}/{scene}.blend", output=output, extension=".png")


def pixels(image: Path) -> str:
    """A sum over what the image shows. Fails when it is not whole."""
    with Image.open(image) as opened:
        opened.load()
        assert opened.size == SIZE
        return hashlib.sha256(opened.mode.encode() + opened.tobytes()).hexdigest()
