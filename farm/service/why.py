"""Routes that tell why something waits: a frame, a job, or all that waits on the farm."""

import time
from collections import defaultdict
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query

from farm.model.errors import NotFound
from farm.model.job import Job, Layer, Task, TaskCounts
from farm.model.standing import JobStanding
from farm.model.states import OPEN_TASK_STATES, JobState, TaskState
from farm.policy import headline
from farm.policy.access import ALL, Right
from farm.policy.briefly import kind
from farm.policy.waiting import Waiting
from farm.policy.why import Outlook, Part, chief, parts
from farm.policy.wording import Around, sentence
from farm.service import answers
from farm.service.access import Caller, Identity, VisibleJob
from farm.service.around import Surroundings
from farm.service.failures import failures_of
from farm.service.link import TheStore
from farm.service.outlook import Outlooks, TheOutlooks
from farm.service.requests import LayerName
from farm.service.why_schemas import (
    FarmReasonOut,
    FarmWhyOut,
    HolderOut,
    ReasonOut,
    SidelinedOut,
    WhyOut,
)
from farm.store import Store

router = APIRouter(tags=["why"], responses=answers.DESCRIBED)

Judged = tuple[Part, Around]


@router.get("/jobs/{job}/why", summary="Why does it wait?")
def why(
    *,
    store: TheStore,
    outlooks: TheOutlooks,
    job: VisibleJob,
    caller: Caller,
    frame: Annotated[int | None, Query(description="Of this frame only.")] = None,
    layer: LayerName = None,
) -> WhyOut:
    """One sentence on a job or a frame, and each reason with its tasks and the numbers behind it.

    What other productions hold is told to those who may look at all of them.
    """
    found = store.jobs.get(job)
    if frame is None:
        return why_of(store, outlooks, found, caller, layer=layer)
    task = store.tasks.get(job, frame, layer=layer)
    seen, judged = _judged(store, outlooks, found, caller)
    return _of_frame(found, task, judged, at=seen.at)


def why_of(
    store: Store, outlooks: Outlooks, job: Job, caller: Identity, *, layer: str | None = None
) -> WhyOut:
    """Why `job` waits, or one layer of it, as `caller` may hear it. Raises NotFound."""
    _, judged = _judged(store, outlooks, job, caller)
    counts = job.counts
    if layer is not None:
        counts = _layer(job, layer).counts
        judged = [pair for pair in judged if layer in (pair[0].layer.name, pair[0].layer.id)]
    return _of_job(store, job, counts, judged)


def _layer(job: Job, name: str) -> Layer:
    for layer in job.layers:
        if name in (layer.spec.name, layer.id):
            return layer
    raise NotFound(f"job {job.id} has no layer {name!r}; `farm jobs show {job.id}`")


def _judged(
    store: Store, outlooks: Outlooks, job: Job, caller: Identity
) -> tuple[Outlook, list[Judged]]:
    if not (job.counts.blocked or job.counts.ready):
        return Outlook(at=time.time()), []
    (standing,) = store.standing.of([job.id])
    ready = [layer.id for layer in standing.layers if layer.ready > layer.unstarted]
    seen = outlooks.plan(store, about=ready)
    around = Surroundings(store, outlooks, seen, caller)
    return seen, [around.judged(part) for part in parts(standing, seen)]


def _of_job(store: Store, job: Job, counts: TaskCounts, judged: list[Judged]) -> WhyOut:
    first = _chief(judged)
    failed_by = ""
    if job.state is JobState.FAILED:
        groups, _ = failures_of(store, job.id)
        failed_by = groups[0].reason if groups else ""
    told = sentence(*first) if first else ""
    return WhyOut(
        job=job.id,
        sentence=headline.of_job(job.id, job.state, counts, why=told, failed_by=failed_by),
        running=counts.running,
        waiting=sum(part.count for part, _ in judged),
        reasons=[_reason(part, around) for part, around in judged],
    )


def _of_frame(job: Job, task: Task, judged: list[Judged], *, at: float) -> WhyOut:
    waits = task.state in OPEN_TASK_STATES and task.state is not TaskState.RUNNING
    own = headline.part_of(task, [part for part, _ in judged]) if waits else None
    about = [(replace(part, count=1), around) for part, around in judged if part is own]
    told = sentence(*about[0]) if about else ""
    return WhyOut(
        job=job.id,
        frame=task.frame,
        sentence=headline.of_frame(task, job.id, at=at, why=told),
        running=int(task.state is TaskState.RUNNING),
        waiting=int(waits),
        reasons=[_reason(part, around) for part, around in about],
    )


def _chief(judged: list[Judged]) -> Judged | None:
    first = chief(part for part, _ in judged)
    return next((pair for pair in judged if pair[0] is first), None)


def _reason(part: Part, around: Around) -> ReasonOut:
    plain = ReasonOut(
        reason=part.cause,
        layer=part.layer.name,
        count=part.count,
        sentence=sentence(part, around),
        after=[one.what for one in part.layer.sources if not one.is_done]
        if part.waiting is None and part.cause == "blocked"
        else [],
    )
    if part.waiting is None:
        return plain
    return plain.model_copy(update=_numbers(part.waiting, around))


def _numbers(one: Waiting, around: Around) -> dict[str, object]:
    seen = [holder for holder in around.holders if around.may_see(holder.production)]
    return {
        "what": one.what,
        "pool": one.pool,
        "most": one.most,
        "held": one.held,
        "asked": one.asked,
        "ahead": one.ahead,
        "due": one.due,
        "has": one.has,
        "nodes": list(one.nodes),
        "held_by": [HolderOut.model_validate(holder) for holder in seen],
        "held_by_others": len(seen) < len(around.holders),
        "sidelined": [SidelinedOut.model_validate(node) for node in around.sidelined],
    }


@router.get("/why", summary="What waits, and for what?")
def farm_why(
    store: TheStore, outlooks: TheOutlooks, caller: Caller, production: str | None = None
) -> FarmWhyOut:
    """The reasons of all waiting tasks of open jobs: of the caller's production, or of all."""
    if production is None and caller.production != ALL:
        production = caller.production
    caller.must(Right.READ_JOBS, ALL if production is None else production)
    seen, jobs = outlooks.plan(store), outlooks.open_jobs(store)
    mine = [job for job in jobs if production in (None, job.production)]
    around = Surroundings(store, outlooks, seen, caller)
    return _table([around.precise(part) for job in mine for part in parts(job, seen)], mine)


def _table(found: list[Part], jobs: list[JobStanding]) -> FarmWhyOut:
    """Parts that are told alike in one row, those of most tasks first."""
    rows: dict[tuple[str, str], list[Part]] = defaultdict(list)
    for part in found:
        rows[part.cause, kind(part)].append(part)
    table = [
        FarmReasonOut(
            reason=cause,
            short=told,
            count=sum(part.count for part in alike),
            jobs=len({part.job.id for part in alike}),
            example=max(alike, key=lambda part: part.count).job.id,
        )
        for (cause, told), alike in rows.items()
    ]
    return FarmWhyOut(
        waiting=sum(job.waiting for job in jobs),
        running=sum(layer.running for job in jobs for layer in job.layers),
        reasons=sorted(table, key=lambda row: (-row.count, row.short)),
    )
