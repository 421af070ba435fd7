"""Takes a request's body in as it comes: nothing of it is held for longer than a block fills.

A connection that breaks, or brings nothing more, ends the request; what has come is handed on
first. The disk is waited for in threads of their own, so that other requests never wait for it.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import ParamSpec, TypeVar

import anyio
from fastapi import Request

from farm.model.errors import ServiceUnavailable
from farm.service.link import StoreLink

BLOCK_BYTES = 1024 * 1024
SILENT_SECONDS = 30.0  #: after so long without a byte the sender is taken for gone
_LOOK_SECONDS = 0.5  #: how soon a service that is to stop is noticed
_threads = anyio.CapacityLimiter(8)
_long_threads = anyio.CapacityLimiter(4)  #: of their own, so that blocks never wait for them

P = ParamSpec("P")
T = TypeVar("T")


class _End(Enum):
    MORE = auto()
    WHOLE = auto()
    BROKEN = "the connection broke"
    SILENT = "nothing came for too long"
    STOPPING = "the service is stopping"


async def in_thread(step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The value of `step`, which may wait for the disk."""
    return await anyio.to_thread.run_sync(lambda: step(*args, **kwargs), limiter=_threads)


async def at_length(step: Callable[[], T]) -> T:
    """The value of `step`, which may read a whole file and wait for the disk for minutes."""
    return await anyio.to_thread.run_sync(step, limiter=_long_threads)


async def pour(request: Request, write: Callable[[bytearray], None]) -> None:
    """Hand the body of `request` to `write`, a block at a time, in a thread.

    Raises ServiceUnavailable when it breaks off, after `write` had all that came; and what
    `write` raises.
    """
    held = bytearray()
    end = _End.MORE
    while end is _End.MORE:
        data, end = await _next(request)
        held += data
        if len(held) >= BLOCK_BYTES or (held and end is not _End.MORE):
            block, held = held, bytearray()
            await in_thread(write, block)
    if end is not _End.WHOLE:
        raise ServiceUnavailable(
            f"the request broke off ({end.value}): what has come is kept; go on from there"
        )


async def _next(request: Request) -> tuple[bytes, _End]:
    """The next bytes, and whether there will be more."""
    link: StoreLink = request.app.state.link
    for _ in range(int(SILENT_SECONDS / _LOOK_SECONDS)):
        if link.stopping.is_set():
            return b"", _End.STOPPING
        with anyio.move_on_after(_LOOK_SECONDS):
            message = await request.receive()
            if message["type"] != "http.request":
                return b"", _End.BROKEN
            more = message.get("more_body", False)
            return message.get("body", b""), _End.MORE if more else _End.WHOLE
    return b"", _End.SILENT
