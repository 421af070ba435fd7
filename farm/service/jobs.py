"""Routes of jobs: submit, list, look at, steer."""

from typing import Annotated

from fastapi import APIRouter, Body, Query

from farm.model.errors import BadRequest
from farm.model.frames import Frames
from farm.model.states import JobState
from farm.policy.access import ALL, Right
from farm.service import answers, submit
from farm.service.access import Caller, SteeredJob, VisibleJob
from farm.service.ahead import forecasts, forecasts_by_id
from farm.service.around import reasons_of
from farm.service.content import TheFiles
from farm.service.failures import failures_of
from farm.service.link import TheStore
from farm.service.outlook import TheOutlooks
from farm.service.requests import Key, Limit
from farm.service.schemas import (
    ByIn,
    ChangedOut,
    ForecastOut,
    JobDetail,
    JobOut,
    LayerOut,
    PriorityIn,
    ProgressOut,
    RetryIn,
    SubmittedOut,
)
from farm.service.sent import kept_project
from farm.service.shared import Shared
from farm.service.submit_schemas import SubmitIn
from farm.service.why import why_of
from farm.store import Store

router = APIRouter(prefix="/jobs", tags=["jobs"], responses=answers.DESCRIBED)


@router.post("", status_code=201, summary="Submit a job")
def post(
    *,
    store: TheStore,
    files: TheFiles,
    asked: SubmitIn,
    key: Key,
    caller: Caller,
    shared: Shared,
) -> SubmittedOut:
    """Check a job whole and store it. The same Idempotency-Key again gives the same job."""
    caller.must(Right.SUBMIT, asked.production)
    # A key is a production's own: one of another's must not give its job away.
    own_key = f"{asked.production}:{key}"
    return submit.submit(store, files, asked, key=own_key, shared=shared)


@router.get("", summary="List jobs, newest first")
def ls(
    *,
    store: TheStore,
    outlooks: TheOutlooks,
    caller: Caller,
    production: str | None = None,
    state: Annotated[list[JobState] | None, Query()] = None,
    limit: Limit = 100,
) -> list[JobOut]:
    """Jobs without their layers: those of the caller's production, or of all."""
    if production is None and caller.production != ALL:
        production = caller.production
    caller.must(Right.READ_JOBS, ALL if production is None else production)
    jobs = store.jobs.list(production=production, states=state, limit=limit)
    waiting = [job.id for job in jobs if job.counts.blocked or job.counts.ready]
    reasons = reasons_of(store, outlooks, waiting, caller)
    ahead = forecasts_by_id(
        store, outlooks, [job.id for job in jobs if job.state is JobState.ACTIVE]
    )
    return [
        JobOut.model_validate(job).model_copy(
            update={
                "reason": reasons.get(job.id, ""),
                "eta_seconds": ahead[job.id].eta_seconds if job.id in ahead else None,
            }
        )
        for job in jobs
    ]


@router.get("/{job}", summary="Look at a job")
def show(store: TheStore, outlooks: TheOutlooks, job: VisibleJob, caller: Caller) -> JobDetail:
    """A job with its layers, its pace, why it waits, and its failures by reason."""
    found = store.jobs.get(job)
    (ahead,) = forecasts(store, outlooks, [found])
    failures, looked_at = failures_of(store, job) if found.counts.failed else ([], 0)
    return JobDetail(
        **JobOut.model_validate(found).model_dump(exclude={"eta_seconds"}),
        layers=[LayerOut.of(layer) for layer in found.layers],
        why=why_of(store, outlooks, found, caller).sentence,
        **ForecastOut.model_validate(ahead).model_dump(),
        failures=failures,
        failures_looked_at=looked_at,
    )


@router.get("/{job}/progress", summary="Follow a job")
def progress(store: TheStore, outlooks: TheOutlooks, job: VisibleJob) -> ProgressOut:
    """What somebody who waits for the job wants to know; cheap enough to ask each second."""
    found = store.jobs.get(job)
    (ahead,) = forecasts(store, outlooks, [found])
    return ProgressOut.of(found, ahead)


@router.post("/{job}/pause", summary="Pause a job")
def pause(store: TheStore, job: SteeredJob, _key: Key, asked: ByIn | None = None) -> ChangedOut:
    """Frames in work finish, no others begin."""
    store.jobs.pause(job, by=asked.by if asked else "")
    return changed(store, job)


@router.post("/{job}/resume", summary="Resume a paused job")
def resume(store: TheStore, job: SteeredJob, _key: Key, asked: ByIn | None = None) -> ChangedOut:
    """Take back a pause."""
    store.jobs.resume(job, by=asked.by if asked else "")
    return changed(store, job)


@router.post("/{job}/cancel", summary="Cancel a job")
def cancel(store: TheStore, job: SteeredJob, _key: Key, asked: ByIn | None = None) -> ChangedOut:
    """Stop its frames, running ones too. Finished images stay."""
    return changed(store, job, store.jobs.cancel(job, by=asked.by if asked else ""))


@router.post("/{job}/retry", summary="Render frames of a job again")
def retry(
    *,
    store: TheStore,
    files: TheFiles,
    job: SteeredJob,
    key: Key,
    asked: Annotated[RetryIn | None, Body()] = None,
) -> ChangedOut:
    """Failed and cancelled frames, unless other states are asked for."""
    asked = asked or RetryIn(frames=None, layer=None)
    frames = Frames(asked.frames) if asked.frames is not None else None
    with kept_project(files, store.jobs.get(job), store.jobs.image_digests(job)):
        tasks = store.jobs.retry(
            job, states=frozenset(asked.states), frames=frames, layer=asked.layer, request=key
        )
    return changed(store, job, tasks)


@router.put("/{job}/priority", summary="Set the priority of a job")
def set_priority(store: TheStore, job: SteeredJob, _key: Key, asked: PriorityIn) -> ChangedOut:
    """It counts from the next frame on."""
    if not 0 <= asked.priority <= 100:
        raise BadRequest(f"priority {asked.priority}: give 0 to 100, 50 is usual")
    store.jobs.set_priority(job, asked.priority)
    return changed(store, job)


def changed(store: Store, job: str, tasks: int | None = None) -> ChangedOut:
    """What became of a job that was changed."""
    after = store.jobs.get(job)
    return ChangedOut(
        id=job,
        state=after.state,
        priority=after.priority,
        group=after.group,
        start_at=after.start_at,
        deadline_at=after.deadline_at,
        most_tasks=after.most_tasks,
        most_cores=after.most_cores,
        least_tasks=after.least_tasks,
        tasks=tasks,
    )
