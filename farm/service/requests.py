"""What every route takes from a request: checked ids, and the key that makes a repeat harmless.

Such checks are `async` because they never wait: each that is not costs every request a thread.
"""

from typing import Annotated

from fastapi import Depends, Header, Path, Query

from farm.model.errors import BadRequest
from farm.model.names import check_name

_MOST_KEY_CHARACTERS = 200


async def _key(idempotency_key: Annotated[str, Header()] = "") -> str:
    """The caller's Idempotency-Key.

    Every change needs one. A web page of another site cannot send it unasked, so a browser that
    visits such a page cannot be made to change the farm.
    """
    good = idempotency_key.isascii() and idempotency_key.isprintable()
    if good and 0 < len(idempotency_key) <= _MOST_KEY_CHARACTERS:
        return idempotency_key
    raise BadRequest(
        "the header Idempotency-Key is missing or unfit: send any text that is new for each "
        "change, and the same again when you repeat it, of at most "
        f"{_MOST_KEY_CHARACTERS} plain characters"
    )


def check_job_id(job: str) -> str:
    """`job` if it can be a job's number. Raises BadRequest."""
    if job.isascii() and job.isdigit() and len(job) <= 15:
        return job
    raise BadRequest(f"job {job!r:.80}: give the job's number, as `farm jobs ls` shows it")


async def _job_id(job: Annotated[str, Path(description="A job's number.")]) -> str:
    return check_job_id(job)


async def _node_name(node: Annotated[str, Path(description="A node's name.")]) -> str:
    return check_name("node", node)


async def _production_name(
    production: Annotated[str, Path(description="A production's name.")],
) -> str:
    return check_name("production", production)


Key = Annotated[str, Depends(_key)]
JobId = Annotated[str, Depends(_job_id)]
NodeName = Annotated[str, Depends(_node_name)]
ProductionName = Annotated[str, Depends(_production_name)]
FrameNumber = Annotated[int, Path(description="The frame's number.")]
LayerName = Annotated[str | None, Query(description="Where several layers have this frame.")]
Limit = Annotated[int, Query(ge=1, le=10_000, description="How many at most.")]
