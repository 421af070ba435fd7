"""A farm for a test: a real store, schedulers, workers and services, each a process of its own.

The promise: whatever a test does to them, nothing of the farm is left when it ends, and what they
wrote is shown when the test fails."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from farm.model.lease import Grant
from farm.model.node import Node
from farm.model.resources import Resources
from farm.model.states import NodeState
from farm.store import Fact, Store, keys
from farm.up.child import end_child, kill_group, log_tail, start_child
from farm.up.store import StoreProcess
from tests.makers import LEADER
from tests.waiting import wait_until

HOUSE = Path(__file__).parents[2]
PATIENCE_SECONDS = 75.0  #: for whatever surely happens, on a machine that has much else to do
_MARK = "KARST_FARM_UNDER_TEST"  #: a variable that every process of a farm inherits
_MOST_FACTS = 100_000


@dataclass(slots=True, kw_only=True)
class Part:
    """One process of the farm, and how to start it (again)."""

    words: tuple[str, ...]  #: after `python -m`
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    cpu: int | None = None  #: the one it may use; None: all of them
    child: "subprocess.Popen[bytes] | None" = None

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self.child is not None, f"{self.words} has not been started"
        return self.child

    @property
    def runs(self) -> bool:
        return self.child is not None and self.child.poll() is None


class Farm:
    """The parts by name. As a context manager it ends them all, and looks whether any is left."""

    def __init__(self, folder: Path) -> None:
        """Start a store in `folder`; add the other parts as the test needs them."""
        self.folder = folder
        self.server = StoreProcess.start(folder / "store")
        self.store = Store.open(self.server.url)
        self.parts: dict[str, Part] = {}

    def __enter__(self) -> "Farm":
        return self

    def __exit__(self, *_: object) -> None:
        for name in self.parts:  # all at once, then one by one
            self.ask_to_stop(name)
        for name in list(self.parts):
            self.remove(name)
        self.store.close()
        self.server.stop()
        try:
            wait_until(lambda: not self.processes(), timeout_seconds=10)
        finally:
            left = self.processes()
            for process in left:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        assert not left

    def add_scheduler(self, name: str) -> None:
        self._add(name, "farm.scheduler")

    @property
    def files(self) -> Path:
        """The folder of the farm's content store."""
        return self.folder / "files"

    def add_worker(
        self,
        name: str,
        *,
        cores: int = 1,
        redis_url: str = "",
        url: str = "",
        sees_files: bool = False,
        words: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """A node; one of a single core gets a CPU that is not the next node's.

        It reaches what was sent through the service at `url`, or sees the folder of the files.
        """
        state = str(self.folder / name)
        told = ("workers", "--name", name, "--cores", str(cores), "--state", state, *words)
        reach = {"FARM_URL": url} if url else {}
        reach |= {"FARM_FILES": str(self.files)} if sees_files else {}
        self._add(
            name,
            *told,
            redis_url=redis_url,
            alone=cores == 1,
            environment={**reach, **(environment or {})},
        )

    def add_exporter(self, name: str, port: int) -> None:
        self._add(name, "farm.exporter", "--port", str(port))

    def add_service(self, name: str, port: int, *, files: Path | None = None) -> None:
        folder = str(files or self.files)
        self._add(name, "farm.service", "--port", str(port), "--files", folder)

    def _add(
        self,
        name: str,
        *words: str,
        redis_url: str = "",
        alone: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        assert name not in self.parts, f"{name} is there already"
        cpus = sorted(os.sched_getaffinity(0))
        self.parts[name] = Part(
            words=words,
            log=self.folder / f"{name}.log",
            environment={**self.environment(redis_url), **(environment or {})},
            cpu=cpus[len(self.parts) % len(cpus)] if alone else None,
        )
        self.start(name)

    def environment(self, redis_url: str = "") -> dict[str, str]:
        """That of every part: the store's address, and the mark."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FARM_")}
        url = redis_url or self.server.url
        return {**kept, "FARM_REDIS_URL": url, "PYTHONUNBUFFERED": "1", _MARK: str(self.folder)}

    def start(self, name: str) -> None:
        """Start a part that does not run."""
        part = self.parts[name]
        assert not part.runs, f"{name} runs already"
        command = [sys.executable, "-m", *part.words]
        part.child = start_child(command, log=part.log, cwd=HOUSE, environment=part.environment)
        if part.cpu is not None:
            os.sched_setaffinity(part.child.pid, {part.cpu})

    def kill9(self, name: str) -> float:
        """Kill a part as a power cut would; when that was, by the clock that dates the facts.

        Its Blenders lead groups of their own: nobody but the product itself ends those.
        """
        killed_at = time.time()
        kill_group(self.parts[name].process)
        return killed_at

    def ask_to_stop(self, name: str) -> None:
        """Send SIGTERM, and see that it can be heard."""
        child = self.parts[name].process
        if child.poll() is None:
            child.terminate()
            child.send_signal(signal.SIGCONT)

    def remove(self, name: str) -> None:
        """End a part for good, if it is there; one that was stopped in its tracks, too."""
        if name in self.parts:
            self.ask_to_stop(name)
            end_child(self.parts.pop(name).process, grace_seconds=10)

    def signal_worker(self, name: str, number: signal.Signals) -> None:
        """To the worker and to all its Blenders."""
        for process in (*self.blenders(name), psutil.Process(self.parts[name].process.pid)):
            process.send_signal(number)

    def processes(self) -> list[psutil.Process]:
        """All that runs and was started by this farm, however indirectly."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                ours = process.environ().get(_MARK) == str(self.folder)
                if ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def blenders(self, name: str) -> list[psutil.Process]:
        """The Blenders of a worker that runs."""
        return psutil.Process(self.parts[name].process.pid).children()

    def orphans(self) -> list[psutil.Process]:
        """What runs though the part that started it does not."""
        alive = {part.process.pid for part in self.parts.values() if part.runs}
        found = []
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                if alive.isdisjoint({process.pid, *(up.pid for up in process.parents())}):
                    found.append(process)
        return found

    def wait(self, predicate: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
        # Each look asks the store some questions; those who wait must not outwork the farm.
        wait_until(predicate, timeout_seconds=seconds, every_seconds=0.03)

    def node(self, name: str) -> Node | None:
        """The node as the store knows it; None before its first registration."""
        return next((node for node in self.store.nodes.list() if node.name == name), None)

    def is_online(self, name: str, *, after_epoch: int = 0) -> bool:
        node = self.node(name)
        return node is not None and node.state is NodeState.ONLINE and node.epoch > after_epoch

    def epoch(self, name: str) -> int:
        node = self.node(name)
        return node.epoch if node else 0

    def facts(self, kind: str, *, after: str = "0") -> list[Fact]:
        found = self.store.facts.read(after, limit=_MOST_FACTS)
        return [fact for fact in found if fact.kind == kind]

    def counter(self, name: str) -> int:
        return int(self.store.connection.client.hget(keys.COUNTERS, name) or 0)

    def grant(self, node: str, layer: str, *, cores: int = 1) -> str:
        """Grant a lease by hand, where no scheduler runs, and send no message; its id."""
        self.store.leader.lead(LEADER)
        resources = Resources(cores=cores, memory_bytes=0)
        one = Grant(node=node, epoch=self.epoch(node), layer=layer, resources=resources)
        (_, lease, answer) = self.store.leases.grant([one], leader=LEADER)[0]
        self.store.leader.resign(LEADER)
        assert answer == "granted"
        return lease

    def tails(self) -> str:
        """The last lines of every log."""
        logs = sorted([*self.folder.glob("*.log"), self.server.log])
        return "\n".join(f"== {log.name}\n" + "\n".join(log_tail(log, 40)) for log in logs)


@contextlib.contextmanager
def tails_on_failure(farm: Farm) -> Iterator[None]:
    """Write what the farm's parts said; only a test that fails shows what was written."""
    try:
        yield
    finally:
        sys.stdout.write(farm.tails())


def told(what: str, seconds: float) -> None:
    """Say what was measured; `pytest -rP` shows it."""
    sys.stdout.write(f"measured: {what} after {seconds:.2f} s\n")
