"""The simulator's farm with its books kept: the same engine, the same world, and an account of both."""

from collections import Counter
from collections.abc import Iterator
from zlib import crc32

from farm.model.resources import GIB
from farm.sim.calibration import Calibration
from farm.sim.dispatchers import Dispatcher
from farm.sim.engine import Engine
from farm.sim.happenings import Fate
from farm.sim.measures import Measures
from farm.sim.pieces import PlayedLayer, PlayedLease, PlayedNode
from farm.sim.scenario import Scenario
from farm.sim.workload import Arrival
from farm.sim.world import World
from tools.week.books import Credits, Demand, Held, Histogram, Mode, NodeBooks, Split
from tools.week.dispatch import LeastFirst
from tools.week.truth import Spell

RENDER_SECONDS = (5, 15, 30, 60, 120, 300, 600, 1200, 2400, 4800, 9600, 21600, 43200)
WAIT_SECONDS = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 10800, 28800, 86400)
MEMORY_BYTES = tuple(GIB * part for part in (0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256))


class Books:
    """All that is counted while the week is played, pool by pool."""

    def __init__(self, scenario: Scenario, nodes: dict[str, PlayedNode]) -> None:
        self.pool_of = {name: node.kind.pool for name, node in nodes.items()}
        self.pools = sorted(set(self.pool_of.values()))
        self.cores = {pool: self._split(nodes, pool, "cores") for pool in self.pools}
        self.gpus = {
            pool: split
            for pool in self.pools
            if (split := self._split(nodes, pool, "gpus")).configured
        }
        self.held = {name: Held() for name in _productions(scenario)}
        self.by_pool, self.by_production = Credits(), Credits()
        self.ready: Counter[str] = Counter()
        self.ready_of: Counter[str] = Counter()  #: by production
        self.running: Counter[str] = Counter()
        self.running_of: Counter[str] = Counter()
        self.render = {pool: Histogram(RENDER_SECONDS) for pool in self.pools}
        self.slot_wait = {pool: Histogram(WAIT_SECONDS) for pool in self.pools}
        self.job_wait = {pool: Histogram(WAIT_SECONDS) for pool in self.pools}
        self.memory = {pool: Histogram(MEMORY_BYTES) for pool in self.pools}
        self.passes = 0
        self.silent = 0
        self.spells: list[Spell] = []  #: every lease, and every silence: the truth itself
        self._leases: dict[str, list[float]] = {}  #: begin, core-seconds credited
        self._silences: dict[str, float] = {}

    @staticmethod
    def _split(nodes: dict[str, PlayedNode], pool: str, unit: str) -> Split:
        return Split(
            pool=pool,
            nodes={
                name: NodeBooks(name=name, total=getattr(node.total, unit))
                for name, node in nodes.items()
                if node.kind.pool == pool
            },
        )

    def splits(self, pool: str) -> Iterator[tuple[Split, str]]:
        """The pool's splits, each with the name of what it splits."""
        yield self.cores[pool], "cores"
        if pool in self.gpus:
            yield self.gpus[pool], "gpus"

    # Leases.

    def begin(self, lease: PlayedLease, now: float) -> None:
        """A lease books its room."""
        node = lease.node.name
        for split, unit in self.splits(self.pool_of[node]):
            split.book(node, getattr(lease.resources, unit), now)
        self.held[lease.layer.arrival.production].change(lease.resources.cores, now)
        self._leases[lease.id] = [now, 0.0]

    def end(self, lease: PlayedLease, now: float) -> None:
        """A lease gives its room back; what no attempt was credited with is overhead."""
        node = lease.node.name
        for split, unit in self.splits(self.pool_of[node]):
            split.give(node, getattr(lease.resources, unit), now)
        production = lease.layer.arrival.production
        self.held[production].change(-lease.resources.cores, now)
        begun, credited = self._leases.pop(lease.id)
        overhead = lease.resources.cores * (now - begun) - credited
        self.by_pool.add(self.pool_of[node], "overhead", overhead)
        self.by_production.add(production, "overhead", overhead)
        ended = min(now, self._silences.get(node, now))
        self._spell(self.pool_of[node], "busy", lease.resources.cores, begun, ended)

    def credit(self, lease: PlayedLease, outcome: str, seconds: float) -> None:
        """The attempt in hand ended so, after `seconds`."""
        core_seconds = seconds * lease.resources.cores
        pool, production = self.pool_of[lease.node.name], lease.layer.arrival.production
        self.by_pool.add(pool, outcome, core_seconds, len(lease.hand))
        self.by_production.add(production, outcome, core_seconds, len(lease.hand))
        self._leases[lease.id][1] += core_seconds
        if outcome == "succeeded":
            self.render[pool].add(seconds / len(lease.hand), len(lease.hand))
            self.memory[pool].add(lease.resources.memory_bytes * 0.8, len(lease.hand))

    # Nodes.

    def move(self, node: PlayedNode, now: float, *, silent: bool = False) -> None:
        """The node went silent, or is as the farm has it."""
        mode = Mode.CLOSED if node.drained else Mode.OPEN
        if silent:
            mode = Mode.OFFLINE
            self.silent += 1
            self._silences[node.name] = now
        elif node.name in self._silences and node.online:
            begun = self._silences.pop(node.name)
            self._spell(self.pool_of[node.name], "offline", node.total.cores, begun, now)
        elif node.name in self._silences:
            mode = Mode.OFFLINE
        for split, _ in self.splits(self.pool_of[node.name]):
            split.move(node.name, mode, now)

    def _spell(self, pool: str, state: str, cores: float, begun: float, ended: float) -> None:
        if ended > begun:
            self.spells.append(Spell(pool, state, cores, begun, ended))

    # What waits.

    def wait(self, layer: PlayedLayer, tasks: int, now: float) -> None:
        """So many tasks of `layer` more wait, or fewer."""
        pool = layer.arrival.pool
        before = self.ready[pool]
        self.ready[pool] += tasks
        self.ready_of[layer.arrival.production] += tasks
        if tasks > 0 and layer.ready <= tasks:  # it waits anew, and no pass has seen it
            self._demand(pool, Demand.FRESH, now)
        elif before and not self.ready[pool]:
            self._demand(pool, Demand.NONE, now)

    def _demand(self, pool: str, demand: Demand, now: float) -> None:
        for split, _ in self.splits(pool):
            split.demands(demand, now)

    def close(self, leases: Iterator[PlayedLease], now: float) -> None:
        """The week is over: what is still open counts until now."""
        for lease in leases:
            node = lease.node.name
            ended = min(now, self._silences.get(node, now))
            begun = self._leases[lease.id][0]
            self._spell(self.pool_of[node], "busy", lease.resources.cores, begun, ended)
        for node, begun in self._silences.items():
            cores = self.cores[self.pool_of[node]].nodes[node].total
            self._spell(self.pool_of[node], "offline", cores, begun, now)


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
    """No forecasts: judging them takes three quarters of the time, and nobody looks at them here."""

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
        self.dispatcher = _Judging(self.dispatcher, self.books)

    @property
    def passed_at(self) -> float:
        """When the scheduler last passed: a real one does so every second, work or none."""
        return self._away_since if self.world.now < self._away_until else self.world.now

    def _befall(self, fate: Fate) -> None:
        if fate.what == "away":
            self._away_since = self.world.now
        super()._befall(fate)

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
        self.books.close(iter(self.world.leases.values()), self.world.now)


