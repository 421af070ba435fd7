"""Routes of limits, such as a program's licences; and what a job may have at once."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from farm.model import bounds
from farm.model.errors import BadRequest, Conflict
from farm.model.names import check_name
from farm.model.snapshot import CapUnit
from farm.policy.access import Right
from farm.policy.why import holders
from farm.service import answers
from farm.service.access import Caller, Identity, SteeredJob
from farm.service.jobs import changed
from farm.service.link import TheStore
from farm.service.requests import Key
from farm.service.schemas import ChangedOut, In, Out
from farm.service.tokens import on_disk
from farm.service.why_schemas import HolderOut
from farm.store import Store

router = APIRouter(tags=["limits"], responses=answers.DESCRIBED)


class LimitIn(In):
    most: int = Field(description="How many may be held at once.")
    unit: CapUnit | None = Field(
        None, description='"slot" or "node"; when left out as it is, of a new one "slot".'
    )


class LimitOut(Out):
    name: str
    most: int
    unit: CapUnit = Field(description="Does each slot hold one, or each node?")
    held: int
    held_by: list[HolderOut] = Field(description="Jobs whose slots hold it, as far as may be told.")
    held_by_others: bool = Field(description="Do jobs of other productions hold it too?")


class BoundsIn(In):
    """What is left out stays as it is; 0 is no bound."""

    most_tasks: int | None = Field(None, description="Slots at once.")
    most_cores: float | None = Field(None, description="Cores at once.")
    least_tasks: int | None = Field(
        None, description="Slots before other jobs of its production get more."
    )


async def _limit_name(limit: Annotated[str, Path(description="A limit's name.")]) -> str:
    return check_name("limit", limit)


async def _settable_limit(name: Annotated[str, Depends(_limit_name)], caller: Caller) -> str:
    caller.must(Right.SET_SHARES)
    return name


SetLimit = Annotated[str, Depends(_settable_limit)]


@router.get("/limits", summary="List limits")
def ls(store: TheStore, caller: Caller) -> list[LimitOut]:
    """How many of each there are, how many are held, and by which jobs."""
    caller.must_somewhere(Right.READ_JOBS)
    found = store.limits.list()
    jobs = store.standing.open_jobs() if any(one.held for one in found) else []
    told = []
    for one in found:
        held_by = [
            HolderOut(job=job.id, production=job.production, slots=slots)
            for job, slots in holders(one.name, jobs)
        ]
        told.append(_told(one, held_by, caller))
    return told


@router.put("/limits/{limit}", summary="Set a limit")
def set_(store: TheStore, limit: SetLimit, asked: LimitIn, _key: Key, caller: Caller) -> LimitOut:
    """Below what is held now, no more are given until enough came back."""
    if asked.most < 0:
        raise BadRequest(
            f"limit {limit}: {asked.most} is too few: give 0, nobody gets one, or more"
        )
    before = _found(store, limit)
    usual = before.unit if before else CapUnit.SLOT
    store.limits.set(limit, asked.most, unit=asked.unit or usual)
    on_disk(store, f"limit {limit} is set")
    after = _found(store, limit)
    if after is None:
        raise Conflict(f"limit {limit} was taken away in the meantime")
    return _told(after, [], caller)


@router.delete("/limits/{limit}", summary="Take a limit away")
def delete(store: TheStore, limit: SetLimit, _key: Key, caller: Caller) -> LimitOut:
    """It holds nothing up any more. A new job that names it is refused."""
    gone = bounds.Limit(name=limit, most=0, unit=CapUnit.SLOT, held=0)
    gone = _found(store, limit) or gone
    store.limits.delete(limit)
    on_disk(store, f"limit {limit} is taken away")
    return _told(gone, [], caller)


@router.put("/jobs/{job}/bounds", tags=["jobs"], summary="Bound what a job has at once")
def set_bounds(store: TheStore, job: SteeredJob, asked: BoundsIn, _key: Key) -> ChangedOut:
    """What it has beyond a lowered bound goes when frames in work are done."""
    told = asked.model_dump()
    if all(value is None for value in told.values()):
        raise BadRequest("nothing to set: give most_tasks, most_cores or least_tasks")
    store.jobs.set_bounds(job, **told)
    return changed(store, job)


def _found(store: Store, name: str) -> bounds.Limit | None:
    return next((one for one in store.limits.list() if one.name == name), None)


def _told(limit: bounds.Limit, held_by: list[HolderOut], caller: Identity) -> LimitOut:
    """`limit` as `caller` may see it: other productions' jobs are theirs alone."""
    seen = [one for one in held_by if caller.may(Right.READ_JOBS, one.production)]
    return LimitOut(
        name=limit.name,
        most=limit.most,
        unit=limit.unit,
        held=limit.held,
        held_by=seen,
        held_by_others=len(seen) < len(held_by),
    )
