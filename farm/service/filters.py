"""Routes of submit filters: what is set, added and changed of jobs as they come in."""

from typing import Annotated, Self

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from farm.model.job import USUAL_PRIORITY
from farm.policy.access import ALL, Right
from farm.policy.filters import USUAL_POSITION, Filter, Place, filtered
from farm.service import answers
from farm.service.access import Caller
from farm.service.link import TheStore
from farm.service.requests import Key
from farm.service.schemas import In, Out
from farm.service.tokens import on_disk

router = APIRouter(prefix="/filters", tags=["filters"], responses=answers.DESCRIBED)


class FilterIn(In):
    """An empty pattern matches all; what is left out is not changed."""

    position: int = Field(USUAL_POSITION, description="Lower ones come first: higher ones win.")
    production: str = Field("", description="Pattern: * is any run of characters, ? any one.")
    owner: str = Field("", description="Pattern.")
    job: str = Field("", description="Pattern of the job's name.")
    set_priority: int | None = None
    set_pool: str | None = Field(None, description="Empty is any.")
    set_group: str | None = Field(None, description="Empty is none.")
    add_limits: tuple[str, ...] = ()
    add_tags: tuple[str, ...] = ()


class FilterOut(Out):
    name: str
    position: int
    production: str
    owner: str
    job: str
    set_priority: int | None
    set_pool: str | None
    set_group: str | None
    add_limits: list[str]
    add_tags: list[str]

    @classmethod
    def of(cls, one: Filter) -> Self:
        return cls.model_validate(one)


class PlaceOut(Out):
    """What a job becomes."""

    production: str
    owner: str
    name: str
    priority: int
    pool: str
    group: str
    limits: list[str]
    tags: list[str]
    changes: list[str] = Field(description="What was changed by which filter, a line each.")


async def _settable(
    name: Annotated[str, Path(description="A filter's name.")], caller: Caller
) -> str:
    caller.must(Right.SET_SHARES)
    return name


SetFilter = Annotated[str, Depends(_settable)]
Names = Annotated[tuple[str, ...], Query()]


@router.get("", summary="List filters")
def ls(store: TheStore, caller: Caller) -> list[FilterOut]:
    """In the order in which they are applied: those that may match the caller's jobs, or all."""
    caller.must_somewhere(Right.READ_JOBS)
    own = caller.production
    return [FilterOut.of(one) for one in store.filters.list() if own == ALL or one.concerns(own)]


@router.get("/test", summary="What would a submit become?")
def become(
    *,
    store: TheStore,
    caller: Caller,
    production: str,
    owner: str = "",
    job: Annotated[str, Query(description="The job's name.")] = "",
    priority: int = USUAL_PRIORITY,
    pool: str = "",
    group: str = "",
    limits: Names = (),
    tags: Names = (),
) -> PlaceOut:
    """As the filters are now; nothing is submitted."""
    caller.must(Right.READ_JOBS, production)
    place = Place(
        production=production,
        owner=owner,
        name=job,
        priority=priority,
        pool=pool,
        group=group,
        limits=tuple(limits),
        tags=tuple(tags),
    )
    known = {one.name for one in store.limits.list()}
    after, changes = filtered(place, store.filters.list(), known)
    return PlaceOut(
        production=after.production,
        owner=after.owner,
        name=after.name,
        priority=after.priority,
        pool=after.pool,
        group=after.group,
        limits=list(after.limits),
        tags=list(after.tags),
        changes=changes,
    )


@router.put("/{name}", summary="Set a filter")
def set_(store: TheStore, name: SetFilter, asked: FilterIn, _key: Key) -> FilterOut:
    """In place of another of its name; jobs that are in already stay as they are."""
    one = Filter(name=name, **asked.model_dump())
    store.filters.set(one)
    on_disk(store, f"filter {name} is set")
    return FilterOut.of(one)


@router.delete("/{name}", summary="Take a filter away")
def delete(store: TheStore, name: SetFilter, _key: Key) -> dict[str, str]:
    """Jobs that are in already stay as they are."""
    store.filters.delete(name)
    on_disk(store, f"filter {name} is taken away")
    return {"name": name}
