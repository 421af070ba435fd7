"""Bounds that leases count in: named limits, a job's and a group's maximum. Pure.

All are one mechanism: so much may be held, so much is, and each slot, its cores or its node counts.
"""

from collections.abc import Mapping, Sequence

from farm.model.resources import Cores
from farm.model.snapshot import CapUnit, NodeView, Snapshot

_LIMIT = "limit:"


class Cap:
    """One bound, and how much of it the plan that is being made has used."""

    __slots__ = ("held", "holders", "most", "name", "unit")

    def __init__(self, name: str, most: Cores, held: Cores, unit: CapUnit) -> None:
        """Start from what is held; `holders` are the indices of nodes that count in it."""
        self.name, self.most, self.held, self.unit = name, most, held, unit
        self.holders: set[int] = set()

    @property
    def full(self) -> bool:
        return self.held + 1 > self.most

    def refuses(self, cores: Cores) -> bool:
        """Has it no room for a slot with `cores`, on whichever node?"""
        if self.unit is CapUnit.CORES:
            return self.held + cores > self.most
        if self.held > self.most:  # a node that is to go must not be given more meanwhile
            return True
        return self.full and not self.holders

    def take(self, cores: Cores, node: int) -> None:
        """Count a slot with `cores` on the node with index `node`."""
        if self.unit is CapUnit.CORES:
            self.held += cores
        elif self.unit is CapUnit.SLOT:
            self.held += 1
        elif node not in self.holders:
            self.holders.add(node)
            self.held += 1


def caps_of(snapshot: Snapshot, nodes: Sequence[NodeView]) -> dict[str, Cap]:
    """The caps of `snapshot` by name; `nodes` in the order of their indices."""
    caps = {
        name: Cap(name, view.most, view.held, view.unit) for name, view in snapshot.caps.items()
    }
    per_node = {name: cap for name, cap in caps.items() if cap.unit is CapUnit.NODE}
    if per_node:
        for index, node in enumerate(nodes):
            for limit in node.limits:
                cap = per_node.get(limit) or per_node.get(_LIMIT + limit)
                if cap is not None:
                    cap.holders.add(index)
    return caps


def caps_for(names: Sequence[str], caps: Mapping[str, Cap]) -> tuple[Cap, ...]:
    """Those of `names` that bound anything."""
    return tuple(caps[name] for name in names if name in caps)


def refusing(caps: Sequence[Cap], cores: Cores) -> Cap | None:
    """The first of `caps` that has no room for one more slot with `cores`."""
    for cap in caps:
        if cap.refuses(cores):
            return cap
    return None


def only_on(caps: Sequence[Cap]) -> set[int] | None:
    """Nodes that a slot must be on because a cap that counts nodes is full; None: any."""
    nodes: set[int] | None = None
    for cap in caps:
        if cap.unit is CapUnit.NODE and cap.full:
            nodes = cap.holders if nodes is None else nodes & cap.holders
    return nodes


def most_cores(caps: Sequence[Cap], ceiling: float) -> float:
    """Cores that one more slot may have: the least that the caps and `ceiling` leave."""
    rooms = [cap.most - cap.held for cap in caps if cap.unit is CapUnit.CORES]
    return min([ceiling, *rooms])
