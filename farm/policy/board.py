"""What a plan is made on: one snapshot in the forms that the steps of a plan work with. Pure."""

from farm.model.snapshot import LayerView, Snapshot
from farm.policy.caps import caps_of
from farm.policy.demand import Demand, JobSlots
from farm.policy.placement import Placement
from farm.policy.room import Room
from farm.policy.shares import Shares


class Board:
    """The farm as it is while a plan is made. The order of the snapshot's rows leaves no trace."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Lay `snapshot` out."""
        self.snapshot = snapshot
        self.nodes = sorted(snapshot.nodes, key=lambda node: node.name)
        self.room = Room(self.nodes)
        self.placement = Placement(self.room)
        self.caps = caps_of(snapshot, self.nodes)
        self.shares = Shares(snapshot)
        jobs: dict[str, JobSlots] = {}
        wishes: dict[object, int] = {}
        self.demands = [
            Demand(layer, jobs, wishes, self.caps, snapshot.at)
            for layer in sorted(snapshot.layers, key=_by_id)
            if layer.wanted > 0
        ]
        #: By layer: indices of the nodes that are being cleared for it.
        self.reserved: dict[str, list[int]] = {}
        for index, node in enumerate(self.nodes):
            if node.reserved_for:
                self.reserved.setdefault(node.reserved_for, []).append(index)
        self.kept: set[int] = set()  #: nodes that this plan gives to whom they were cleared for

    def open_demands(self) -> list[Demand]:
        """What still wants a slot and no cap forbids."""
        return [one for one in self.demands if one.wanted > 0 and one.stopped is None]


def _by_id(layer: LayerView) -> str:
    return layer.id
