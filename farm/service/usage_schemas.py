"""What goes over HTTP of where the farm's time goes, and what it is spent on."""

from datetime import date
from typing import Self

from pydantic import Field

from farm.model.resources import CORE_PARTS
from farm.model.states import JobState, TaskState
from farm.model.usage import ProductionUsage
from farm.model.utilization import availability, under_demand, utilization
from farm.service.schemas import Out
from farm.store.accounts import NodeAccount, PoolAccount

_SPLIT = "By state: busy, starved, idle, draining, offline."
_SPENT = (
    "By how they were spent: succeeded, failed, timed_out, out_of_memory, lost, cancelled, overhead"
)


class SplitOut(Out):
    """Where the time of some nodes went since the farm began, and what they do now."""

    nodes: dict[str, float] = Field(description=f"Now, each split by its cores. {_SPLIT}")
    cores: dict[str, float] = Field(description=f"Now. {_SPLIT}")
    gpus: dict[str, float] = Field(description=f"Now. {_SPLIT}")
    core_seconds: dict[str, float] = Field(description=f"Since the beginning. {_SPLIT}")
    gpu_seconds: dict[str, float] = Field(description=f"Since the beginning. {_SPLIT}")
    node_seconds: dict[str, float] = Field(description=f"Since the beginning. {_SPLIT}")
    stranded_core_seconds: float = Field(description="Part of idle: memory was lacking beside it.")
    utilization: float | None = Field(description="busy / all of it; null while there is nothing.")
    under_demand: float | None = Field(description="busy / (busy + starved).")
    availability: float | None = Field(description="1 - (offline + draining) / all of it.")

    @classmethod
    def of(cls, account: PoolAccount) -> Self:
        spent = account.core_seconds()
        return cls(
            nodes=account.nodes_by_state(),
            cores=account.cores_now(),
            gpus=account.gpus_now(),
            core_seconds=spent,
            gpu_seconds=account.gpu_seconds(),
            node_seconds=account.node_seconds(),
            stranded_core_seconds=account.stranded_core_seconds(),
            utilization=utilization(spent),
            under_demand=under_demand(spent),
            availability=availability(spent),
        )


class PoolOut(SplitOut):
    """One pool of nodes, and the tasks of layers that ask for it."""

    pool: str = Field(description="Empty: nodes that have none, layers that may use any.")
    tasks: dict[TaskState, int]
    waiting: dict[str, int] = Field(description="Tasks that wait, by why (docs/why.md).")
    oldest_ready_seconds: float | None = Field(description="What waits longest has waited so long.")
    spent_core_seconds: dict[str, float] = Field(description=_SPENT)


class ProductionOut(Out):
    """One production, over all pools."""

    production: str
    booked_cores: float
    due_cores: float | None = Field(description="Null when it wants and books nothing.")
    held_core_seconds: float
    spent_core_seconds: dict[str, float] = Field(description=_SPENT)
    tasks: dict[TaskState, int]

    @classmethod
    def of(cls, one: ProductionUsage, due_cores: float | None) -> Self:
        return cls(
            production=one.name,
            booked_cores=one.booked_cores,
            due_cores=due_cores,
            held_core_seconds=one.held_core_seconds,
            spent_core_seconds=dict(one.core_seconds),
            tasks=dict(one.tasks),
        )


class NodeSplitOut(Out):
    """What the cores of one node do now."""

    node: str
    pool: str
    cores: float
    by_state: dict[str, float] = Field(description=f"Its cores. {_SPLIT}")

    @classmethod
    def of(cls, account: NodeAccount) -> Self:
        return cls(
            node=account.name,
            pool=account.pool,
            cores=account.core_parts / CORE_PARTS,
            by_state=account.cores.now.by_state(CORE_PARTS),
        )


class UsageOut(Out):
    """The farm at one moment."""

    at: float = Field(description="Seconds since 1970, of the store's clock.")
    farm: SplitOut
    pools: list[PoolOut]
    productions: list[ProductionOut] = Field(description="Those that used most, most first.")
    jobs: dict[JobState, int]
    planned_at: float | None = Field(description="When the scheduler last finished a pass.")
    nodes: list[NodeSplitOut] | None = Field(description="By name; null where not asked for.")


class StretchOut(Out):
    """What the cores of one pool did in one hour, or on one day of UTC."""

    begins_at: float = Field(description="Seconds since 1970.")
    ends_at: float
    day: date = Field(description="Of UTC, on which it began.")
    pool: str = Field(description="Empty is of nodes that have no pool.")
    core_seconds: dict[str, float] = Field(description=_SPLIT)
    stranded_core_seconds: float


class RunningOut(Out):
    job: str
    layer: str
    production: str
    frame: int = Field(description="The first of those in hand.")
    frames: int = Field(description="How many are in hand.")
    attempt: int
    node: str
    seconds: float = Field(description="Since it took them.")


class SpentOut(Out):
    """Core-seconds that were credited; what it is not told by is null."""

    day: date | None = Field(description="Of UTC: the day on which the attempt ended.")
    production: str | None
    user: str | None
    pool: str | None
    core_seconds: dict[str, float] = Field(description=_SPENT)
