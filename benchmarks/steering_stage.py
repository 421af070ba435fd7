"""A farm of real Blenders to steer, and what is seen of it: the stage of `benchmarks.steering`.

What a verb leads to is seen from outside: in the store every 5 ms, in /proc, and in the files of
the images. A moment is one of the system's clock, which store and files go by as well.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.farm import BenchFarm, bench_farm
from benchmarks.scenes import make_drawn_out_scene
from farm.client import Client
from farm.model.job import Layer, Task
from farm.model.states import TaskState
from farm.policy.quarantine import JobRecord
from farm.store.faults import JobSuspect

#: Samples of a frame: three seconds of a core, and far too many.
STEADY, ENDLESS = 100, 1_000_000
FRAMES = 40
PATIENCE_SECONDS = 120.0
WATCH_SECONDS = 1.0  #: for what must not happen

#: Nodes of one core each, and their pools.
NODES = {"day": "day", "night": "night", "left": "pair", "right": "pair"}


@dataclass(frozen=True, slots=True)
class Timing:
    """One verb's time to its effect."""

    what: str
    seconds: float
    bound: float | None = None  #: seconds that the median must not exceed


class Stage:
    """The farm, its service, and two scenes."""

    def __init__(self, farm: BenchFarm) -> None:
        """Start everything; use `a_stage`."""
        self.farm, self.store = farm, farm.store
        self.scenes = {"steady": farm.folder / "steady.blend", "endless": farm.folder / "end.blend"}
        make_drawn_out_scene(self.scenes["steady"], FRAMES, STEADY)
        make_drawn_out_scene(self.scenes["endless"], FRAMES, ENDLESS)
        farm.start_scheduler()
        self.client = Client(farm.start_service())
        self.workers: dict[str, int] = {}
        for name, pool in NODES.items():
            self.start_worker(name, pool)
        self.touched = farm.folder / "touched"  #: tells that somebody is at the workstation
        self.touched.touch()
        self.start_worker("desk", "desk", "--when-idle", "1s", "--idle-by", str(self.touched))
        self._number = 0

    def start_worker(self, name: str, pool: str, *words: str) -> None:
        """A node of one slot."""
        told = ("--pool", pool, *words)
        self.farm.start_worker(name, slots=1, renderers=None, words=told)
        self.workers[name] = self.farm.pid_of(f"worker-{name}")

    def submit(self, pool: str, frames: str, *, scene: str = "steady", **asked: object) -> str:
        """A job for the nodes of `pool`; its id."""
        self._number += 1
        output = str(self.farm.folder / "out" / str(self._number) / "f_####")
        told = {"production": "bench", "frames": frames, "output": output, "pool": pool, **asked}
        return str(self.client.submit({"scene": str(self.scenes[scene]), **told})["id"])

    def copy_of(self, scene: str) -> Path:
        """A scene to do what one likes with; `submit` knows it as "copy"."""
        copy = self.farm.folder / f"copy-{self._number}.blend"
        shutil.copyfile(self.scenes[scene], copy)
        self.scenes["copy"] = copy
        return copy

    def layer(self, job: str) -> Layer:
        return self.store.jobs.get(job).layers[0]

    def running(self, job: str) -> list[Task]:
        return list(self.store.tasks.list(job, states={TaskState.RUNNING}))

    def slots(self, job: str) -> int:
        """That serve it."""
        return self.layer(job).leases

    def begun(self, job: str) -> bool:
        """Is a frame of it in hand, or even done?"""
        counts = self.layer(job).counts
        return counts.running + counts.succeeded > 0

    def wait(self, condition: Callable[[], object]) -> float:
        """Wait for it; the moment at which it was seen."""
        self.farm.wait_until(lambda: bool(condition()), PATIENCE_SECONDS)
        return time.time()

    def in_work(self, job: str, many: int = 1) -> list[Task]:
        """Wait until so many Blenders are well inside a frame; which ones."""
        found: list[Task] = []

        def look() -> bool:
            found[:] = [task for task in self.running(job) if "Sample" in self._log(job, task)]
            return len(found) >= many

        self.wait(look)
        return found

    def _log(self, job: str, task: Task) -> str:
        settings = self.layer(job).spec.settings
        log = Path(settings.log_path(task.frame, job=job, attempt=task.attempt))
        return log.read_text("utf-8", "replace") if log.exists() else ""

    def written(self, job: str, task: Task) -> float:
        """When Blender had written the image of a frame that was in work: waits for its end."""
        image = Path(self.layer(job).spec.settings.image_path(task.frame))
        self.wait(lambda: self.store.tasks.get(job, task.frame).state is TaskState.SUCCEEDED)
        return image.stat().st_mtime

    def gave(self, job: str, tasks: list[Task], slots: int, since: str) -> tuple[float, float]:
        """Wait until `job` holds so many slots, having had `tasks` in work.

        When Blender had written what was in work on the slot that went, and when that was seen.
        `since` is the last fact before the verb.
        """
        seen = self.wait(lambda: self.slots(job) <= slots)
        ended = [one for one in self.store.facts.read(since) if one.kind == "lease_ended"]
        node = next(one.fields["node"] for one in ended if one.fields["layer"] == f"{job}.1")
        return max(self.written(job, task) for task in tasks if task.node == node), seen

    def tree(self, node: str) -> list[psutil.Process]:
        """Every process below the node's worker."""
        found = psutil.Process(self.workers[node]).children(recursive=True)
        if not found:
            raise RuntimeError(f"no Blender runs on {node}")
        return found

    def gone(self, processes: list[psutil.Process]) -> float:
        """Wait until /proc knows none of them; when that was."""
        return self.wait(lambda: not any(one.is_running() for one in processes))

    def stays(self, condition: Callable[[], bool], what: str) -> None:
        """Watch that it holds for a while. Raises RuntimeError once it does not."""
        ends_at = time.monotonic() + WATCH_SECONDS
        while time.monotonic() < ends_at:
            if not condition():
                raise RuntimeError(f"it did not hold: {what}")
            time.sleep(0.02)

    def shun(self, job: str, node: str) -> None:
        """Let the job shun a node, as the scheduler does when it has seen enough."""
        record = JobRecord(fail_after=0, failed=0, tried=0, failed_on=0, nodes=0)
        suspect = JobSuspect(job=job, record=record, failed_since="0", is_active=True, blamed={})
        leader = self.store.leader.leader()
        self.store.faults.judge_job(suspect, pause="", block=[node], leader=leader)

    def clear(self) -> None:
        """End all jobs, those frames in work first: so Blenders stay warm for what comes next."""
        endless = str(self.scenes["endless"])
        for job in [one for one in self.store.jobs.all() if one.ended_at is None]:
            if job.layers[0].spec.settings.scene != endless:
                self.store.jobs.pause(job.id)
                self.wait(lambda: self.slots(job.id) == 0)  # noqa: B023 - asked in this round
            if self.store.jobs.get(job.id).ended_at is None:
                self.store.jobs.cancel(job.id)
            self.wait(lambda: self.slots(job.id) == 0)  # noqa: B023 - as above


@contextmanager
def a_stage() -> Iterator[Stage]:
    """A farm to steer; nothing is left of it afterwards."""
    with bench_farm() as farm:
        stage = Stage(farm)
        try:
            yield stage
        finally:
            stage.client.close()