def _fault(lease: PlayedLease) -> str:
    """How it failed: one in six for want of memory, one in six at its time limit."""
    return ("out_of_memory", "timed_out", "failed")[min(2, crc32(lease.id.encode()) % 6)]


def _productions(scenario: Scenario) -> list[str]:
    return sorted({one.name for one in scenario.productions} | {one.production for one in scenario.jobs})


class _Judging:
    """A dispatcher, and after each of its passes a look at what is left free."""

    patience_seconds = 0.0

    def __init__(self, inner: Dispatcher, books: Books) -> None:
        self.inner, self.books, self.name = inner, books, inner.name
        self.patience_seconds = inner.patience_seconds

    def decide(self, world: World) -> list[PlayedLease]:
        lost = self.inner.decide(world)
        self.books.passes += 1
        for pool in self.books.pools:
            if self.books.ready[pool]:
                self._judge(world, pool)
        return lost

    def _judge(self, world: World, pool: str) -> None:
        shapes = _shapes(world, pool)
        cores: dict[str, tuple[float, float]] = {}
        gpus: dict[str, tuple[float, float]] = {}
        for name in self.books.cores[pool].nodes:
            node = world.nodes[name]
            free = node.free
            if not (node.open and free.cores and shapes):
                continue
            rooms = [one for one in shapes if one[0] <= free.cores and one[2] <= free.gpus]
            if any(one[1] <= free.memory_bytes for one in rooms):
                cores[name] = (free.cores, 0.0)
                gpus[name] = (float(free.gpus), 0.0)
            elif rooms:
                cores[name] = (0.0, free.cores)
        self.books.cores[pool].judge(cores, world.now)
        if pool in self.books.gpus:
            self.books.gpus[pool].judge(gpus, world.now)


def _shapes(world: World, pool: str) -> list[tuple[float, int, int]]:
    """The least that waiting work needs which no bound holds back: cores, memory, GPUs."""
    found = {
        (layer.resources.cores, layer.resources.memory_bytes, layer.resources.gpus)
        for production in world.productions.values()
        if production.spec.pool == pool
        for _, _, _, layer in production.line
        if not any(world.caps[name].held + 1 > world.caps[name].most for name in layer.caps)
    }
    return [
        one
        for one in found
        if not any(
            other != one and all(a <= b for a, b in zip(other, one, strict=True)) for other in found
        )
    ]
