"""Sends a file as an answer: whole or in part, a block at a time, never held in memory."""

import os
import re
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from farm.model.errors import NotFound
from farm.service.answers import answer
from farm.service.intake import in_thread
from farm.service.link import StoreLink

BYTES = "application/octet-stream"

#: For the OpenAPI description of routes that send files.
DESCRIBED: dict[int | str, dict[str, Any]] = {
    200: {"content": {BYTES: {}}, "description": "The file."},
    206: {"content": {BYTES: {}}, "description": "The part of it that Range asks for."},
    304: {"description": "The caller has it, as If-None-Match says."},
    416: {"description": "The file ends before the part that Range asks for."},
}


def takes(media_type: str = BYTES) -> dict[str, Any]:
    """For the OpenAPI description of a route whose body is a file."""
    schema = {"type": "string", "format": "binary"}
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}


_BLOCK_BYTES = 512 * 1024
_RANGE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})\Z")


def send_file(
    request: Request,
    path: Path,
    *,
    digest: str,
    media_type: str = BYTES,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer to `request` that gives the file at `path`, which has `digest`.

    Raises NotFound when it is not there (any more), OSError.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NotFound(
            f"file {digest} is not there any more: it was collected or removed"
        ) from error
    size = os.fstat(descriptor).st_size
    part = _asked_part(request, digest, size)
    told = {
        "ETag": f'"{digest}"',
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",  # anybody's bytes: no page, whatever they look like
        **(headers or {}),
    }
    if _is_known(request.headers.get("if-none-match", ""), digest):
        os.close(descriptor)
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=told)
    if part == (size, 0):
        os.close(descriptor)
        return _beyond(digest, size)
    return _FileAnswer(request, descriptor, part or (0, size), media_type=media_type, headers=told)


def _is_known(tags: str, digest: str) -> bool:
    return tags.strip() == "*" or f'"{digest}"' in tags


def _beyond(digest: str, size: int) -> Response:
    """What is answered when the file ends before the part that is asked for."""
    refusal = answer(416, "BadRequest", f"file {digest} has {size} bytes: ask for a part of those")
    refusal.headers["Content-Range"] = f"bytes */{size}"
    return refusal


def _asked_part(request: Request, digest: str, size: int) -> tuple[int, int] | None:
    """Start and length of the part that is asked for; None for all, (size, 0) for one beyond it.

    Whoever asks must be ready for the whole; who asks for several parts gets that.
    """
    match = _RANGE.match(request.headers.get("range", "").replace(" ", ""))
    if match is None or request.headers.get("if-range", f'"{digest}"') != f'"{digest}"':
        return None
    first, last = match.groups()
    if first:
        start, end = int(first), min(size, int(last) + 1) if last else size
    elif last:
        start, end = max(0, size - int(last)), size
    else:
        return None
    if start >= size:
        return size, 0
    return (start, end - start) if end > start else None


class _FileAnswer(Response):
    """Reads the file while it is sent; it stays open till then, so it may be removed meanwhile."""

    def __init__(
        self,
        request: Request,
        descriptor: int,
        part: tuple[int, int],
        *,
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(media_type=media_type, headers=headers)
        self._request = request
        self._descriptor = descriptor
        self._at, self._left = part
        size = os.fstat(descriptor).st_size
        if self._left < size:
            self.status_code = HTTPStatus.PARTIAL_CONTENT
            last = self._at + self._left - 1
            self.headers["Content-Range"] = f"bytes {self._at}-{last}/{size}"
        self.headers["Content-Length"] = str(self._left)

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        link: StoreLink = self._request.app.state.link
        try:
            start = {"type": "http.response.start", "status": self.status_code}
            await send({**start, "headers": self.raw_headers})
            while self._left:
                count = min(_BLOCK_BYTES, self._left)
                block = await in_thread(os.pread, self._descriptor, count, self._at)
                gone = not block or await self._request.is_disconnected()
                if gone or link.stopping.is_set():
                    return  # the answer ends unfinished: the caller sees that, and asks again
                self._at += len(block)
                self._left -= len(block)
                await send({"type": "http.response.body", "body": block, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            os.close(self._descriptor)
