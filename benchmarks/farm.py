"""A farm of real processes for a benchmark: its own store, a scheduler, workers, rivals beside it.

All of them die with the benchmark, however it ends, and nothing stays on disk.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.noop import make_pool
from farm.client import Client
from farm.model.errors import FarmError
from farm.model.job import JobSpec, LayerSpec
from farm.model.render import RenderSettings
from farm.model.resources import MIB, Resources
from farm.store import Store, keys
from farm.store.connection import new_id
from farm.up.child import end_child
from farm.up.part import Part, PartSpec
from farm.up.port import HOST, free_port
from farm.up.store import StoreProcess

HOUSE = Path(__file__).parents[1]
NOOP = f"{make_pool.__module__}:{make_pool.__name__}"
SMALL = Resources(cores=1, memory_bytes=MIB)
READY_SECONDS = 60.0
_POLL_SECONDS = 0.005


class BenchFarm:
    """A store and the parts started beside it."""

    def __init__(self, server: StoreProcess, folder: Path) -> None:
        """Use `bench_farm` instead."""
        self.server = server
        self.folder = folder
        self.store = Store.open(server.url, timeout_seconds=120)
        self._parts: list[Part] = []

    def start(
        self,
        name: str,
        module: str,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
    ) -> Part:
        """Start `python -m MODULE ARGUMENTS` beside this store."""
        spec = PartSpec(
            name=name,
            module=module,
            arguments=arguments,
            environment={
                "FARM_REDIS_URL": self.server.url,
                "PYTHONPATH": str(HOUSE),
                **(environment or {}),
            },
        )
        part = Part(spec, logs=self.folder)
        self._parts.append(part)
        part.start()
        return part

    def start_scheduler(self) -> None:
        """Start one and wait until it leads."""
        self.start("scheduler", "farm.scheduler")
        self.wait_until(lambda: self.store.leader.leader() != "", READY_SECONDS)

    def start_worker(
        self,
        name: str = "n1",
        *,
        slots: int,
        renderers: str | None = NOOP,
        words: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Part:
        """Start a worker that offers `slots` cores, and wait until the farm knows it.

        Without `renderers` it renders with Blender. `words` are its other options.
        """
        words += ("--renderers", renderers) if renderers else ()
        part = self.start(
            f"worker-{name}",
            "workers",
            *("--name", name, "--cores", str(slots), *words),
            *("--state", str(self.folder / name)),
            environment=environment,
        )
        self.wait_until(lambda: name in self._names(), READY_SECONDS)
        if renderers:
            self.run_frames("1")  # the first lease opens connections and imports
        return part

    def _names(self) -> set[str]:
        return {node.name for node in self.store.leader.snapshot().nodes}

    def start_service(self) -> str:
        """Start one and return its URL once it answers."""
        port = free_port()
        url = f"http://{HOST}:{port}"
        files = str(self.folder / "files")
        self.start("service", "farm.service", "--port", str(port), "--files", files)
        client = Client(url)
        self.wait_until(lambda: _healthy(client), READY_SECONDS)
        client.close()
        return url

    def part(self, name: str) -> Part:
        """A part that was started."""
        return next(part for part in self._parts if part.spec.name == name)

    def pid_of(self, name: str) -> int:
        """The process id of a part that runs."""
        child = self.part(name).child
        if child is None:
            raise RuntimeError(f"the {name} does not run")
        return child.pid

    def submit(self, frames: str, *, chunk: int = 0, settings: RenderSettings | None = None) -> str:
        """Submit a job of one layer and return its id."""
        return self.store.jobs.submit(a_job(frames, chunk=chunk, settings=settings), key=new_id())

    def run_frames(self, frames: str, *, chunk: int = 0) -> float:
        """Seconds from submit to all settled."""
        begun = time.monotonic()
        self.submit(frames, chunk=chunk)
        self.wait_all_ended()
        return time.monotonic() - begun

    def wait_all_ended(self, timeout_seconds: float = 600.0) -> None:
        """Wait until no job is open."""
        client = self.store.connection.client
        self.wait_until(lambda: not client.scard(keys.OPEN_JOBS), timeout_seconds)

    def wait_until(self, condition: Callable[[], bool], timeout_seconds: float) -> None:
        """Wait, watching the parts. Raises RuntimeError when one dies or time runs out."""
        give_up_at = time.monotonic() + timeout_seconds
        while not condition():
            self._check_parts()
            if time.monotonic() > give_up_at:
                raise RuntimeError(f"not done within {timeout_seconds:g} s")
            time.sleep(_POLL_SECONDS)

    def _check_parts(self) -> None:
        for part in self._parts:
            if part.is_dead():
                words = "\n".join(part.last_words(20))
                raise RuntimeError(f"the {part.spec.name} has died:\n{words}")

    def cpu_seconds(self) -> dict[str, float]:
        """CPU time used so far: of this process, of each part and of the store."""
        children = {part.spec.name: part.child for part in self._parts if part.child}
        used = {"submitter": sum(os.times()[:2])}
        for name, child in {**children, "store": self.server.child}.items():
            of = psutil.Process(child.pid)
            times = [one.cpu_times() for one in (of, *of.children(recursive=True))]
            used[name] = sum(one.user + one.system for one in times)
        return used

    def end(self, part: Part) -> None:
        """End one part early."""
        self._parts.remove(part)
        part.end()

    def stop(self) -> None:
        """End all parts; renderers go with their worker."""
        for part in reversed(self._parts):
            if part.child is not None:
                end_child(part.child, grace_seconds=5.0)
        self.store.close()


@contextmanager
def bench_farm() -> Iterator[BenchFarm]:
    """A store in a folder of its own; both are gone afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="karst-bench-", ignore_cleanup_errors=True) as folder,
        StoreProcess.start(Path(folder) / "store") as server,
    ):
        farm = BenchFarm(server, Path(folder))
        try:
            yield farm
        finally:
            farm.stop()


def a_job(frames: str, *, chunk: int = 0, settings: RenderSettings | None = None) -> JobSpec:
    """A job of one layer; without `settings` it is for renderers that render nothing."""
    if settings is None:
        settings = RenderSettings(
            scene="/show/shot.blend", output="/show/frames/shot_####", extension=".png"
        )
    layer = LayerSpec(name="render", frames=frames, settings=settings, resources=SMALL, chunk=chunk)
    return JobSpec(production="bench", name="bench", layers=(layer,))


def _healthy(client: Client) -> bool:
    try:
        return bool(client.health().get("store") == "ok")
    except FarmError:
        return False
