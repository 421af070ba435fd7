"""Who decides in the played week: the production that has least for its weight is next.

The farm's own policy would play the same week in an hour of processor time; what is proved here is
how time is counted, whoever decides, so a dispatcher of a few lines does. It takes nothing back.
"""

from bisect import bisect_left, insort
from collections import deque
from heapq import heapify, heappop, heappush

from farm.model.lease import Grant
from farm.model.resources import Resources
from farm.sim.pieces import PlayedLayer, PlayedLease, PlayedNode, PlayedProduction
from farm.sim.world import World


class LeastFirst:
    """Pool by pool; of a production's layers the most urgent first, on the fullest node."""

    name = "least first"
    patience_seconds = 0.0

    def decide(self, world: World) -> list[PlayedLease]:
        for pool in world.pools:
            lines = [
                one for one in world.productions.values() if one.line and one.spec.pool == pool
            ]
            if lines:
                self._serve(world, pool, lines)
        return []

    def _serve(self, world: World, pool: str, productions: list[PlayedProduction]) -> None:
        room = _Room(world, pool)
        heap = [(one.booked[pool].cores / one.spec.weight, one.spec.name) for one in productions]
        heapify(heap)
        # What finds no room now finds none later in the pass: each line is gone through once.
        lines = {one.spec.name: deque(entry[3] for entry in one.line) for one in productions}
        while heap and room.any:
            _, name = heappop(heap)
            line, production = lines[name], world.productions[name]
            while line and not self._grant(world, room, line[0]):
                line.popleft()
            if line:
                share = production.booked[pool].cores / production.spec.weight
                heappush(heap, (share, name))

    def _grant(self, world: World, room: "_Room", layer: PlayedLayer) -> bool:
        """One slot of `layer`, if there is room for it and no bound in the way."""
        if not layer.ready or bound(world, layer):
            return False
        node = room.tightest(layer.resources)
        if node is None:
            return False
        grant = Grant(
            node=node.name,
            epoch=node.epoch,
            layer=layer.id,
            resources=layer.resources,
            anywhere=True,
        )
        granted = world.grant([grant])["granted"] == 1
        room.put(node)
        return granted


def bound(world: World, layer: PlayedLayer) -> bool:
    """Is a limit of the layer's used up?"""
    return any(world.caps[name].held + 1 > world.caps[name].most for name in layer.caps)


class _Room:
    """Nodes of a pool with something free, by how many cores that is."""

    def __init__(self, world: World, pool: str) -> None:
        self._nodes = world.nodes
        self._keys = sorted(
            (node.free.cores, node.name)
            for node in world.nodes.values()
            if node.free.cores and node.kind.pool == pool and node.open
        )
        self._hopeless: list[Resources] = []

    @property
    def any(self) -> bool:
        return bool(self._keys)

    def tightest(self, wanted: Resources) -> PlayedNode | None:
        """The fullest node that `wanted` fits in, taken out; None, and for all that is wider."""
        if any(one.fits_in(wanted) for one in self._hopeless):
            return None
        memory, gpus = wanted.memory_bytes, wanted.gpus
        for at in range(bisect_left(self._keys, (wanted.cores, "")), len(self._keys)):
            node = self._nodes[self._keys[at][1]]
            if memory <= node.free.memory_bytes and gpus <= node.free.gpus:
                del self._keys[at]
                return node
        self._hopeless.append(wanted)
        return None

    def put(self, node: PlayedNode) -> None:
        """Note what is left free on `node`."""
        if node.free.cores:
            insort(self._keys, (node.free.cores, node.name))
