"""How other farms decide, behind the same door: the same jobs, nodes and measures.

None of them takes a slot back: what runs, runs until its layer is out of tasks.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from zlib import crc32

from farm.model.lease import Grant
from farm.model.resources import Resources
from farm.sim.pieces import PlayedLayer, PlayedLease, PlayedNode
from farm.sim.world import World

REPORT_SECONDS = 17.5  #: between two reports of a node, in the mean
JOB_LOCK_SECONDS = 20.0  #: after a report was served, its job is closed to all others so long
FRAMES_PER_REPORT = 8  #: of the one job that is served

Order = Callable[[PlayedLayer], tuple[float, ...]]


class FirstFit:
    """One line for all: each layer in its turn, on the fullest node that it fits in."""

    patience_seconds = 0.0

    def __init__(self, name: str, order: Order) -> None:
        self.name = name
        self._order = order

    def decide(self, world: World) -> list[PlayedLease]:
        line = [entry[3] for one in world.productions.values() for entry in one.line]
        line.sort(key=self._order)
        free = _Free(node for node in world.nodes.values() if node.open)
        hopeless: set[tuple[float, int, int, str, frozenset[str]]] = set()
        for layer in line:
            booked, tags = layer.resources, layer.arrival.tags
            pool = layer.arrival.pool
            shape = (booked.cores, booked.memory_bytes, booked.gpus, pool, tags)
            while layer.ready and shape not in hopeless:
                node = free.tightest(layer)
                if node is None:
                    hopeless.add(shape)
                    break
                free.drop(node)
                refused = not _grant(world, node, layer)
                free.put(node)
                if refused:
                    break
        return []


def fifo() -> FirstFit:
    """The oldest job first, whoever's it is."""
    return FirstFit("fifo", lambda layer: (layer.arrival.at, layer.number))


def priority() -> FirstFit:
    """The highest priority first, then the oldest job."""
    return FirstFit(
        "priority", lambda layer: (-layer.arrival.priority, layer.arrival.at, layer.number)
    )


class HostByHost:
    """As OpenCue's dispatcher before its rewrite: a node reports, and work is found for that node.

    Each node reports every REPORT_SECONDS. Of the productions that have work that fits in it the
    one that books least over its weight is served, of its jobs the most urgent that nobody has
    locked; several frames of that one job are booked.
    """

    name = "greedy"
    patience_seconds = 1.0

    def __init__(self) -> None:
        self._looked_at = 0.0
        self._locked: dict[str, float] = {}

    def decide(self, world: World) -> list[PlayedLease]:
        reports = [
            node
            for node in world.nodes.values()
            if node.open and node.free.cores and _reports(node.name, self._looked_at, world.now)
        ]
        self._looked_at = world.now
        reports.sort(key=lambda node: (crc32(node.name.encode()), node.name))
        for node in reports:
            self._serve(world, node)
        return []

    def _serve(self, world: World, node: PlayedNode) -> None:
        tiers = sorted(
            (one.seen().booked.cores / one.spec.weight, name)
            for name, one in world.productions.items()
            if one.line
        )
        for _, name in tiers:
            for _, _, _, layer in list(world.productions[name].line):
                if self._locked.get(layer.id, -1.0) > world.now:
                    continue
                booked = 0
                while booked < FRAMES_PER_REPORT and _grant(world, node, layer):
                    booked += 1
                if booked:
                    self._locked[layer.id] = world.now + JOB_LOCK_SECONDS
                    return


def _reports(name: str, since: float, now: float) -> bool:
    """Does the node say something after `since`, up to `now`?"""
    phase = crc32(name.encode()) % 1000 / 1000 * REPORT_SECONDS
    return (now - phase) // REPORT_SECONDS > (since - phase) // REPORT_SECONDS


def _grant(world: World, node: PlayedNode, layer: PlayedLayer) -> bool:
    """Book one slot of `layer` on `node`; did the farm take it?"""
    if not layer.ready or not _fits(node, layer):
        return False
    resources = layer.resources
    if layer.arrival.asked and layer.arrival.asked.whole_node:
        resources = Resources(
            cores=node.total.cores, memory_bytes=resources.memory_bytes, gpus=resources.gpus
        )
    grant = Grant(
        node=node.name, epoch=node.epoch, layer=layer.id, resources=resources, anywhere=True
    )
    return world.grant([grant])["granted"] == 1


def _fits(node: PlayedNode, layer: PlayedLayer) -> bool:
    whole = layer.arrival.asked is not None and layer.arrival.asked.whole_node
    return (
        layer.resources.fits_in(node.free)
        and layer.arrival.pool in ("", node.kind.pool)
        and layer.arrival.tags <= node.kind.tags
        and (not whole or node.free.cores == node.total.cores)
    )


class _Free:
    """Nodes with something free, by how many cores that is."""

    def __init__(self, nodes: Iterable[PlayedNode]) -> None:
        self._keys: list[tuple[float, str]] = []
        self._nodes: dict[str, PlayedNode] = {}
        for node in nodes:
            self._nodes[node.name] = node
            if node.free.cores:
                self._keys.append((node.free.cores, node.name))
        self._keys.sort()

    def tightest(self, layer: PlayedLayer) -> PlayedNode | None:
        """The fullest node that `layer` fits in."""
        for at in range(bisect_left(self._keys, (layer.resources.cores, "")), len(self._keys)):
            node = self._nodes[self._keys[at][1]]
            if _fits(node, layer):
                return node
        return None

    def drop(self, node: PlayedNode) -> None:
        """Forget what is free on `node`, before that changes."""
        key = (node.free.cores, node.name)
        at = bisect_left(self._keys, key)
        if at < len(self._keys) and self._keys[at] == key:
            del self._keys[at]

    def put(self, node: PlayedNode) -> None:
        """Note what is free on `node`."""
        if node.free.cores:
            insort(self._keys, (node.free.cores, node.name))
