"""The simulator's farm with its books kept: the same engine and world, and an account of both."""

from zlib import crc32

from farm.sim.calibration import Calibration
from farm.sim.dispatchers import Dispatcher
from farm.sim.engine import Engine
from farm.sim.happenings import Fate
from farm.sim.measures import Measures
from farm.sim.pieces import PlayedLayer, PlayedLease, PlayedNode
from farm.sim.scenario import Scenario
from farm.sim.workload import Arrival
from farm.sim.world import World
from tools.week.counting import Books
from tools.week.dispatch import LeastFirst
from tools.week.judging import Judging


class WatchedWorld(World):
    """The played farm; all that it books, and all that waits, stands in the books as well."""

    def __init__(self, scenario: Scenario, measures: Measures) -> None:
        super().__init__(scenario, measures)
        self.books = Books(scenario, self.nodes)

    def _count(self, lease: PlayedLease, sign: int) -> None:
        super()._count(lease, sign)
        if sign > 0:
            served = lease.layer.served_at if lease.layer.leases > 1 else lease.layer.arrival.at
            self.books.slot_wait[lease.node.kind.pool].add(max(0.0, self.now - served))
            self.books.begin(lease, self.now)
        else:
            self.books.end(lease, self.now)

    def submit(self, arrival: Arrival) -> PlayedLayer:
        layer = super().submit(arrival)
        self.books.wait(layer, layer.ready, self.now)
        return layer

    def take(self, lease: PlayedLease) -> bool:
        layer, books = lease.layer, self.books
        first = layer.started_at < 0
        if not super().take(lease):
            return False
        books.wait(layer, -1, self.now)
        books.running[layer.arrival.pool] += 1
        books.running_of[layer.arrival.production] += 1
        if first:
            books.job_wait[layer.arrival.pool].add(self.now - layer.arrival.at)
        return True


class Unforetold(Calibration):
    """No forecasts: to judge them takes most of the time, and nobody looks at them here."""

    def begin(self, layer: PlayedLayer) -> None:
        layer.ahead = layer.arrival.frames

    def passed(self, layer: PlayedLayer, now: float, leases: object) -> None:
        """Nothing is noted."""


class WatchedEngine(Engine):
    """One week; after each pass the free room is judged."""

    world: WatchedWorld

    def __init__(self, scenario: Scenario, dispatcher: Dispatcher | None = None) -> None:
        super().__init__(scenario, dispatcher or LeastFirst())
        self.world = WatchedWorld(scenario, self.measures)
        self.books = self.world.books
        self.calibration = Unforetold()
        self._away_since = 0.0
        self.dispatcher = Judging(self.dispatcher, self.books)

    @property
    def passed_at(self) -> float:
        """When the scheduler last passed: a real one does so every second, work or none."""
        return self._away_since if self.world.now < self._away_until else self.world.now

    def _befall(self, fate: Fate) -> None:
        if fate.what == "away":
            self._away_since = self.world.now
        super()._befall(fate)

    def _begin(self, lease: PlayedLease) -> None:
        cold = lease.layer.arrival.scene not in lease.node.warm
        self.books.opened[lease.node.name]["cold" if cold else "warm"] += 1
        super()._begin(lease)

    def _task_ended(self, lease: PlayedLease) -> None:
        self._drop(lease)
        if not lease.fails:
            self.books.credit(lease, "succeeded", lease.task_seconds)
        super()._task_ended(lease)

    def _failed(self, lease: PlayedLease, hand: list[tuple[int, int]]) -> None:
        lease.hand = hand
        self.books.credit(lease, _fault(lease), lease.task_seconds)
        lease.hand = []
        before = lease.layer.ready
        super()._failed(lease, hand)
        self._back(lease.layer, lease.layer.ready - before)

    def _lose(self, lease: PlayedLease) -> None:
        self._drop(lease)
        self.books.credit(lease, "lost", self.world.now - lease.task_started_at)
        before = lease.layer.ready
        super()._lose(lease)
        self._back(lease.layer, lease.layer.ready - before)

    def _drop(self, lease: PlayedLease) -> None:
        self.books.running[lease.layer.arrival.pool] -= len(lease.hand)
        self.books.running_of[lease.layer.arrival.production] -= len(lease.hand)

    def _back(self, layer: PlayedLayer, tasks: int) -> None:
        if tasks:
            self.books.wait(layer, tasks, self.world.now)

    def _die(self, node: PlayedNode, for_seconds: float) -> None:
        super()._die(node, for_seconds)
        silent = self.world.now + self.scenario.silent_seconds
        self.at(silent, lambda: self.books.move(node, self.world.now, silent=True))

    def _return(self, node: PlayedNode) -> None:
        super()._return(node)
        self.books.move(node, self.world.now)

    def _drain(self, node: PlayedNode, for_seconds: float) -> None:
        super()._drain(node, for_seconds)
        self.books.move(node, self.world.now)

    def _undrain(self, node: PlayedNode) -> None:
        super()._undrain(node)
        self.books.move(node, self.world.now)

    def _close(self) -> None:
        super()._close()
        self.books.close(self.world.leases.values(), self.world.now)


def _fault(lease: PlayedLease) -> str:
    """How it failed: one in six for want of memory, one in six at its time limit."""
    return ("out_of_memory", "timed_out", "failed")[min(2, crc32(lease.id.encode()) % 6)]
