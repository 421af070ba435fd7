"""What goes over HTTP of productions: what each is due, books, and may have at once."""

from typing import Self

from pydantic import Field

from farm.model.resources import Cores
from farm.policy.entitled import Entitlement
from farm.service.schemas import In, Out, ResourcesOut


class ShareIn(In):
    """What is left out stays as it is."""

    pool: str = Field("", description="Of this pool; empty is of nodes that have no pool.")
    weight: float | None = Field(None, description="Above 0; 1 is usual.")
    guarantee_cores: float | None = Field(
        None, description="It goes first until it has so many cores' worth; 0 is none."
    )
    ceiling_cores: float | None = Field(None, description="It never books more cores.")
    no_ceiling: bool = Field(False, description="Take the ceiling away?")


class ShareOut(Out):
    """One production in one pool."""

    production: str
    pool: str = Field(description="Empty is of nodes that have no pool.")
    weight: float
    guarantee_cores: float
    ceiling_cores: float | None = Field(description="Null is none.")
    booked: ResourcesOut
    pool_cores: float = Field(description="All that is online in the pool.")
    dominant_share: float = Field(
        description="Of the pool's cores, memory or GPUs the largest part that it books, 0 to 1."
    )
    due_cores: float | None = Field(
        description="Cores' worth that it is due now, among those that book or want something; "
        "null when it does neither."
    )

    @classmethod
    def of(cls, one: Entitlement) -> Self:
        share = one.share
        return cls(
            production=one.production,
            pool=one.pool,
            weight=share.weight,
            guarantee_cores=share.guarantee_cores,
            ceiling_cores=share.ceiling_cores,
            booked=ResourcesOut.model_validate(share.booked),
            pool_cores=one.pool_cores,
            dominant_share=one.dominant,
            due_cores=one.due_cores,
        )


class ShareSetOut(ShareOut):
    warnings: list[str]


class GroupIn(In):
    """What is left out stays as it is."""

    group: str = Field(description="Sequence or shot, such as sq010/sh020.")
    most_tasks: int | None = Field(None, description="Slots at once; 0 is no bound.")
    most_cores: float | None = Field(None, description="Cores at once; 0 is no bound.")


class GroupOut(Out):
    production: str
    name: str
    most_tasks: int = Field(description="0 is no bound.")
    most_cores: Cores = Field(description="0 is no bound.")
    held_tasks: int
    held_cores: Cores


class ProductionDetail(Out):
    name: str
    shares: list[ShareOut] = Field(description="By pool.")
    groups: list[GroupOut] = Field(description="Those that have a bound, or hold a slot now.")
