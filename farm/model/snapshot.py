"""The whole farm at one instant: all that a decision may look at."""

from dataclasses import dataclass

from farm.model.lease import LeaseState
from farm.model.resources import Resources


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeView:
    """A node that takes leases. Offline and draining nodes are not in a snapshot."""

    name: str
    epoch: int
    pool: str
    total: Resources
    free: Resources
    warm_scenes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerView:
    """A layer with work that waits for a slot."""

    id: str
    production: str
    priority: int
    created_at: float
    resources: Resources
    wanted: int  #: ready tasks that no granted, unstarted lease is on its way to
    pool: str = ""
    scene: str = ""
    avoid: tuple[frozenset[str], ...] = ()  #: per retry that should run elsewhere: not on these
    plain: int = -1  #: ready tasks that may run anywhere; -1: all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseView:
    """A lease that is alive."""

    id: str
    node: str
    layer: str
    production: str
    priority: int
    state: LeaseState
    resources: Resources
    granted_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionView:
    """A production's weight and what its leases book now."""

    name: str
    weight: float
    booked: Resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the store saw in one atomic read."""

    nodes: tuple[NodeView, ...] = ()
    layers: tuple[LayerView, ...] = ()
    leases: tuple[LeaseView, ...] = ()
    productions: tuple[ProductionView, ...] = ()
    at: float = 0.0  #: when it was taken; all times are seconds since 1970, the store's clock
    more_layers: bool = False  #: layers were left out; ask for more when slots stay free
