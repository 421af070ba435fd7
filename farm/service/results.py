"""Routes of what comes of a frame: its image, its thumbnail, and the log that a node sends.

Of a sent job they lie in the content store, by digest or by job; of one in place beside its images.
"""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from farm.files.hashing import hash_bytes
from farm.model.errors import BadRequest, NotFound
from farm.model.job import Job, Layer, Task
from farm.model.states import TaskState
from farm.service import answers, sending
from farm.service.access import RenderedJob, SuppliedJob, VisibleJob
from farm.service.content import TheFiles
from farm.service.digests import KnownDigests
from farm.service.file_schemas import FileOut
from farm.service.intake import in_thread
from farm.service.link import TheStore
from farm.service.requests import FrameNumber, Key, LayerName
from farm.service.shared import Shared, check_shared
from farm.store import Store

router = APIRouter(
    prefix="/jobs/{job}/frames/{frame}", tags=["frames"], responses=answers.DESCRIBED
)

_JPEG, _JPEG_BEGINS = "image/jpeg", b"\xff\xd8\xff"
_TYPES = {
    ".png": "image/png",
    ".jpg": _JPEG,
    ".exr": "image/x-exr",
    ".tif": "image/tiff",
    ".webp": "image/webp",
    ".mp4": "video/mp4",
}
_digests = KnownDigests()


@router.get(
    "/image",
    summary="Fetch the image of a frame",
    response_class=Response,
    responses=sending.DESCRIBED,
)
def image(
    *,
    request: Request,
    store: TheStore,
    files: TheFiles,
    shared: Shared,
    job: VisibleJob,
    frame: FrameNumber,
    layer: LayerName = None,
) -> Response:
    """The finished one. X-Karst-Digest has its digest, X-Karst-Name its file's name, encoded."""
    task, of = found(store, job, frame, layer)
    settings = of.spec.settings
    path = settings.image_path(frame)
    if task.state is not TaskState.SUCCEEDED:
        raise NotFound(f"frame {frame} of job {job} has no image: it is {task.state}")
    if settings.is_sent:
        digest = task.image_digest
        where = files.path_of(digest)
        files.touch([digest])
    else:
        where = check_shared(str(path), shared, what="image")
        digest = _digests.of(where, what=f"the image of frame {frame} of job {job}")
    return sending.send_file(
        request,
        where,
        digest=digest,
        media_type=_TYPES.get(path.suffix, sending.BYTES),
        headers={"X-Karst-Digest": digest, "X-Karst-Name": quote(path.name)},
    )


@router.get(
    "/thumbnail",
    summary="Fetch the thumbnail of a frame",
    response_class=Response,
    responses=sending.DESCRIBED,
)
def thumbnail(
    *,
    request: Request,
    store: TheStore,
    files: TheFiles,
    shared: Shared,
    job: SuppliedJob,
    frame: FrameNumber,
    layer: LayerName = None,
) -> Response:
    """A small JPEG in the image's right colours."""
    _, of = found(store, job, frame, layer)
    settings = of.spec.settings
    if settings.is_sent:
        where = files.thumbnail_path(job, of.spec.name, frame)
    else:
        where = check_shared(str(settings.thumbnail_path(frame)), shared, what="thumbnail")
    digest = _digests.of(where, what=f"the thumbnail of frame {frame} of job {job}")
    return sending.send_file(request, where, digest=digest, media_type=_JPEG)


@router.put(
    "/thumbnail",
    summary="Send the thumbnail of a frame",
    openapi_extra=sending.takes(_JPEG),
)
async def put_thumbnail(
    *,
    request: Request,
    store: TheStore,
    files: TheFiles,
    job: RenderedJob,
    frame: FrameNumber,
    layer: LayerName = None,
    _key: Key,
) -> FileOut:
    """For nodes: of a sent job, 4 MiB at most."""
    data = await request.body()
    if not data.startswith(_JPEG_BEGINS):
        raise BadRequest(f"the thumbnail of frame {frame} of job {job} is no JPEG: send one")

    def keep() -> None:
        _, of = found_sent(store, job, frame, layer)
        files.put(files.thumbnail_path(job, of.spec.name, frame), data)

    await in_thread(keep)
    return FileOut(digest=hash_bytes(data), size_bytes=len(data))


@router.put(
    "/log",
    summary="Send the log of an attempt",
    openapi_extra=sending.takes("text/plain"),
)
async def put_log(
    *,
    request: Request,
    store: TheStore,
    files: TheFiles,
    job: RenderedJob,
    frame: FrameNumber,
    attempt: Annotated[int, Query(ge=1)],
    layer: LayerName = None,
    _key: Key,
) -> FileOut:
    """For nodes: of a sent job, its last 4 MiB at most."""
    data = await request.body()

    def keep() -> None:
        task, of = found_sent(store, job, frame, layer)
        if attempt > task.attempt:
            raise NotFound(f"frame {frame} of job {job} has had {task.attempt} attempts")
        files.put(files.log_path(job, of.spec.name, frame, attempt), data)

    await in_thread(keep)
    return FileOut(digest=hash_bytes(data), size_bytes=len(data))


def found(store: Store, job: str, frame: int, layer: str | None) -> tuple[Task, Layer]:
    """The task that renders `frame`, and its layer. Raises NotFound."""
    task = store.tasks.get(job, frame, layer=layer)
    return task, layer_of(store.jobs.get(job), task)


def found_sent(store: Store, job: str, frame: int, layer: str | None) -> tuple[Task, Layer]:
    """The same, of a job whose results come back. Raises NotFound, BadRequest for another."""
    task, of = found(store, job, frame, layer)
    if not of.spec.settings.is_sent:
        raise BadRequest(f"job {job} lies on shared storage: write beside its images instead")
    return task, of


def layer_of(job: Job, task: Task) -> Layer:
    """The layer of `job` that `task` belongs to."""
    return next(layer for layer in job.layers if task.layer in (layer.id, layer.spec.name))
