"""Which node a layer's next slot is on. Pure.

Warm scene, warm files, then the node where least is stranded. What found no room is remembered, so
that a full farm is looked at once for each kind of wish, not for each layer.
"""

from collections.abc import Collection

from farm.model.snapshot import NodeView
from farm.policy.demand import NOWHERE, Demand
from farm.policy.fit import Needs, could_serve, meets
from farm.policy.hopeless import Hopeless
from farm.policy.room import Room
from farm.policy.shelf import stranding

FEW = 64  #: so many eligible nodes are looked at one by one
ANY = float("inf")


class Placement:
    """Chooses nodes in `room`, which the caller books in."""

    def __init__(self, room: Room) -> None:
        """Choose in `room`."""
        self._room = room
        self._hopeless = {pool: Hopeless() for pool in room.pools}
        self._eligible: dict[Needs, set[int]] = {}
        self._could: dict[object, bool] = {}
        self._one_of_kind: Collection[NodeView] | None = None
        self._warm: dict[tuple[str, str], list[int]] = {}
        for index, node in enumerate(room.nodes):
            if room.free[index] and not node.reserved_for:
                for thing in (*node.warm_scenes, *node.warm_files):
                    self._warm.setdefault((node.pool, thing), []).append(index)

    def best(
        self,
        demand: Demand,
        pool: str,
        *,
        avoid: frozenset[str] = NOWHERE,
        only: set[int] | None = None,
        most: float = ANY,
    ) -> int:
        """The index of the node for one more slot of `demand` in `pool`, -1 when none has room.

        A node that has the scene open comes first, then one that has its files, then the one where
        least is stranded. Not on a node named in `avoid`, only on those in `only`, and of a node
        that is taken whole not more than `most` cores.
        """
        if self._hopeless[pool].has(demand, avoid):
            return -1
        if demand.needs is not None or only is not None:
            found = self._of_eligible(demand, pool, avoid, only, most)
        else:
            found = self._of_all(demand, pool, avoid, None, most)
        if found < 0:
            if only is None and most == ANY:
                self._hopeless[pool].add(demand, avoid)
            return -1
        layer = demand.layer
        if (layer.scene or layer.manifest) and not layer.whole_node and only is None:
            warm = self._warm_one(demand, pool, avoid)
            return found if warm < 0 else warm
        return found

    def is_hopeless(self, demand: Demand, pool: str) -> bool:
        """Has it been found that `pool` has no room for a slot of `demand` on any node?"""
        return self._hopeless[pool].has(demand, NOWHERE)

    def hope_again(self, pools: set[str]) -> None:
        """Forget what found no room in `pools`: some came free."""
        for pool in pools:
            self._hopeless[pool] = Hopeless()

    def could_ever_fit(self, demand: Demand, avoid: frozenset[str] = NOWHERE) -> bool:
        """Is there a node outside `avoid` that could hold a slot of `demand` when empty?"""
        key = (demand.wish, avoid)
        known = self._could.get(key)
        if known is None:
            layer = demand.layer
            by_name = avoid or layer.nodes or layer.not_nodes
            known = self._could[key] = any(
                node.name not in avoid and could_serve(node, layer)
                for node in (self._room.nodes if by_name else self._kinds())
            )
        return known

    def pools_for(self, demand: Demand) -> list[str]:
        """The pools that have a node which could hold a slot of the demand when empty."""
        layer = demand.layer
        by_name = layer.nodes or layer.not_nodes
        nodes = self._room.nodes if by_name else self._kinds()
        pools = {node.pool for node in nodes if could_serve(node, layer)}
        return sorted(pools)

    def _kinds(self) -> Collection[NodeView]:
        """One node of each kind: those of one kind differ in nothing but name and what is free."""
        if self._one_of_kind is None:
            kinds: dict[object, NodeView] = {}
            for node in self._room.nodes:
                total = node.total
                amounts = (total.cores, total.memory_bytes, total.gpus, node.gpu_memory_bytes)
                kept = node.cores_kept_per_gpu
                kinds.setdefault((node.pool, amounts, kept, node.tags, node.blenders), node)
            self._one_of_kind = kinds.values()
        return self._one_of_kind

    def eligible(self, needs: Needs | None) -> set[int] | None:
        """Indices of the nodes that meet `needs`; None: all do."""
        if needs is None:
            return None
        known = self._eligible.get(needs)
        if known is None:
            nodes = self._room.nodes
            known = {index for index, node in enumerate(nodes) if meets(node, needs)}
            self._eligible[needs] = known
        return known

    def _of_eligible(
        self, demand: Demand, pool: str, avoid: frozenset[str], only: set[int] | None, most: float
    ) -> int:
        eligible = self.eligible(demand.needs)
        if only is not None:
            eligible = only if eligible is None else eligible & only
        if eligible is None or len(eligible) > FEW:
            return self._of_all(demand, pool, avoid, eligible, most)
        room = self._room
        found = [
            (self._cost(index, demand), index)
            for index in eligible
            if room.nodes[index].pool == pool
            and not room.nodes[index].reserved_for
            and self._takes(index, demand, avoid)
            and room.cores_taken(index, demand) <= most
        ]
        return min(found)[1] if found else -1

    def _of_all(
        self, demand: Demand, pool: str, avoid: frozenset[str], only: set[int] | None, most: float
    ) -> int:
        shelves = self._room.shelves(pool)

        def accept(index: int) -> bool:
            return (only is None or index in only) and self._takes(index, demand, avoid)

        cores, memory = demand.cores, demand.memory
        whole = demand.layer.whole_node
        simple = only is None and not avoid and not demand.gpus
        for shelf in (shelves.for_gpus,) if demand.gpus else (shelves.plain, shelves.spare):
            if whole:
                index = shelf.empty(cores, most, memory, accept)
            else:
                asked = None if simple else accept
                index = shelf.find(cores, memory, shelves.bytes_per_core, asked)
            if index >= 0:
                return index
        return -1

    def _takes(self, index: int, demand: Demand, avoid: frozenset[str]) -> bool:
        return self._room.has_room(index, demand) and (
            not avoid or self._room.nodes[index].name not in avoid
        )

    def _cost(self, index: int, demand: Demand) -> float:
        room = self._room
        ratio = room.shelves(room.nodes[index].pool).bytes_per_core
        return stranding(room.free[index], room.memory[index], demand.cores, demand.memory, ratio)

    def _warm_one(self, demand: Demand, pool: str, avoid: frozenset[str]) -> int:
        line = demand.warm.get(pool)
        if line is None:
            line = demand.warm[pool] = self._warm_line(demand, pool)
        while line and not self._room.has_room(line[-1], demand):
            line.pop()
        if not avoid:
            return line[-1] if line else -1
        return next((index for index in reversed(line) if self._takes(index, demand, avoid)), -1)

    def _warm_line(self, demand: Demand, pool: str) -> list[int]:
        """Nodes that know its scene or files and have room, the best one last."""
        eligible = self.eligible(demand.needs)
        line: dict[int, None] = {}
        for thing in (demand.layer.scene, demand.layer.manifest):
            known = self._warm.get((pool, thing), ()) if thing else ()
            ranked = sorted(
                (self._cost(index, demand), index)
                for index in known
                if self._room.has_room(index, demand) and (eligible is None or index in eligible)
            )
            line |= {index: None for _, index in ranked if index not in line}
        return [*reversed(line)]
