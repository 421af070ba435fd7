"""What stands before every route: a limit on what is taken in.

Small bodies are read whole before the route begins. Files pass as they come, counted: no more of
one is held than the connection's own buffer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from farm.files.pack import MOST_PACK_BYTES
from farm.model.resources import MIB, TIB
from farm.service.answers import answer

MOST_BODY_BYTES = MIB
MOST_RESULT_BYTES = 4 * MIB  #: of a thumbnail or a log, and of a question about many files
USUAL_MOST_UPLOAD_BYTES = TIB


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wide:
    """Requests that may bring more than others."""

    method: str
    path: re.Pattern[str]
    most_bytes: int
    passes: bool = False  #: is it handed to the route as it comes?


_FILES = r"/(productions|jobs)/[^/]+/files"


def _wide(most_upload_bytes: int) -> Sequence[_Wide]:
    """The first that fits counts."""
    frame = re.compile(r"/jobs/[^/]+/frames/[^/]+/(thumbnail|log)")
    missing, pack, file = (re.compile(f"{_FILES}/{name}") for name in ("missing", "pack", "[^/]+"))
    return (
        _Wide(method="PUT", path=frame, most_bytes=MOST_RESULT_BYTES),
        _Wide(method="POST", path=missing, most_bytes=MOST_RESULT_BYTES),
        _Wide(method="POST", path=pack, most_bytes=MOST_PACK_BYTES, passes=True),
        _Wide(method="PUT", path=file, most_bytes=most_upload_bytes, passes=True),
    )


class BodyLimit:
    """Answers 413 to a body that is too long, by what it claims and by what comes."""

    def __init__(self, app: ASGIApp, *, most_upload_bytes: int = USUAL_MOST_UPLOAD_BYTES) -> None:
        self._app = app
        self._wide = _wide(most_upload_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most, passes = self._limit(scope)
        claimed = dict(scope["headers"]).get(b"content-length", b"0")
        if not claimed.isdigit() or int(claimed) > most:
            await answer(413, "BadRequest", _too_long(most))(scope, receive, send)
        elif passes:
            await self._app(scope, _counted(receive, most), send)
        else:
            await self._whole(scope, receive, send, most)

    def _limit(self, scope: Scope) -> tuple[int, bool]:
        path = scope["path"].removeprefix(scope.get("root_path", "").rstrip("/"))
        for one in self._wide:
            if one.method == scope["method"] and one.path.fullmatch(path):
                return one.most_bytes, one.passes
        return MOST_BODY_BYTES, False

    async def _whole(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        try:
            body = await _body(receive, most)
        except HTTPException as error:
            await answer(error.status_code, "BadRequest", error.detail)(scope, receive, send)
            return
        given = False

        async def again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)


async def _body(receive: Receive, most: int) -> bytes:
    """The whole body. Raises HTTPException when it is too long, or breaks off."""
    body = bytearray()
    more = True
    counted = _counted(receive, most)
    while more:
        message = await counted()
        if message["type"] != "http.request":
            raise HTTPException(400, "the connection broke before the whole request had come")
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def _counted(receive: Receive, most: int) -> Receive:
    """`receive`, until more than `most` bytes have come."""
    come = 0

    async def counted() -> Message:
        nonlocal come
        message = await receive()
        come += len(message.get("body", b""))
        if come > most:
            raise HTTPException(413, _too_long(most))
        return message

    return counted


def _too_long(most: int) -> str:
    return f"the request is longer than {most} bytes"
