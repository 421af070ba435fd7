"""Which leases must end so that what waits gets its due, at the next task boundary. Pure.

A slot moves from one production to another only if the giver, after giving, is still no worse off
than the taker after taking: so a slot never moves back and forth. Inside one production it moves
from lower to higher priority.
"""

from collections.abc import Mapping, Sequence

from farm.model.lease import LeaseState, Recall
from farm.model.resources import Resources
from farm.model.snapshot import LayerView, LeaseView, NodeView, Snapshot
from farm.policy.order import burden

MOST_RECALLS = 256  #: per pass; the next pass sees what these brought


def recalls_for(
    unmet: Sequence[LayerView], snapshot: Snapshot, booked: Mapping[str, Resources]
) -> tuple[Recall, ...]:
    """Leases to recall for the layers in `unmet`, given what each production books by now."""
    scales = _Scales(snapshot, booked)
    recalls: list[Recall] = []
    for layer in unmet:
        for _ in range(layer.wanted):
            if scales.coming(layer):
                continue
            victim = scales.victim(layer)
            if victim is None or len(recalls) == MOST_RECALLS:
                break
            scales.move(victim, layer)
            recalls.append(Recall(lease=victim.id, reason=_reason(victim, layer)))
    return tuple(recalls)


def _reason(victim: LeaseView, layer: LayerView) -> str:
    if victim.production == layer.production:
        return f"layer {layer.id} has priority {layer.priority}, this one {victim.priority}"
    return f"production {layer.production} is due a slot"


class _Scales:
    """Who books what if the recalls so far are carried out."""

    def __init__(self, snapshot: Snapshot, booked: Mapping[str, Resources]) -> None:
        self._nodes: dict[str, NodeView] = {node.name: node for node in snapshot.nodes}
        self._weight = {one.name: one.weight for one in snapshot.productions}
        self._booked = dict(booked)
        recalled = [one for one in snapshot.leases if one.state is LeaseState.RECALLED]
        self._coming = [(one.node, one.resources) for one in recalled]
        for one in recalled:
            self._booked[one.production] -= one.resources
        self._leases = [one for one in snapshot.leases if one.state is LeaseState.STARTED]
        self._leases.sort(key=lambda one: (one.priority, one.id))

    def coming(self, layer: LayerView) -> bool:
        """Use up room that is already on its way back, if `layer` fits in it."""
        for at, (node, amount) in enumerate(self._coming):
            if self._suits(layer, node, amount):
                del self._coming[at]
                self._booked[layer.production] += layer.resources
                return True
        return False

    def victim(self, layer: LayerView) -> LeaseView | None:
        """The lease that should give way to `layer`, None when none has to."""
        candidates = (
            one
            for one in self._leases
            if self._suits(layer, one.node, one.resources) and self._must_give(one, layer)
        )
        return max(candidates, key=self._dearness, default=None)

    def move(self, victim: LeaseView, layer: LayerView) -> None:
        """Carry the recall out on paper."""
        self._leases.remove(victim)
        self._booked[victim.production] -= victim.resources
        self._booked[layer.production] += layer.resources

    def _suits(self, layer: LayerView, node: str, amount: Resources) -> bool:
        view = self._nodes.get(node)
        return (
            view is not None
            and layer.pool in ("", view.pool)
            and layer.resources.fits_in(view.free + amount)
            and not any(node in avoid for avoid in layer.avoid)
        )

    def _must_give(self, one: LeaseView, layer: LayerView) -> bool:
        if one.production == layer.production:
            return one.priority < layer.priority
        giver = self._booked[one.production] - one.resources
        taker = self._booked[layer.production] + layer.resources
        return burden(giver, self._weight[one.production]) >= burden(
            taker, self._weight[layer.production]
        )

    def _dearness(self, one: LeaseView) -> tuple[float, int]:
        return (burden(self._booked[one.production], self._weight[one.production]), -one.priority)
