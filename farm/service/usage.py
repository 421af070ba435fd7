"""Routes of where the farm's time goes: now, by node, by day, and what has run for longest."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from farm.model.errors import BadRequest
from farm.model.usage import KEPT_DAYS, FarmUsage
from farm.policy.access import ALL, Right
from farm.policy.spending import By, spending
from farm.service import answers
from farm.service.access import Caller
from farm.service.link import TheStore
from farm.service.usage_schemas import (
    NodeSplitOut,
    PoolOut,
    ProductionOut,
    RunningOut,
    SpentOut,
    SplitOut,
    StretchOut,
    UsageOut,
)
from farm.store.accounts import PoolAccount
from farm.store.history import stretches

router = APIRouter(prefix="/usage", tags=["usage"], responses=answers.DESCRIBED)

HOUR = 3600.0

First = Annotated[date | None, Query(description="The last 30 days when left out.")]
WithNodes = Annotated[bool, Query(description="With what the cores of each node do then.")]
Last = Annotated[date | None, Query(description="Today when left out.")]


@router.get("", summary="Where all cores are, and where their time went")
def now(store: TheStore, caller: Caller, nodes: WithNodes = False) -> UsageOut:
    """The farm, its pools and its productions, counted from the beginning to this moment."""
    caller.must(Right.READ_FARM)
    if nodes:
        caller.must(Right.READ_NODES)
    accounts, usage = store.accounts.read(), store.usage.now()
    due = usage.plan.due_cores
    names = {*accounts.pools, *(one.name for one in usage.pools if any(one.tasks.values()))}
    return UsageOut(
        at=accounts.at_ms / 1000,
        farm=SplitOut.of(accounts.farm()),
        pools=[_pool(name, accounts.pools.get(name), usage) for name in sorted(names)],
        productions=[ProductionOut.of(one, due.get(one.name)) for one in usage.productions],
        jobs=dict(usage.jobs),
        planned_at=usage.plan.passed_at or None,
        nodes=[NodeSplitOut.of(one) for one in accounts.nodes] if nodes else None,
    )


@router.get("/nodes", summary="What the cores of each node do")
def nodes(store: TheStore, caller: Caller) -> list[NodeSplitOut]:
    """Every node that ever registered, by name."""
    caller.must(Right.READ_NODES)
    return [NodeSplitOut.of(one) for one in store.accounts.read().nodes]


@router.get("/longest", summary="What has run for longest")
def longest(
    store: TheStore, caller: Caller, most: Annotated[int, Query(ge=1, le=1000)] = 20
) -> list[RunningOut]:
    """Leases by how long they have had the frames in hand that they work on."""
    caller.must(Right.READ_FARM)
    return [RunningOut.model_validate(one) for one in store.running.longest(most)]


@router.get("/history", summary="Where the time went, by hour or by day")
def history(
    store: TheStore,
    caller: Caller,
    first: First = None,
    last: Last = None,
    per: Annotated[Literal["hour", "day"], Query()] = "day",
) -> list[StretchOut]:
    """A row for each pool and each hour, or day of UTC, oldest first; the last one up to now.

    Hours begin as the leading scheduler notes them, some seconds after the clock's.
    """
    caller.must(Right.READ_FARM)
    today = store.usage.today()
    first, last = _days(first, last, today)
    stands = store.history.between(_midnight(first), _midnight(last + timedelta(days=1)) + HOUR)
    if last >= today:
        stands.append(store.history.now())
    rows = [
        StretchOut(
            begins_at=one.begins_at,
            ends_at=one.ends_at,
            day=datetime.fromtimestamp(one.begins_at, UTC).date(),
            pool=one.pool,
            core_seconds=dict(one.core_seconds),
            stranded_core_seconds=one.stranded_core_seconds,
        )
        for one in stretches(stands)
    ]
    rows = [row for row in rows if first <= row.day <= last]
    return rows if per == "hour" else _by_day(rows)


@router.get("/days", summary="What was spent, by day, production, user and pool")
def days(
    store: TheStore,
    caller: Caller,
    first: First = None,
    last: Last = None,
    by: Annotated[list[By] | None, Query(description="production when left out.")] = None,
) -> list[SpentOut]:
    """Core-seconds credited on these days of UTC: of the caller's own production, or of all."""
    caller.must_somewhere(Right.READ_JOBS)
    first, last = _days(first, last, store.usage.today())
    rows = store.usage.days(first, last)
    if caller.production != ALL:
        rows = (row for row in rows if row.production == caller.production)
    found = spending(rows, by if by is not None else [By.PRODUCTION])
    return [SpentOut.model_validate(one) for one in found]


def _days(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    """Both ends. Raises BadRequest."""
    last = last or today
    first = first or last - timedelta(days=29)
    if first > last:
        raise BadRequest(f"the first day, {first}, comes after the last, {last}: swap them")
    if (last - first).days >= KEPT_DAYS:
        raise BadRequest(f"{first} to {last} is more than the {KEPT_DAYS} days that are kept")
    return first, last


def _midnight(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()


def _by_day(hours: Iterable[StretchOut]) -> list[StretchOut]:
    """The hours of each day and pool as one."""
    days: dict[tuple[date, str], StretchOut] = {}
    for hour in hours:
        day = days.setdefault((hour.day, hour.pool), hour)
        if day is not hour:
            day.ends_at = hour.ends_at
            day.stranded_core_seconds += hour.stranded_core_seconds
            for state, seconds in hour.core_seconds.items():
                day.core_seconds[state] += seconds
    return list(days.values())


def _pool(name: str, account: PoolAccount | None, usage: FarmUsage) -> PoolOut:
    used = next((one for one in usage.pools if one.name == name), None)
    since = usage.plan.oldest_ready_at.get(name)
    return PoolOut(
        **SplitOut.of(account or PoolAccount()).model_dump(),
        pool=name,
        tasks=dict(used.tasks) if used else {},
        waiting={why: count for (pool, why), count in usage.plan.waiting.items() if pool == name},
        oldest_ready_seconds=None if since is None else max(0.0, usage.at - since),
        spent_core_seconds=dict(used.core_seconds) if used else {},
    )
