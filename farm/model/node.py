"""Nodes: the machines that render, as they register and as the store knows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from farm.model.lease import Order
from farm.model.resources import Cores, Resources
from farm.model.states import NodeState

#: Told as `unfit` of a node that works only while nobody uses its machine, and somebody does.
IN_USE = "somebody works at it"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSpec:
    """What a worker says of its machine when it registers."""

    name: str
    resources: Resources  #: what the farm may book on it
    pool: str = ""
    hostname: str = ""
    blenders: tuple[str, ...] = ()  #: versions found, "4.5.15"
    gpus: tuple[str, ...] = ()  #: model names
    gpu_memory_bytes: int = 0  #: of its smallest GPU
    cores_kept_per_gpu: Cores = 1  #: that work without a GPU leaves free for each free GPU
    tags: tuple[str, ...] = ()  #: what it can do or is for, such as "avx512", "bigdisk"
    worker_version: str = ""
    metrics_port: int = 0  #: at which it tells Prometheus of itself; 0: it does not
    metrics_host: str = ""  #: the one address at which it does so; "": at any of `hostname`'s


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeHealth:
    """What a worker says with each heartbeat."""

    cpu_ratio: float = 0.0  #: use of all cores, 0 to 1
    memory_used_bytes: int = 0
    disk_free_bytes: int = 0
    warm_scenes: tuple[str, ...] = ()  #: scenes a Blender of the node has open
    warm_files: tuple[str, ...] = ()  #: manifests of sent jobs whose files the node has
    unfit: str = ""  #: why it cannot take work now ("output folder is full"); "" when it can
    power_watts: float = 0.0  #: that it draws, as far as `energy_source` tells
    energy_source: str = ""  #: "rapl+nvml", "model+nvml", …; "": nothing counts
    energy_meter: str = ""  #: another name is another meter, which began at zero
    energy_millijoules: int = 0  #: that its meter has counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """The store's answer to a heartbeat."""

    state: NodeState
    run_id: str  #: of the server; another one may have gone back in time by a second
    orders: tuple[Order, ...]  #: one per lease that the store believes the node holds
    restart: bool = False  #: its worker is to start anew once it has no lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node as the store knows it. Times are seconds since 1970 on the store's clock."""

    name: str
    epoch: int
    state: NodeState
    spec: NodeSpec
    free: Resources
    heartbeat_at: float
    registered_at: float
    health: NodeHealth = field(default_factory=NodeHealth)
    held: str = ""  #: why it is drained, by whom or what it is; "": it is not
    comment: str = ""  #: what people should know of it
    schedule: str = ""  #: the hours it keeps; "": all
    rest: str = ""  #: "asleep" or "waking", by the leader's word; "": awake
    rest_since: float = 0.0
    closed: str = ""  #: why it gets no new leases though it is online: locked, or quarantined
    leases: Mapping[str, str] = field(default_factory=dict)  #: lease id -> layer id
