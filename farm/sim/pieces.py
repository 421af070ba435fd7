"""What the played farm is made of: nodes, layers, leases, productions, caps. They change in place.

Each keeps the view of it that a snapshot shows, and drops it when it changes: a snapshot costs what
has changed since the last one.
"""

from array import array
from collections import deque
from dataclasses import dataclass, field

from farm.model.lease import LeaseState
from farm.model.resources import Resources
from farm.model.snapshot import (
    CapUnit,
    LayerView,
    LeaseView,
    NodeView,
    ProductionView,
    ShareView,
)
from farm.policy.sleep import Rest
from farm.sim.scenario import NodeKind, ProductionSpec
from farm.sim.workload import Arrival

NOWHERE: frozenset[str] = frozenset()


@dataclass(slots=True, eq=False)
class PlayedNode:
    """A node. The scheduler sees it while it is `online`; it works while it is not `dead`."""

    name: str
    kind: NodeKind
    total: Resources
    free: Resources
    epoch: int = 1
    online: bool = True
    dead: bool = False
    drained: int = 0  #: so many drains hold it: it ends what it has and takes nothing
    leases: "dict[str, PlayedLease]" = field(default_factory=dict)
    warm: dict[str, int] = field(default_factory=dict)  #: scene -> idle renderers that have it open
    reserved_for: str = ""
    reserved_until: float = 0.0
    rest: Rest = Rest.AWAKE
    idle_since: float = 0.0  #: when it last had work, or woke
    view: NodeView | None = None

    @property
    def open(self) -> bool:
        """May it be given work?"""
        return self.online and not self.drained and self.rest is Rest.AWAKE

    @property
    def works(self) -> bool:
        """Is its power on, and it neither dead nor asleep?"""
        return not self.dead and self.rest is Rest.AWAKE

    @property
    def watts_per_core(self) -> float:
        """That a booked core draws more than one that is idle."""
        return max(0.0, self.kind.full_watts - self.kind.idle_watts) / self.total.cores

    def seen(self) -> NodeView:
        """What a snapshot shows of it."""
        if self.view is None:
            self.view = NodeView(
                name=self.name,
                epoch=self.epoch,
                pool=self.kind.pool,
                total=self.total,
                free=self.free,
                gpu_memory_bytes=self.kind.gpu_memory_bytes,
                cores_kept_per_gpu=1 if self.kind.gpus else 0,
                tags=self.kind.tags,
                warm_scenes=frozenset(self.warm),
                reserved_for=self.reserved_for,
            )
        return self.view


@dataclass(slots=True, eq=False)
class Returned:
    """A task that came back: it failed, or its node died."""

    index: int
    since: float
    failures: int
    avoid: frozenset[str] = NOWHERE


@dataclass(slots=True, eq=False)
class PlayedLayer:
    """A layer, and its job, which has no other."""

    id: str
    number: int
    arrival: Arrival
    resources: Resources
    seconds: "array[float]"  #: that each of its tasks takes
    caps: tuple[str, ...] = ()
    ready: int = 0
    cursor: int = 0  #: the next task that nobody took yet
    returned: deque[Returned] = field(default_factory=deque)
    picky: int = 0  #: of those returned, how many avoid a node
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    leases: int = 0
    render_seconds: float = 0.0
    render_squares: float = 0.0  #: seconds², of the same tasks
    started_at: float = -1.0
    served_at: float = 0.0
    ended_at: float = -1.0
    ahead: int = 0  #: tasks that must have ended before the next forecast is asked
    view: LayerView | None = None

    @property
    def ended(self) -> int:
        return self.succeeded + self.failed

    @property
    def mean_seconds(self) -> float | None:
        return self.render_seconds / self.succeeded if self.succeeded else None

    def seen(self) -> LayerView:
        """What a snapshot shows of it."""
        if self.view is None:
            asked = self.arrival.asked
            self.view = LayerView(
                id=self.id,
                production=self.arrival.production,
                priority=self.arrival.priority,
                created_at=self.arrival.at,
                resources=self.resources,
                wanted=self.ready,
                pool=self.arrival.pool,
                scene=self.arrival.scene,
                avoid=tuple(one.avoid for one in self.returned if one.avoid) if self.picky else (),
                plain=self.ready - self.picky if self.picky else -1,
                job=str(self.number),
                whole_node=asked.whole_node if asked else False,
                tags=self.arrival.tags,
                interruptible=asked.interruptible if asked else False,
                caps=self.caps,
                slots=self.leases,
                least_tasks=asked.least_tasks if asked else 0,
                served_at=self.served_at,
                deadline_at=(
                    self.arrival.at + asked.deadline_seconds
                    if asked and asked.deadline_seconds
                    else 0.0
                ),
                task_seconds=self.mean_seconds,
            )
        return self.view


@dataclass(slots=True, eq=False)
class PlayedLease:
    """A lease with the tasks it has in hand."""

    id: str
    node: PlayedNode
    layer: PlayedLayer
    resources: Resources
    granted_at: float
    anywhere: bool
    tasks_left: int  #: -1: no bound
    hand: list[tuple[int, int]] = field(default_factory=list)  #: index, failures so far
    fails: bool = False  #: what is in hand will fail
    task_started_at: float = 0.0
    task_seconds: float = 0.0
    state: LeaseState = LeaseState.STARTED
    alive: bool = True
    view: LeaseView | None = None

    def seen(self) -> LeaseView:
        """What a snapshot shows of it."""
        if self.view is None:
            arrival = self.layer.arrival
            self.view = LeaseView(
                id=self.id,
                node=self.node.name,
                layer=self.layer.id,
                production=arrival.production,
                priority=arrival.priority,
                state=self.state,
                resources=self.resources,
                granted_at=self.granted_at,
                job=str(self.layer.number),
                interruptible=arrival.asked.interruptible if arrival.asked else False,
                task_started_at=self.task_started_at,
                task_seconds=self.layer.mean_seconds,
                caps=self.layer.caps,
            )
        return self.view


@dataclass(slots=True, eq=False)
class PlayedProduction:
    """A production: what it books in each pool, and its layers that wait, the most urgent first."""

    spec: ProductionSpec
    booked: dict[str, Resources]  #: by pool
    line: list[tuple[int, float, int, PlayedLayer]] = field(default_factory=list)
    view: ProductionView | None = None

    def seen(self) -> ProductionView:
        """What a snapshot shows of it."""
        if self.view is None:
            spec = self.spec
            everything = Resources(cores=0, memory_bytes=0)
            for amount in self.booked.values():
                everything += amount
            self.view = ProductionView(
                name=spec.name,
                weight=spec.weight,
                booked=everything,
                shares={
                    pool: ShareView(
                        weight=spec.weight,
                        guarantee_cores=spec.guarantee_cores if pool == spec.pool else 0.0,
                        ceiling_cores=spec.ceiling_cores if pool == spec.pool else None,
                        booked=amount,
                    )
                    for pool, amount in self.booked.items()
                },
            )
        return self.view


@dataclass(slots=True, eq=False)
class PlayedCap:
    """A bound that leases count in."""

    most: float
    unit: CapUnit = CapUnit.SLOT
    held: float = 0.0
