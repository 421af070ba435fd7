"""What is free on each node in the plan that is being made. Pure.

Kept in plain lists by a node's index, and per pool on shelves by what is free.
"""

from collections.abc import Callable, Collection, Iterable, Sequence

from farm.model.resources import Cores
from farm.model.snapshot import NOTHING, NodeView
from farm.policy.demand import Demand
from farm.policy.shelf import Shelf

Step = Callable[[Shelf, Cores, int, int], None]  #: puts a node on a shelf or takes it away


class Shelves:
    """The nodes of one pool by what they can serve. Reserved nodes are on none."""

    __slots__ = ("bytes_per_core", "for_gpus", "plain", "spare")

    def __init__(self, room: "Room", members: Sequence[int]) -> None:
        """Put the nodes with the indices `members` where they belong."""
        cores = sum(room.nodes[index].total.cores for index in members)
        memory = sum(room.nodes[index].total.memory_bytes for index in members)
        self.bytes_per_core = max(1.0, memory / cores) if cores else 1.0
        open_ones = [index for index in members if not room.nodes[index].reserved_for]
        plain = [index for index in open_ones if not room.nodes[index].total.gpus]
        others = [index for index in open_ones if room.nodes[index].total.gpus]
        self.plain = Shelf(room.spots(plain))  #: without GPUs
        self.spare = Shelf(room.spots(others, unkept=True))  #: by cores that no GPU needs
        self.for_gpus = Shelf(room.spots([index for index in others if room.gpus[index]]))


class Room:
    """The free part of the farm; `take` books in the plan, the store books for real."""

    def __init__(self, nodes: Sequence[NodeView], *, taken: bool = False) -> None:
        """Start from what the snapshot says is free; with nothing free at all when `taken`.

        Indices are places in `nodes`.
        """
        self.nodes = nodes
        frees = [NOTHING] * len(nodes) if taken else [node.free for node in nodes]
        self.free: list[Cores] = [free.cores for free in frees]
        self.memory = [free.memory_bytes for free in frees]
        self.gpus = [free.gpus for free in frees]
        self.released: set[str] = set()  #: pools where GPU work left cores that were kept for it
        members: dict[str, list[int]] = {}
        for index, node in enumerate(nodes):
            members.setdefault(node.pool, []).append(index)
        self._shelves = {pool: Shelves(self, those) for pool, those in members.items()}

    @property
    def pools(self) -> Collection[str]:
        return self._shelves.keys()

    def shelves(self, pool: str) -> Shelves:
        """The nodes of `pool` by what is free on them."""
        return self._shelves[pool]

    def spots(
        self, indices: Iterable[int], *, unkept: bool = False
    ) -> list[tuple[Cores, int, int]]:
        """Free cores, free memory and index of those nodes that have a core free."""
        cores = ((self.unkept(i) if unkept else self.free[i], i) for i in indices)
        return [(free, self.memory[i], i) for free, i in cores if free > 0]

    def take(self, index: int, cores: Cores, memory: int, gpus: int) -> None:
        """Book so much on the node in this plan."""
        node = self.nodes[index]
        on_shelf = not node.reserved_for
        if on_shelf:
            self._move(index, Shelf.remove)
        self.free[index] -= cores
        self.memory[index] -= memory
        self.gpus[index] -= gpus
        if on_shelf:
            self._move(index, Shelf.add)
        if gpus and node.cores_kept_per_gpu:
            self.released.add(node.pool)

    def give(self, index: int, cores: Cores, memory: int, gpus: int) -> None:
        """Let so much more be free on the node."""
        self.take(index, -cores, -memory, -gpus)

    def has_room(self, index: int, demand: Demand) -> bool:
        """Is enough free on the node? Whether it may serve the layer is not looked at."""
        if demand.gpus > self.gpus[index] or demand.memory > self.memory[index]:
            return False
        free = self.free[index] if demand.gpus else self.unkept(index)
        if demand.layer.whole_node:
            return demand.cores <= free == self.nodes[index].total.cores
        return demand.cores <= free

    def unkept(self, index: int) -> Cores:
        """Free cores of the node that its free GPUs do not need."""
        gpus = self.gpus[index]
        if not gpus:
            return self.free[index]
        return self.free[index] - self.nodes[index].cores_kept_per_gpu * gpus

    def cores_taken(self, index: int, demand: Demand) -> Cores:
        """Cores that a slot of `demand` books on the node."""
        return self.nodes[index].total.cores if demand.layer.whole_node else demand.cores

    def _move(self, index: int, step: Step) -> None:
        node, memory = self.nodes[index], self.memory[index]
        shelves = self._shelves[node.pool]
        free = self.free[index]
        if not node.total.gpus:
            if free > 0:
                step(shelves.plain, free, memory, index)
            return
        unkept = self.unkept(index)
        if unkept > 0:
            step(shelves.spare, unkept, memory, index)
        if free > 0 and self.gpus[index]:
            step(shelves.for_gpus, free, memory, index)
