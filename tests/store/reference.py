"""A slow model of where time goes: each ms of each node, one by one, by the definition's words.

It knows no integrals and no sums that are brought up to date; only what was so in each ms.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

STATES = ("busy", "starved", "idle", "draining", "offline", "stranded")
ALIVE_MS = 4000
Kinds = tuple[str, str]  #: kind and pool
Sums = dict[str, int]


@dataclass
class Side:
    """The cores of a node, in quarters, or its GPUs."""

    all: int = 0
    busy: int = 0
    usable: int = 0
    stranded: int = 0
    sums: Sums = field(default_factory=lambda: dict.fromkeys(STATES, 0))

    @property
    def free(self) -> int:
        return self.all - self.busy

    def rebook(self, busy: int) -> None:
        """What comes free is of use until somebody looks; what is booked takes of that first."""
        if busy < self.busy:
            self.usable += self.busy - busy
        else:
            self.usable = max(0, self.usable - (busy - self.busy))
        self.busy = busy
        self.stranded = min(self.stranded, self.free - self.usable)


@dataclass
class RefNode:
    """A node as it is now, and all ms of it that have been looked at."""

    pool: str
    at: int
    beat: int
    mode: str
    sides: Mapping[str, Side]

    def open(self) -> None:
        for side in self.sides.values():
            side.usable, side.stranded = side.free, 0


class Reference:
    """All nodes, and what waited when."""

    def __init__(self) -> None:
        self.nodes: dict[str, RefNode] = {}
        self.past: dict[str, Sums] = {}  #: of cores, by pool
        self._waits: dict[Kinds, list[tuple[int, bool, bool]]] = {}

    def wait(self, kind: str, pool: str, at: int, flags: tuple[bool, bool]) -> None:
        """From `at` on something waits or not, and there is some among it that is not judged."""
        known = self._waits.setdefault((kind, pool), [])
        if not known or known[-1] != (at, *flags):
            known.append((at, *flags))

    def run(self, name: str, to: int) -> None:
        """Look at each ms of the node up to `to`. A clock that was set back counts nothing."""
        node = self.nodes[name]
        for ms in range(node.at, to):
            for kind, side in node.sides.items():
                for state, amount in self._ms(node, side, ms, *self._at(kind, node.pool, ms)):
                    side.sums[state] += amount
        node.at = to

    def retire(self, name: str) -> None:
        """The node comes back as another: what it was stays with its pool."""
        node = self.nodes.pop(name)
        sums = self.past.setdefault(node.pool, dict.fromkeys(STATES, 0))
        for state, amount in node.sides["cores"].sums.items():
            sums[state] += amount

    def _at(self, kind: str, pool: str, ms: int) -> tuple[bool, bool]:
        flags = (False, False)
        for since, *rest in self._waits.get((kind, pool), ()):
            if since <= ms:
                flags = (rest[0], rest[1])
        return flags

    def _ms(
        self, node: RefNode, side: Side, ms: int, waits: bool, unjudged: bool
    ) -> Iterable[tuple[str, int]]:
        if node.mode == "offline" or ms >= node.beat + ALIVE_MS:
            return [("offline", side.all)]
        if node.mode == "closed":
            return [("busy", side.busy), ("draining", side.free)]
        if not waits:
            return [("busy", side.busy), ("idle", side.free)]
        if unjudged:
            return [("busy", side.busy), ("starved", side.free)]
        idle = side.free - side.usable
        return [
            ("busy", side.busy),
            ("starved", side.usable),
            ("idle", idle),
            ("stranded", side.stranded),
        ]
