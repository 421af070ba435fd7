"""Which nodes sleep when nobody needs them, and which wake. Pure.

A node wakes for a layer that waits only for room: no node that is awake has any for it, and no
limit, ceiling or maximum of its own would hold it up there too. Beyond that a floor of free cores
stays awake in each pool, higher in the hours that are told, and early enough to be there when they
begin. A node sleeps when it has been without work for a time, has no room for what waits, and is
not needed for the floor. So what falls asleep is not woken in the same breath.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from farm.model.resources import Cores, Resources
from farm.model.snapshot import CapUnit, LayerView, NodeView, Snapshot
from farm.policy.fit import could_serve
from farm.policy.schedule import Schedule

MOST_LAYERS = 256  #: of those that wait, the most urgent; more would wake no other nodes


class Rest(StrEnum):
    AWAKE = "awake"
    ASLEEP = "asleep"
    WAKING = "waking"  #: told to, and not heard of yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """So many cores stay free in these hours."""

    hours: Schedule
    cores: Cores


@dataclass(frozen=True, slots=True, kw_only=True)
class SleepRules:
    """How the nodes of a pool sleep."""

    floor_cores: Cores = 0  #: free cores that stay awake at all times
    idle_seconds: float = 900.0  #: without work until a node sleeps
    wake_seconds: float = 180.0  #: from the order until a node takes work
    ready: tuple[Ready, ...] = ()

    def floor(self, at: datetime) -> Cores:
        """Free cores that are to be awake at `at`, or are to be waking for hours that begin."""
        soon = at + timedelta(seconds=self.wake_seconds)
        told = (one.cores for one in self.ready if one.hours.is_open(at) or one.hours.is_open(soon))
        return max((self.floor_cores, *told))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleeper:
    """A node that may sleep, as far as people are concerned."""

    view: NodeView  #: one that does not take work shows all of itself as free
    rest: Rest = Rest.AWAKE
    idle_seconds: float = 0.0  #: since it last had work, or woke


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """Names of nodes."""

    sleep: tuple[str, ...] = ()
    wake: tuple[str, ...] = ()


def decide(
    nodes: Sequence[Sleeper], snapshot: Snapshot, rules: SleepRules, *, at: datetime
) -> Orders:
    """What the nodes of one pool are to do, given all of the farm that takes work or waits.

    `snapshot` is of after a pass: what waits in it could not be served.
    """
    if not nodes:
        return Orders()
    pool = nodes[0].view.pool
    drowsy = _drowsy(nodes, rules)
    if not drowsy and all(one.rest is not Rest.ASLEEP for one in nodes):
        return Orders()
    asks = list(_asks(snapshot, pool))
    beds = _Beds(nodes)
    for layer, slots in asks:
        if not any(_has_room(node, layer) for node in snapshot.nodes):
            beds.serve(layer, slots)
    free = sum(node.free.cores for node in snapshot.nodes if node.pool == pool)
    spare = free - rules.floor(at)
    beds.fill(-spare)
    if beds.woken:
        return Orders(wake=tuple(beds.woken))
    of_use = (layer for layer, _ in asks)
    return Orders(sleep=tuple(_down_to_floor(_useless(drowsy, of_use), spare)))


class _Beds:
    """The nodes that do not work yet, and what of them is planned."""

    def __init__(self, nodes: Iterable[Sleeper]) -> None:
        beds = sorted(nodes, key=lambda one: (-one.view.total.cores, one.view.name))
        self._waking = [one.view for one in beds if one.rest is Rest.WAKING]
        self._asleep = [one.view for one in beds if one.rest is Rest.ASLEEP]
        self._room = {one.view.name: one.view.total for one in beds}
        self.woken: list[str] = []

    def _wake(self, node: NodeView) -> None:
        self._asleep.remove(node)
        self._waking.append(node)
        self.woken.append(node.name)

    def serve(self, layer: LayerView, slots: int) -> None:
        """Plan so many slots of `layer`, and wake as many nodes as that takes."""
        waking = len(self._waking)
        for at, node in enumerate((*self._waking, *self._asleep)):
            taken = min(slots, _slots_in(self._room[node.name], node, layer))
            if taken:
                if at >= waking:
                    self._wake(node)
                self._room[node.name] -= _booked(node, layer, taken)
                slots -= taken
            if not slots:
                return

    def fill(self, missing: Cores) -> None:
        """Have so many free cores more awake, those counted that are waking and not planned for."""
        missing -= sum(self._room[node.name].cores for node in self._waking)
        while missing > 0 and self._asleep:
            missing -= self._asleep[0].total.cores
            self._wake(self._asleep[0])


def _drowsy(nodes: Iterable[Sleeper], rules: SleepRules) -> list[NodeView]:
    """Those without work for long enough, the longest first."""
    able = [
        one
        for one in nodes
        if one.rest is Rest.AWAKE
        and one.view.free == one.view.total
        and not one.view.reserved_for
        and one.idle_seconds >= rules.idle_seconds
    ]
    return [one.view for one in sorted(able, key=lambda one: (-one.idle_seconds, one.view.name))]


def _useless(nodes: Iterable[NodeView], asks: Iterable[LayerView]) -> Iterator[NodeView]:
    """Those that have no room for any of `asks`."""
    layers = list(asks)
    for node in nodes:
        if not any(_slots_in(node.total, node, layer) for layer in layers):
            yield node


def _down_to_floor(nodes: Iterable[NodeView], spare: Cores) -> Iterator[str]:
    for node in nodes:
        if node.total.cores <= spare:
            spare -= node.total.cores
            yield node.name


def _asks(snapshot: Snapshot, pool: str) -> Iterator[tuple[LayerView, int]]:
    """The layers that wait and that no bound holds up, the most urgent first, and their slots."""
    urgent = sorted(snapshot.layers, key=lambda one: (-one.priority, one.created_at, one.id))
    productions = {one.name: one for one in snapshot.productions}
    for layer in urgent[:MOST_LAYERS]:
        if layer.pool not in ("", pool):
            continue
        cores: float | None = None
        if layer.production in productions:
            share = productions[layer.production].share(pool)
            if share.ceiling_cores is not None:
                cores = share.ceiling_cores - share.booked.cores
        slots = _allowed(layer, snapshot, cores)
        if slots > 0:
            yield layer, slots


def _allowed(layer: LayerView, snapshot: Snapshot, cores: float | None) -> int:
    """Slots that it wants and that its caps and so many cores, None for any, leave it."""
    least: float = layer.wanted
    if cores is not None and layer.resources.cores:
        least = min(least, cores // layer.resources.cores)
    for name in layer.caps:
        cap = snapshot.caps.get(name)
        if cap is not None:
            left = cap.most - cap.held
            each = layer.resources.cores if cap.unit is CapUnit.CORES else 1
            least = min(least, left // each) if each else least
    return int(least)


def _has_room(node: NodeView, layer: LayerView) -> bool:
    return _slots_in(node.free, node, layer) > 0 and node.reserved_for in ("", layer.id)


def _slots_in(free: Resources, node: NodeView, layer: LayerView) -> int:
    """Slots of `layer` that `free` of `node` holds."""
    asked = layer.resources
    amounts = (
        (free.cores, asked.cores),
        (free.memory_bytes, asked.memory_bytes),
        (free.gpus, asked.gpus),
    )
    slots = int(min((has // wants for has, wants in amounts if wants), default=0))
    if layer.whole_node:
        slots = int(free == node.total)
    return slots if slots and could_serve(node, layer) else 0


def _booked(node: NodeView, layer: LayerView, count: int) -> Resources:
    if layer.whole_node:
        return node.total
    one = layer.resources
    return Resources(
        cores=one.cores * count, memory_bytes=one.memory_bytes * count, gpus=one.gpus * count
    )


def by_pool(nodes: Iterable[Sleeper]) -> Mapping[str, list[Sleeper]]:
    """The same, each pool by itself."""
    pools: dict[str, list[Sleeper]] = {}
    for one in nodes:
        pools.setdefault(one.view.pool, []).append(one)
    return pools
