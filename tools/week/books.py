"""The week's accounts: where every second of every core went, told event by event.

Sums move with each event by what was in force since the last one, so nothing is sampled. The states
of a pool are a closed split: together they are what is configured, at every instant.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

STATES = ("busy", "starved", "idle", "draining", "offline")


class Mode(StrEnum):
    """What a node is good for."""

    OPEN = "open"  #: takes work
    CLOSED = "closed"  #: drained: ends what it has
    OFFLINE = "offline"  #: silent


class Demand(StrEnum):
    """What is known of the work that waits for a pool."""

    NONE = "none"  #: nothing waits: what is free is idle
    FRESH = "fresh"  #: something waits that no pass has seen: all that is free is starved
    JUDGED = "judged"  #: a pass has seen it: starved is what some of it would fit in


@dataclass(slots=True)
class NodeBooks:
    """One unit (cores, or GPUs) of one node."""

    name: str
    total: float
    booked: float = 0.0
    usable: float = 0.0  #: of what is free: what waiting work would fit in
    stranded: float = 0.0  #: of what is free: enough cores for waiting work, but no memory
    mode: Mode = Mode.OPEN
    busy_seconds: float = 0.0
    at: float = 0.0

    @property
    def free(self) -> float:
        return self.total - self.booked

    @property
    def busy(self) -> float:
        return 0.0 if self.mode is Mode.OFFLINE else self.booked

    def advance(self, now: float) -> None:
        """Add up its busy time until `now`."""
        self.busy_seconds += self.busy * (now - self.at)
        self.at = now


@dataclass(slots=True)
class Split:
    """One unit of one pool, split by state; its nodes are alike."""

    pool: str
    nodes: dict[str, NodeBooks]
    demand: Demand = Demand.NONE
    busy: float = 0.0
    free: float = 0.0
    usable: float = 0.0
    stuck: float = 0.0
    draining: float = 0.0
    offline: float = 0.0
    at: float = 0.0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STATES, 0.0))
    stranded_seconds: float = 0.0

    def __post_init__(self) -> None:
        for node in self.nodes.values():
            self._count(node, 1)

    @property
    def configured(self) -> float:
        return sum(one.total for one in self.nodes.values())

    @property
    def per_node(self) -> float:
        return next(iter(self.nodes.values())).total

    def present(self) -> dict[str, float]:
        """How much is in each state now."""
        starved = {Demand.NONE: 0.0, Demand.FRESH: self.free, Demand.JUDGED: self.usable}
        return {
            "busy": self.busy,
            "starved": starved[self.demand],
            "idle": self.free - starved[self.demand],
            "draining": self.draining,
            "offline": self.offline,
        }

    def advance(self, now: float) -> None:
        """Add up what was in force until `now`."""
        elapsed = now - self.at
        if elapsed <= 0:
            return
        self.at = now
        for state, amount in self.present().items():
            self.seconds[state] += amount * elapsed
        if self.demand is Demand.JUDGED:
            self.stranded_seconds += self.stuck * elapsed

    def change(self, name: str, now: float, how: Callable[[NodeBooks], None]) -> None:
        """Change one node's books by `how`, and the pool's with them."""
        node = self.nodes[name]
        self.advance(now)
        node.advance(now)
        self._count(node, -1)
        how(node)
        self._count(node, 1)

    def book(self, name: str, amount: float, now: float) -> None:
        """A lease takes `amount`: of what is usable first."""

        def how(node: NodeBooks) -> None:
            node.booked += amount
            node.usable = max(0.0, node.usable - amount)
            node.stranded = min(node.stranded, node.free)

        self.change(name, now, how)

    def give(self, name: str, amount: float, now: float) -> None:
        """A lease gives `amount` back: taken as usable until a pass has judged it."""

        def how(node: NodeBooks) -> None:
            node.booked -= amount
            node.usable += amount

        self.change(name, now, how)

    def move(self, name: str, mode: Mode, now: float) -> None:
        """The node is in another mode."""

        def how(node: NodeBooks) -> None:
            node.mode = mode

        self.change(name, now, how)

    def judge(self, found: dict[str, tuple[float, float]], now: float) -> None:
        """A pass has seen all that waits; `found`: usable and stranded, by node, where any is."""
        self.advance(now)
        self.demand = Demand.JUDGED
        for name, node in self.nodes.items():
            usable, stranded = found.get(name, (0.0, 0.0))
            if (usable, stranded) != (node.usable, node.stranded):
                self._count(node, -1)
                node.usable, node.stranded = usable, stranded
                self._count(node, 1)

    def demands(self, demand: Demand, now: float) -> None:
        """Work began or ceased to wait."""
        self.advance(now)
        self.demand = demand

    def _count(self, node: NodeBooks, sign: int) -> None:
        if node.mode is Mode.OFFLINE:
            self.offline += sign * node.total
            return
        self.busy += sign * node.booked
        if node.mode is Mode.CLOSED:
            self.draining += sign * node.free
            return
        self.free += sign * node.free
        self.usable += sign * node.usable
        self.stuck += sign * node.stranded


@dataclass(slots=True)
class Held:
    """What a production has booked, and its integral."""

    cores: float = 0.0
    core_seconds: float = 0.0
    at: float = 0.0

    def change(self, cores: float, now: float) -> None:
        """`cores` more, or fewer, from `now` on."""
        self.core_seconds += self.cores * (now - self.at)
        self.at = now
        self.cores += cores


@dataclass(slots=True)
class Credits:
    """What was credited when attempts ended, by whatever it is told by, and by outcome."""

    attempts: defaultdict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    core_seconds: defaultdict[tuple[str, str], float] = field(
        default_factory=lambda: defaultdict(float)
    )

    def add(self, of: str, outcome: str, core_seconds: float, attempts: int = 0) -> None:
        """So much of it ended so."""
        self.attempts[of, outcome] += attempts
        self.core_seconds[of, outcome] += core_seconds


@dataclass(slots=True)
class Histogram:
    """Values by size, as Prometheus' classic histograms count them: cumulative."""

    bounds: tuple[float, ...]
    counts: list[int] = field(init=False)
    total: float = 0.0
    number: int = 0

    def __post_init__(self) -> None:
        self.counts = [0] * len(self.bounds)

    def add(self, value: float, times: int = 1) -> None:
        """`times` values of `value`."""
        self.total += value * times
        self.number += times
        for at in range(len(self.bounds) - 1, -1, -1):
            if value > self.bounds[at]:
                break
            self.counts[at] += times
