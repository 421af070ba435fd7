"""Nodes in order of what is free on them, so that a best fit looks at few of them. Pure.

One row per number of free cores, inside it by free memory.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable

from farm.model.resources import Cores

LOOK_AT = 12  #: rows that have room, before the best so far is taken

Spot = tuple[int, int]  #: free memory in bytes, index of a node


def stranding(
    free_cores: Cores, free_memory: int, cores: Cores, memory: int, bytes_per_core: float
) -> float:
    """What taking `cores` and `memory` of a node costs the rest of the farm, in cores.

    How much further from the farm's own ratio of memory to cores the node's left-over gets, for
    memory without cores is as lost as cores without memory; and the cores left over, so that the
    tightest node is taken and wide ones stay wide.
    """
    spare = free_cores - cores
    before = abs(free_cores - free_memory / bytes_per_core)
    after = abs(spare - (free_memory - memory) / bytes_per_core)
    return after - before + spare


class Shelf:
    """Nodes of one kind in one pool. All of them have some core free."""

    __slots__ = ("_cores", "_rows")

    def __init__(self, nodes: Iterable[tuple[Cores, int, int]]) -> None:
        """Start from (free cores, free memory, index) of each node."""
        self._rows: dict[Cores, list[Spot]] = {}
        for cores, memory, index in nodes:
            self._rows.setdefault(cores, []).append((memory, index))
        for row in self._rows.values():
            row.sort()
        self._cores = sorted(self._rows)

    def add(self, cores: Cores, memory: int, index: int) -> None:
        """Put a node in its place."""
        row = self._rows.get(cores)
        if row is None:
            self._rows[cores] = [(memory, index)]
            insort(self._cores, cores)
        else:
            insort(row, (memory, index))

    def remove(self, cores: Cores, memory: int, index: int) -> None:
        """Take a node away; it has to be there."""
        row = self._rows[cores]
        del row[bisect_left(row, (memory, index))]
        if not row:
            del self._rows[cores]
            del self._cores[bisect_left(self._cores, cores)]

    def find(
        self,
        cores: Cores,
        memory: int,
        bytes_per_core: float,
        accept: Callable[[int], bool] | None = None,
    ) -> int:
        """The node where a slot of this size strands least, -1 when none has room.

        Only nodes that `accept` takes, if there is one.
        """
        # In a row, work that needs little memory goes where there is least, the other where most.
        lean = memory <= cores * bytes_per_core
        gain = abs(cores - memory / bytes_per_core)  # no node can be better than its row by more
        best, found, looked = 0.0, -1, 0
        keys, rows = self._cores, self._rows
        for at in range(bisect_left(keys, cores), len(keys)):
            free = keys[at]
            if found >= 0 and free - cores - gain >= best:
                break
            spot = _pick(rows[free], memory, lean, accept)
            if spot is None:
                continue
            score = stranding(free, spot[0], cores, memory, bytes_per_core)
            if found < 0 or score < best:
                best, found = score, spot[1]
            looked += 1
            if looked == LOOK_AT:
                break
        return found

    def empty(self, cores: Cores, most: Cores, memory: int, accept: Callable[[int], bool]) -> int:
        """The first node that `accept` takes, of those with `cores` to `most` free; -1: none."""
        for at in range(bisect_left(self._cores, cores), len(self._cores)):
            if self._cores[at] > most:
                break
            spot = _pick(self._rows[self._cores[at]], memory, True, accept)
            if spot is not None:
                return spot[1]
        return -1


def _pick(
    row: list[Spot], memory: int, lean: bool, accept: Callable[[int], bool] | None
) -> Spot | None:
    """The spot of `row` with at least `memory`: the least of these for lean work, else the most."""
    if row[-1][0] < memory:
        return None
    first = bisect_left(row, (memory,)) if lean or accept else 0
    if accept is None:
        return row[first] if lean else row[-1]
    spots = range(first, len(row)) if lean else range(len(row) - 1, first - 1, -1)
    for at in spots:
        if accept(row[at][1]):
            return row[at]
    return None
