"""What stands before every route: a limit on what is taken in."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from farm.service.answers import answer

MOST_BODY_BYTES = 1024 * 1024


class BodyLimit:
    """Answers 413 to a body that is too long, by what it claims and by what comes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _body(scope, receive)
        if body is None:
            refusal = answer(
                413, "BadRequest", f"the request is longer than {MOST_BODY_BYTES} bytes"
            )
            await refusal(scope, receive, send)
            return
        given = False

        async def again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """The whole body, or None when it is too long."""
    claimed = dict(scope["headers"]).get(b"content-length", b"0")
    if not claimed.isdigit() or int(claimed) > MOST_BODY_BYTES:
        return None
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MOST_BODY_BYTES:
            return None
    return body
