"""Which leases must end so that what waits gets its due, at the next task boundary. Pure.

A slot moves from one production to another only if the giver, after giving, is still no worse off
than the taker after taking: so a slot never moves back and forth. Inside one production it moves
from lower to higher priority.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from farm.model.lease import LeaseState, Recall
from farm.model.resources import Resources
from farm.model.snapshot import LayerView, LeaseView, NodeView, Snapshot
from farm.policy.order import burden

TURN_SECONDS = 60.0  #: a slot is kept at least so long before a production with none gets a turn
MOST_RECALLS = 256  #: per pass; the next pass sees what these brought


def recalls_for(
    unmet: Sequence[LayerView], snapshot: Snapshot, booked: Mapping[str, Resources]
) -> tuple[Recall, ...]:
    """Leases to recall for the layers in `unmet`, given what each production books by now."""
    scales = _Scales(snapshot, booked)
    recalls: list[Recall] = []
    hopeless: set[LayerView] = set()
    for layer in unmet:
        wish = replace(layer, id="", created_at=0.0, scene="", wanted=0)
        for _ in range(layer.wanted):
            if wish in hopeless or len(recalls) == MOST_RECALLS:
                break
            if scales.coming(layer):
                continue
            victim = scales.victim(layer)
            if victim is None:
                hopeless.add(wish)  # nor would the next layer like it find one
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
        self._at = snapshot.at
        recalled = [one for one in snapshot.leases if one.state is LeaseState.RECALLED]
        self._coming = [(one.node, one.resources) for one in recalled]
        for one in recalled:
            self._booked[one.production] -= one.resources
        #: Per production the least important lease first, then the one held for longest.
        self._leases: dict[str, list[LeaseView]] = {}
        for one in sorted(snapshot.leases, key=lambda one: (one.priority, one.granted_at, one.id)):
            if one.state is LeaseState.STARTED:
                self._leases.setdefault(one.production, []).append(one)

    def coming(self, layer: LayerView) -> bool:
        """Use up room that is already on its way back, if `layer` fits in it."""
        for at, (node, amount) in enumerate(self._coming):
            if self._suits(layer, node, amount):
                del self._coming[at]
                self._booked[layer.production] += layer.resources
                return True
        return False

    def victim(self, layer: LayerView) -> LeaseView | None:
        """The lease that should give way to `layer`, None when none has to.

        Of the production that books most over its weight first.
        """
        for production in sorted(self._leases, key=lambda name: (-self._burden(name), name)):
            if self._cannot_give(production, layer):
                continue
            for one in self._leases[production]:
                if self._must_give(one, layer) and self._suits(layer, one.node, one.resources):
                    return one
        return None

    def move(self, victim: LeaseView, layer: LayerView) -> None:
        """Carry the recall out on paper."""
        self._leases[victim.production].remove(victim)
        self._booked[victim.production] -= victim.resources
        self._booked[layer.production] += layer.resources

    def _suits(self, layer: LayerView, node: str, amount: Resources) -> bool:
        view = self._nodes.get(node)
        return (
            view is not None
            and layer.pool in ("", view.pool)
            and layer.resources.fits_in(view.free + amount)
            and self._may_run_on(layer, node)
        )

    def _may_run_on(self, layer: LayerView, node: str) -> bool:
        """Has the layer a task that may run there: a plain one, or a retry that did not fail there,
        or one that has failed on every node that could hold it?"""
        return (
            layer.plain != 0
            or any(node not in avoid for avoid in layer.avoid)
            or any(self._nowhere_else(layer, avoid) for avoid in layer.avoid)
        )

    def _nowhere_else(self, layer: LayerView, avoid: frozenset[str]) -> bool:
        return not any(
            view.name not in avoid
            and layer.pool in ("", view.pool)
            and layer.resources.fits_in(view.total)
            for view in self._nodes.values()
        )

    def _cannot_give(self, production: str, layer: LayerView) -> bool:
        """Spares a look at every lease of a production that books less than the taker would."""
        if production == layer.production or self._waits_for_a_turn(layer):
            return False
        return self._burden(production) < self._after_taking(layer)

    def _must_give(self, one: LeaseView, layer: LayerView) -> bool:
        if one.production == layer.production:
            return one.priority < layer.priority
        if self._waits_for_a_turn(layer) and self._at - one.granted_at >= TURN_SECONDS:
            return True
        giver = self._booked[one.production] - one.resources
        return burden(giver, self._weight[one.production]) >= self._after_taking(layer)

    def _waits_for_a_turn(self, layer: LayerView) -> bool:
        """With more productions than slots nobody would ever be above another: they take turns."""
        return self._booked[layer.production].cores == 0

    def _after_taking(self, layer: LayerView) -> float:
        taken = self._booked[layer.production] + layer.resources
        return burden(taken, self._weight[layer.production])

    def _burden(self, production: str) -> float:
        return burden(self._booked[production], self._weight[production])
