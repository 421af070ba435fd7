"""A farm played in memory by its plans alone: leases begin, pull task after task, and end."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from farm.model.lease import Grant, LeaseState, Recall
from farm.model.resources import Cores, Resources
from farm.model.snapshot import (
    CapUnit,
    CapView,
    LayerView,
    LeaseView,
    NodeView,
    ProductionView,
    ShareView,
    Snapshot,
)
from farm.policy.plan import Plan, plan

ZERO = Resources(cores=0, memory_bytes=0)
Shares = dict[str, ShareView]


@dataclass(slots=True)
class Held:
    """A lease, and how many tasks it may still take (-1: as many as there are)."""

    view: LeaseView
    left: int


class PlayedFarm:
    """One pool. A step is one pass: tasks that are over end, then the plan is carried out."""

    def __init__(
        self, nodes: Iterable[NodeView], layers: Iterable[LayerView], shares: Shares
    ) -> None:
        """Start empty; each layer's `task_seconds` is what its tasks last."""
        self.nodes = {node.name: node for node in nodes}
        self.layers = {layer.id: layer for layer in layers}
        self.shares = shares
        self.caps: dict[str, tuple[Cores, CapUnit]] = {}  #: most of each, which layers name
        self.held: dict[str, Held] = {}
        self.at = 1_000.0
        self.lost = 0
        self.started: dict[str, list[float]] = {}
        self._reserved: dict[str, str] = {}
        self._number = 0

    def step(self, seconds: float, *, decide: Callable[[Snapshot], Plan] = plan) -> Plan:
        """Let `seconds` pass and decide once."""
        self.at += seconds
        self._end_tasks()
        decision = decide(self.snapshot())
        for recall in decision.recalls:
            self._recall(recall)
        for grant in decision.grants:
            self._grant(grant)
        return decision

    def snapshot(self) -> Snapshot:
        """All of it, leases too."""
        free = {name: node.total for name, node in self.nodes.items()}
        booked = dict.fromkeys(self.shares, ZERO)
        slots = dict.fromkeys(self.layers, 0)
        for one in self.held.values():
            free[one.view.node] -= one.view.resources
            booked[one.view.production] += one.view.resources
            slots[one.view.layer] += 1
        waiting = {layer for layer in self.layers if self.layers[layer].wanted}
        reserved = {name: by for name, by in self._reserved.items() if by in waiting}
        return Snapshot(
            nodes=tuple(
                replace(
                    node,
                    free=free[name],
                    reserved_for=reserved.get(name, ""),
                    limits=self._limits_of(name),
                )
                for name, node in self.nodes.items()
            ),
            layers=tuple(
                replace(layer, slots=slots[layer.id])
                for layer in self.layers.values()
                if layer.wanted
            ),
            leases=tuple(one.view for one in self.held.values()),
            productions=tuple(
                ProductionView(
                    name=name,
                    weight=share.weight,
                    booked=booked[name],
                    shares={"": replace(share, booked=booked[name])},
                )
                for name, share in self.shares.items()
            ),
            caps=self._caps(),
            at=self.at,
        )

    def reserved(self) -> dict[str, str]:
        """Nodes that are being cleared, and the layer that each is cleared for."""
        nodes = self.snapshot().nodes
        return {node.name: node.reserved_for for node in nodes if node.reserved_for}

    def held_of(self, cap: str) -> Cores:
        """How much of the cap is held."""
        counting = [one.view for one in self.held.values() if cap in one.view.caps]
        unit = self.caps[cap][1]
        if unit is CapUnit.CORES:
            return sum(view.resources.cores for view in counting)
        return len(counting if unit is CapUnit.SLOT else {view.node for view in counting})

    def _caps(self) -> dict[str, CapView]:
        return {
            name: CapView(most=most, held=self.held_of(name), unit=unit)
            for name, (most, unit) in self.caps.items()
        }

    def _limits_of(self, node: str) -> frozenset[str]:
        names = {
            name for one in self.held.values() if one.view.node == node for name in one.view.caps
        }
        return frozenset(name.removeprefix("limit:") for name in names if name in self.caps)

    def cores(self) -> dict[str, float]:
        """Cores that each production books."""
        total: dict[str, float] = dict.fromkeys(self.shares, 0)
        for one in self.held.values():
            total[one.view.production] += one.view.resources.cores
        return total

    def _end_tasks(self) -> None:
        for name, one in list(self.held.items()):
            seconds = one.view.task_seconds or 1.0
            while one.view.task_started_at + seconds <= self.at:
                layer = self.layers[one.view.layer]
                one.left -= 1
                if one.left == 0 or one.view.state is LeaseState.RECALLED or not layer.wanted:
                    del self.held[name]
                    break
                self.layers[layer.id] = replace(layer, wanted=layer.wanted - 1)
                begins = one.view.task_started_at + seconds
                one.view = one.view._replace(task_started_at=begins)

    def _recall(self, recall: Recall) -> None:
        one = self.held[recall.lease]
        if recall.reserve_for:
            self._reserved[one.view.node] = recall.reserve_for
        if recall.now:
            assert one.view.interruptible
            layer = self.layers[one.view.layer]
            self.layers[layer.id] = replace(layer, wanted=layer.wanted + 1)
            self.lost += 1
            del self.held[recall.lease]
        else:
            one.view = one.view._replace(state=LeaseState.RECALLED)

    def _grant(self, grant: Grant) -> None:
        layer = self.layers[grant.layer]
        self._number += 1
        name = f"{self._number:06d}"
        view = LeaseView(
            id=name,
            node=grant.node,
            layer=layer.id,
            production=layer.production,
            priority=layer.priority,
            state=LeaseState.STARTED,
            resources=grant.resources,
            granted_at=self.at,
            interruptible=layer.interruptible,
            task_started_at=self.at,
            task_seconds=layer.task_seconds,
            caps=layer.caps,
            tasks=grant.tasks,
        )
        self.held[name] = Held(view, grant.tasks or -1)
        self.layers[layer.id] = replace(layer, wanted=layer.wanted - 1, served_at=self.at)
        self.started.setdefault(layer.id, []).append(self.at)
        if self._reserved.get(grant.node) == layer.id:
            del self._reserved[grant.node]
