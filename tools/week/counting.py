"""What is counted while the week is played: leases, nodes, what waits, what ended how."""

from collections import Counter
from collections.abc import Iterable, Iterator

from farm.model.resources import GIB
from farm.sim.pieces import PlayedLayer, PlayedLease, PlayedNode
from farm.sim.scenario import Scenario
from tools.week.books import Credits, Demand, Held, Histogram, Mode, NodeBooks, Split
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
        self.opened = {name: {"warm": 0, "cold": 0} for name in nodes}  #: scenes, by node
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

    def close(self, leases: Iterable[PlayedLease], now: float) -> None:
        """The week is over: what is still open counts until now."""
        for lease in leases:
            node = lease.node.name
            ended = min(now, self._silences.get(node, now))
            begun = self._leases[lease.id][0]
            self._spell(self.pool_of[node], "busy", lease.resources.cores, begun, ended)
        for node, begun in self._silences.items():
            cores = self.cores[self.pool_of[node]].nodes[node].total
            self._spell(self.pool_of[node], "offline", cores, begun, now)


def _productions(scenario: Scenario) -> list[str]:
    return sorted(
        {one.name for one in scenario.productions} | {one.production for one in scenario.jobs}
    )
