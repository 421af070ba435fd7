"""Routes of frames: list, look at, read the log of an attempt."""

from typing import Annotated

from fastapi import APIRouter, Query

from farm.assets.logs import read_log
from farm.model.errors import NotFound
from farm.model.job import Task
from farm.model.states import TaskState
from farm.service import answers
from farm.service.access import VisibleJob
from farm.service.content import TheFiles
from farm.service.frame_schemas import FrameDetail, FrameOut, LogOut
from farm.service.link import TheStore
from farm.service.requests import FrameNumber, LayerName, Limit
from farm.service.results import layer_of
from farm.service.shared import Shared, check_shared

router = APIRouter(prefix="/jobs/{job}/frames", tags=["frames"], responses=answers.DESCRIBED)


@router.get("", summary="List the frames of a job")
def ls(
    store: TheStore,
    job: VisibleJob,
    state: Annotated[list[TaskState] | None, Query()] = None,
    first: Annotated[int, Query(ge=0, description="How many that match to skip.")] = 0,
    limit: Limit = 1000,
) -> list[FrameOut]:
    """In task order, a page at a time."""
    tasks = store.tasks.list(job, states=state, first=first, limit=limit)
    return [FrameOut.model_validate(task) for task in tasks]


@router.get("/{frame}", summary="Look at a frame")
def show(
    store: TheStore, job: VisibleJob, frame: FrameNumber, layer: LayerName = None
) -> FrameDetail:
    """A frame with every attempt that failed."""
    return FrameDetail.model_validate(store.tasks.get(job, frame, layer=layer))


@router.get("/{frame}/log", summary="Read the log of a frame")
def log(
    *,
    store: TheStore,
    files: TheFiles,
    shared: Shared,
    job: VisibleJob,
    frame: FrameNumber,
    layer: LayerName = None,
    attempt: Annotated[int | None, Query(ge=1, description="The last one when left out.")] = None,
    lines: Annotated[int | None, Query(ge=1, description="The last so many; else all.")] = None,
) -> LogOut:
    """The attempt's own log, from beside the images or as a node sent it; else what is kept of it.

    `path` tells where it lies: on the shared storage, or in the farm's files folder.
    """
    task = store.tasks.get(job, frame, layer=layer)
    number = attempt or task.attempt
    if not 1 <= number <= task.attempt:
        which, why = (f" of attempt {number}", f"its attempts are 1 to {task.attempt}")
        if not task.attempt:
            which, why = "", "no attempt has begun"
        raise NotFound(f"frame {frame} of job {job} has no log{which}: {why}")
    of = layer_of(store.jobs.get(job), task)
    if of.spec.settings.is_sent:
        where = files.log_path(job, of.spec.name, frame, number)
        path = str(where.relative_to(files.root))
    else:
        path = str(of.spec.settings.log_path(frame, job=job, attempt=number))
        where = check_shared(path, shared, what="log")
    found = read_log(where, lines=lines)
    if found is None:
        found = _kept(task, number), False
    return LogOut(job=job, frame=frame, attempt=number, path=path, lines=found[0], whole=found[1])


def _kept(task: Task, number: int) -> list[str]:
    """The last lines that the store kept of a failed attempt. Raises NotFound without any."""
    for failure in task.failures:
        if failure.attempt == number and failure.log_tail:
            return list(failure.log_tail)
    raise NotFound(
        f"the log of frame {task.frame}, attempt {number}, is not there: it has not come yet, was "
        "removed, or lies in a folder that this service does not see"
    )
