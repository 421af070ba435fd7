"""Routes of files: which the farm lacks, send them, fetch them; for productions and for nodes."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from starlette.responses import Response

from farm.files.content import NODES, ContentStore
from farm.files.pack import Unpacker
from farm.model.errors import BadRequest, NotFound
from farm.model.manifest import MOST_FILE_BYTES, check_digest
from farm.model.names import check_name
from farm.model.sizes import format_size
from farm.policy.access import Right
from farm.service import answers, sending
from farm.service.access import Caller, RenderedJob, SuppliedJob
from farm.service.content import TheFiles
from farm.service.file_schemas import FileOut, MissingFile, MissingIn, MissingOut, PackOut
from farm.service.intake import at_length, in_thread, pour
from farm.service.link import TheStore
from farm.service.requests import Key

router = APIRouter(tags=["files"], responses=answers.DESCRIBED)

_OF_PRODUCTION = "/productions/{production}/files"
_OF_JOB = "/jobs/{job}/files"


def _production_for(right: Right) -> Callable[..., Awaitable[str]]:
    async def name(
        production: Annotated[str, Path(description="A production's name.")], caller: Caller
    ) -> str:
        check_name("production", production)
        caller.must(right, production)
        return production

    return name


async def _digest(digest: Annotated[str, Path(description="BLAKE3, 64 digits 0-9 a-f.")]) -> str:
    return check_digest(digest)


Sender = Annotated[str, Depends(_production_for(Right.SEND_FILES))]
Reader = Annotated[str, Depends(_production_for(Right.READ_FILES))]
Digest = Annotated[str, Depends(_digest)]
SizeBytes = Annotated[
    int, Query(ge=0, le=MOST_FILE_BYTES, description="Of the whole file, not of what is sent now.")
]
Offset = Annotated[int, Query(ge=0, le=MOST_FILE_BYTES, description="Where what is sent begins.")]


@router.post(f"{_OF_PRODUCTION}/missing", summary="Ask which files the farm lacks")
def missing(files: TheFiles, production: Sender, asked: MissingIn, _key: Key) -> MissingOut:
    """What is there stays for another day at least, so that a job can be submitted with it."""
    return _missing(files, production, asked)


@router.put(
    f"{_OF_PRODUCTION}/{{digest}}",
    status_code=201,
    summary="Send a file, or the rest of it",
    openapi_extra=sending.takes(),
)
async def put(
    *,
    request: Request,
    files: TheFiles,
    production: Sender,
    digest: Digest,
    size_bytes: SizeBytes,
    offset: Offset = 0,
    _key: Key,
) -> FileOut:
    """Its bytes from `offset` on. What has come when the connection breaks is kept."""
    return await _take(
        request, files, production, digest=digest, size_bytes=size_bytes, offset=offset
    )


@router.post(
    f"{_OF_PRODUCTION}/pack", summary="Send many small files at once", openapi_extra=sending.takes()
)
async def pack(request: Request, files: TheFiles, production: Sender, _key: Key) -> PackOut:
    """For each file 32 bytes of digest, 8 bytes of size, big end first, and its bytes.

    A file of a pack has 1 MiB at most, a pack 64 MiB. Each is kept as it is verified, whatever
    becomes of those after it.
    """
    unpacker = Unpacker(files, production)
    try:
        await pour(request, unpacker.feed)
        await in_thread(unpacker.finish)
    finally:
        await in_thread(unpacker.close)
    return PackOut(stored=unpacker.stored)


@router.get(
    f"{_OF_PRODUCTION}/{{digest}}",
    summary="Fetch a file",
    response_class=Response,
    responses=sending.DESCRIBED,
)
def get(request: Request, files: TheFiles, production: Reader, digest: Digest) -> Response:
    """One that this production has sent. Range is honoured; the ETag is the digest."""
    return _give(request, files, production, digest)


@router.post(f"{_OF_JOB}/missing", summary="Ask which results the farm lacks")
def missing_results(files: TheFiles, _job: RenderedJob, asked: MissingIn, _key: Key) -> MissingOut:
    """For nodes that send images back."""
    return _missing(files, NODES, asked)


@router.put(
    f"{_OF_JOB}/{{digest}}",
    status_code=201,
    summary="Send a result, or the rest of it",
    openapi_extra=sending.takes(),
)
async def put_result(
    *,
    request: Request,
    files: TheFiles,
    _job: RenderedJob,
    digest: Digest,
    size_bytes: SizeBytes,
    offset: Offset = 0,
    _key: Key,
) -> FileOut:
    """For nodes that send images back."""
    return await _take(request, files, NODES, digest=digest, size_bytes=size_bytes, offset=offset)


@router.get(
    f"{_OF_JOB}/{{digest}}",
    summary="Fetch a file that a job needs",
    response_class=Response,
    responses=sending.DESCRIBED,
)
def get_of_job(
    request: Request, files: TheFiles, store: TheStore, job: SuppliedJob, digest: Digest
) -> Response:
    """One that the job's production has sent."""
    return _give(request, files, store.jobs.production(job), digest)


def _missing(files: ContentStore, owner: str, asked: MissingIn) -> MissingOut:
    wanted = {check_digest(one.digest): one.size_bytes for one in asked.files}
    there, lacking = [], []
    with files.taking_in():
        for digest, size in wanted.items():
            if files.owned(owner, digest) and files.size_of(digest) == size:
                there.append(digest)
            else:
                come = files.offset(owner, digest)
                lacking.append(MissingFile(digest=digest, offset=come if come <= size else 0))
        files.touch(there)
    return MissingOut(missing=lacking)


async def _take(
    request: Request, files: ContentStore, owner: str, *, digest: str, size_bytes: int, offset: int
) -> FileOut:
    _check_length(request, size_bytes, offset)
    upload = await in_thread(files.receive, owner, digest, size_bytes, offset)
    try:
        if not upload.is_there:
            await pour(request, upload.write)
            await at_length(upload.finish)
    finally:
        upload.close()
    return FileOut(digest=digest, size_bytes=size_bytes)


def _check_length(request: Request, size_bytes: int, offset: int) -> None:
    """Raise for a file that is too large here, or a body that is not the rest of it."""
    most: int = request.app.state.most_upload_bytes
    if size_bytes > most:
        raise HTTPException(
            413,
            f"the file has {format_size(size_bytes)}, and this farm takes {format_size(most)} at "
            "most (farm service --most-upload)",
        )
    claimed = request.headers.get("content-length")
    left = size_bytes - offset
    if left < 0 or (claimed is not None and int(claimed) != left):
        body = "" if claimed is None else f", and the request has {claimed}"
        raise BadRequest(
            f"of a file of {size_bytes} bytes {max(0, left)} are left from offset {offset} on"
            f"{body}: send exactly the rest"
        )


def _give(request: Request, files: ContentStore, production: str, digest: str) -> Response:
    if not files.owned(production, digest):
        raise NotFound(
            f"production {production} has no file {digest} on the farm: it was never sent, or "
            "was collected; send it again"
        )
    files.touch([digest])
    return sending.send_file(request, files.path_of(digest), digest=digest)
