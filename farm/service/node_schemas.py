"""Nodes as they go over HTTP."""

from typing import Self

from pydantic import Field

from farm.model.node import Node
from farm.model.states import NodeState
from farm.service.schemas import In, Out, ResourcesOut


class DrainIn(In):
    reason: str = Field("drained by hand", min_length=1, max_length=256)


class NodeOut(Out):
    name: str
    state: NodeState
    epoch: int
    pool: str
    hostname: str
    resources: ResourcesOut
    free: ResourcesOut
    gpus: list[str]
    blenders: list[str]
    worker_version: str
    cpu_ratio: float
    memory_used_bytes: int
    disk_free_bytes: int
    warm_scenes: list[str]
    unfit: str
    power_watts: float = Field(0.0, description="That it draws, as far as its source tells.")
    energy_source: str = Field("", description="Who says so: rapl, nvml, model; empty: nobody.")
    held: str = Field(description="Why it is drained, if it is.")
    closed: str = Field(description="Why it gets no new work, if so: locked, or quarantined.")
    comment: str
    schedule: str = Field(description="The hours it keeps; empty is all.")
    tags: list[str]
    registered_at: float
    heartbeat_at: float
    leases: dict[str, str]

    @classmethod
    def of(cls, node: Node) -> Self:
        spec, health = node.spec, node.health
        return cls(
            name=node.name,
            state=node.state,
            epoch=node.epoch,
            pool=spec.pool,
            hostname=spec.hostname,
            resources=ResourcesOut.model_validate(spec.resources),
            free=ResourcesOut.model_validate(node.free),
            gpus=list(spec.gpus),
            blenders=list(spec.blenders),
            worker_version=spec.worker_version,
            cpu_ratio=health.cpu_ratio,
            memory_used_bytes=health.memory_used_bytes,
            disk_free_bytes=health.disk_free_bytes,
            warm_scenes=list(health.warm_scenes),
            unfit=health.unfit,
            power_watts=health.power_watts,
            energy_source=health.energy_source,
            held=node.held,
            closed=node.closed,
            comment=node.comment,
            schedule=node.schedule,
            tags=list(spec.tags),
            registered_at=node.registered_at,
            heartbeat_at=node.heartbeat_at,
            leases=dict(node.leases),
        )
