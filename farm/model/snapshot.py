"""The whole farm at one instant: all that a decision may look at.

Times are seconds since 1970 on the store's clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from farm.model.lease import LeaseState
from farm.model.resources import Cores, Resources

NOTHING = Resources(cores=0, memory_bytes=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeUse:
    """As what the free room of a node is counted while something waits for its pool.

    What is neither usable nor stranded is idle.
    """

    cores: Cores  #: that work which waits could use; starved
    stranded_cores: Cores  #: of no use for want of memory
    gpus: int  #: that work which waits could use
    is_open: bool = True  #: False: it is still counted as a node that takes no leases


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeView:
    """A node that takes leases. Offline, draining and quarantined nodes are not in a snapshot."""

    name: str
    epoch: int
    pool: str
    total: Resources
    free: Resources
    gpu_memory_bytes: int = 0  #: of its smallest GPU
    cores_kept_per_gpu: Cores = 0  #: that work without a GPU leaves free for each free GPU
    tags: frozenset[str] = frozenset()
    blenders: tuple[str, ...] = ()  #: versions, "4.5.15"; () tells nothing and refuses nothing
    warm_scenes: frozenset[str] = frozenset()  #: scenes a Blender of the node has open
    warm_files: frozenset[str] = frozenset()  #: manifests of sent jobs whose files it has
    reserved_for: str = ""  #: layer that it is being cleared for; only that one, and gap fillers
    limits: frozenset[str] = frozenset()  #: names of limits counted per node that it holds
    use: FreeUse | None = None  #: as what its free room is counted; None: nobody counts it


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerView:
    """A layer with work that waits for a slot."""

    id: str
    production: str
    priority: int
    created_at: float  #: of its job
    resources: Resources  #: what its next slot books: as asked, or as learnt
    wanted: int  #: ready tasks that no granted, unstarted lease is on its way to
    pool: str = ""  #: only nodes of this pool; "" is any
    scene: str = ""
    manifest: str = ""  #: of a sent job
    avoid: tuple[frozenset[str], ...] = ()  #: per retry that should run elsewhere: not on these
    plain: int = -1  #: ready tasks that may run anywhere; -1: all of them
    job: str = ""
    group: str = ""
    whole_node: bool = False  #: takes all cores of its node
    gpu_memory_bytes: int = 0  #: that each of its GPUs must have
    tags: frozenset[str] = frozenset()  #: a node must have all of them
    nodes: frozenset[str] = frozenset()  #: only these; empty is any
    not_nodes: frozenset[str] = frozenset()  #: never these: asked for, or blocked for this job
    blender: str = ""  #: version that a node must have, "4.5"
    interruptible: bool = False
    caps: tuple[str, ...] = ()  #: names in `Snapshot.caps` that each of its slots counts in
    slots: int = 0  #: leases that its job has now
    least_tasks: int = 0  #: slots its job gets before others of its production get more
    served_at: float = 0.0  #: when it last got a slot; since when it is ready, if never
    deadline_at: float = 0.0  #: 0: none
    task_seconds: float | None = None  #: mean of its finished tasks; None before the first
    unjudged: str = ""  #: mark of what it wants, while no leader has judged that; else ""


class LeaseView(NamedTuple):
    """A lease that is alive. There are tens of thousands: a tuple is made in a part of the time."""

    id: str
    node: str
    layer: str
    production: str
    priority: int
    state: LeaseState
    resources: Resources
    granted_at: float = 0.0
    job: str = ""
    interruptible: bool = False
    task_started_at: float = 0.0  #: when it took its tasks in hand
    task_seconds: float | None = None  #: mean of its layer's finished tasks
    caps: tuple[str, ...] = ()  #: names in `Snapshot.caps` that it counts in
    tasks: int = 0  #: it ends by itself after so many (`Grant.tasks`); 0 is no bound

    @property
    def ends(self) -> bool:
        """Does it end at the boundary of the tasks it has in hand, or of a few more?"""
        return self.state is LeaseState.RECALLED or self.tasks > 0

    @property
    def task_ends_at(self) -> float | None:
        """When its task in hand is expected to end; None when nothing tells."""
        if self.task_seconds is None or not self.task_started_at:
            return None
        return self.task_started_at + self.task_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareView:
    """What a production is due of one pool, and what it books there."""

    weight: float = 1.0
    guarantee_cores: float = 0.0  #: it goes first until it has so many cores' worth
    ceiling_cores: float | None = None  #: it never books more cores; None: no ceiling
    booked: Resources = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionView:
    """A production's weight and what its leases book now."""

    name: str
    weight: float
    booked: Resources  #: over all pools
    shares: Mapping[str, ShareView] = field(default_factory=dict)  #: by pool, where there are any

    def share(self, pool: str) -> ShareView:
        """Its share of `pool`; where none is set, its weight and nothing else."""
        return self.shares.get(pool) or ShareView(weight=self.weight)


class CapUnit(StrEnum):
    SLOT = "slot"  #: each lease counts one: tasks at once
    CORES = "cores"  #: each lease counts its cores
    NODE = "node"  #: each node counts one, however many leases it serves


@dataclass(frozen=True, slots=True, kw_only=True)
class CapView:
    """A bound that leases count in: a limit, a job's or a group's maximum."""

    most: Cores
    held: Cores
    unit: CapUnit = CapUnit.SLOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the store saw in one atomic read."""

    nodes: tuple[NodeView, ...] = ()
    layers: tuple[LayerView, ...] = ()
    leases: tuple[LeaseView, ...] = ()
    productions: tuple[ProductionView, ...] = ()
    caps: Mapping[str, CapView] = field(default_factory=dict)
    pools: Mapping[str, Resources] = field(default_factory=dict)  #: all that is online, by pool
    at: float = 0.0  #: when it was taken
    opened: str = ""  #: mark of a raised bound that no leader has judged yet; else ""
    more_layers: bool = False  #: layers were left out; ask for more when slots stay free
    #: Nodes that take no leases now: offline, draining, quarantined. Nothing is decided by them;
    #: they tell a task that waits for one of them from a task that no node can ever serve.
    away: tuple[NodeView, ...] = ()
