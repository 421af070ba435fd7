"""Routes that change a job that is there: frames skipped, its place and its times."""

from fastapi import APIRouter

from farm.model.errors import BadRequest
from farm.model.frames import Frames
from farm.service import answers
from farm.service.access import SteeredJob
from farm.service.jobs import changed
from farm.service.link import TheStore
from farm.service.requests import Key
from farm.service.schemas import ChangedOut
from farm.service.steer_schemas import MomentIn, MoveIn, SkipIn

router = APIRouter(prefix="/jobs/{job}", tags=["jobs"], responses=answers.DESCRIBED)


@router.post("/skip", summary="Take frames of a job as done")
def skip(store: TheStore, job: SteeredJob, key: Key, asked: SkipIn) -> ChangedOut:
    """They need no image, and what waits for them goes on; those that run are stopped."""
    frames = Frames(asked.frames)
    tasks = store.steering.skip(job, frames, layer=asked.layer, by=asked.by, request=key)
    return changed(store, job, tasks)


@router.put("/place", summary="Move a job to another pool or group")
def move(store: TheStore, job: SteeredJob, _key: Key, asked: MoveIn) -> ChangedOut:
    """Waiting frames go there; those in work finish where they are."""
    if asked.pool is None and asked.group is None:
        raise BadRequest("nothing to move: give a pool or a group")
    store.steering.move(job, pool=asked.pool, group=asked.group)
    return changed(store, job)


@router.put("/start", summary="Set when a job may begin")
def set_start(store: TheStore, job: SteeredJob, _key: Key, asked: MomentIn) -> ChangedOut:
    """Nothing of it begins earlier; frames in work finish."""
    store.steering.set_start(job, asked.at)
    return changed(store, job)


@router.put("/deadline", summary="Set by when a job is wanted")
def set_deadline(store: TheStore, job: SteeredJob, _key: Key, asked: MomentIn) -> ChangedOut:
    """Among jobs of one production and priority, those that are late go first."""
    store.steering.set_deadline(job, asked.at)
    return changed(store, job)
