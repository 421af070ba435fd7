"""The decision: which layer each free slot serves next, and which leases must end for it. Pure.

`plan` looks at one snapshot and returns values. It knows no clock, no store and no chance, so the
simulator and the tests run this very code, and the same snapshot always gives the same plan. The
store checks every grant again: a stale snapshot costs a refusal, never a wrong booking.

One pass: the production with the least use over weight is next; of its layers the most urgent one
that fits gets a slot; repeat until nothing that waits fits. What then still waits may ask for
slots back from productions that are above it, at the next task boundary (`farm.policy.recall`).
"""

from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush

from farm.model.lease import Grant, Recall
from farm.model.snapshot import LayerView, NodeView, Snapshot
from farm.policy.order import burden, urgency
from farm.policy.placement import Room
from farm.policy.recall import recalls_for
from farm.policy.waiting import Waiting

MOST_GRANTS = 1_000  #: per plan, so that one pass stays short


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do now."""

    grants: tuple[Grant, ...] = ()
    recalls: tuple[Recall, ...] = ()
    unmet: tuple[LayerView, ...] = ()  #: layers that still want slots, in the order they are due
    waiting: tuple[Waiting, ...] = ()  #: for each layer with tasks left over: why, and the numbers
    more: bool = False  #: cut at MOST_GRANTS: the next pass, at once, goes on
    givers: frozenset[str] = frozenset()  #: productions whose leases tell what to recall


def plan(snapshot: Snapshot) -> Plan:
    """Decide grants and recalls for `snapshot`.

    Recalls need the snapshot's leases; without them only grants are decided.
    """
    room = Room(snapshot.nodes)
    line = _Line(snapshot)
    grants: list[Grant] = []
    unmet: list[LayerView] = []
    while (demand := line.next()) is not None:
        grant = demand.place(room)
        if grant is None:
            unmet.append(demand.rest())
            line.drop(demand)
        else:
            grants.append(grant)
            room.take(grant.node, grant.resources)
            line.served(demand)
    return Plan(
        grants=tuple(grants),
        recalls=recalls_for(unmet, snapshot, line.booked) if snapshot.leases else (),
        unmet=tuple(unmet),
    )


class _Demand:
    """One layer's wish for slots, and how much of it this plan has met."""

    def __init__(self, layer: LayerView) -> None:
        self.layer = layer
        self.wanted = layer.wanted
        self._plain = layer.wanted if layer.plain < 0 else layer.plain
        self._picky = list(layer.avoid)

    def place(self, room: Room) -> Grant | None:
        """The next slot for this layer, None when it fits nowhere now.

        Tasks that may run anywhere come first. A retry goes to a node it has not failed on, if the
        farm has such a node at all; if not, failing twice on the only node is still a try.
        """
        if self._plain > 0:
            node = room.best(self.layer)
            self._plain -= 1 if node else 0
            return self._grant(node, anywhere=False)
        for at, avoid in enumerate(self._picky):
            anywhere = not room.could_ever_fit(self.layer, avoid)
            node = room.best(self.layer, frozenset() if anywhere else avoid)
            if node is not None:
                del self._picky[at]
                return self._grant(node, anywhere=anywhere)
        return None

    def rest(self) -> LayerView:
        """The layer with only what this plan has not met."""
        return replace(self.layer, wanted=self.wanted, plain=self._plain, avoid=tuple(self._picky))

    def _grant(self, node: NodeView | None, *, anywhere: bool) -> Grant | None:
        if node is None:
            return None
        self.wanted -= 1
        return Grant(
            node=node.name,
            epoch=node.epoch,
            layer=self.layer.id,
            resources=self.layer.resources,
            anywhere=anywhere,
        )


class _Line:
    """Who is next: productions by least use over weight, inside each the most urgent layer."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.booked = {one.name: one.booked for one in snapshot.productions}
        self._weight = {one.name: one.weight for one in snapshot.productions}
        self._demands: dict[str, list[_Demand]] = {}
        for layer in sorted(snapshot.layers, key=urgency, reverse=True):
            if layer.wanted > 0:
                self._demands.setdefault(layer.production, []).append(_Demand(layer))
        self._heap = [(self._burden(name), name) for name in self._demands]
        heapify(self._heap)

    def next(self) -> _Demand | None:
        """The demand that is due, None when all are met or dropped."""
        if not self._heap:
            return None
        return self._demands[self._heap[0][1]][-1]

    def served(self, demand: _Demand) -> None:
        """`demand` got a slot: its production moves back in the line."""
        name = demand.layer.production
        self.booked[name] += demand.layer.resources
        if demand.wanted == 0:
            self._demands[name].pop()
        self._requeue(name)

    def drop(self, demand: _Demand) -> None:
        """`demand` fits nowhere now: the next layer of its production may."""
        self._demands[demand.layer.production].pop()
        self._requeue(demand.layer.production)

    def _requeue(self, name: str) -> None:
        heappop(self._heap)
        if self._demands[name]:
            heappush(self._heap, (self._burden(name), name))

    def _burden(self, name: str) -> float:
        return burden(self.booked[name], self._weight[name])
