"""What the service says of its work: one line per request, for people or as JSON for machines.

A line has the path, never the query, a header or a body: secrets travel there.
"""

import json
import logging
import re
import secrets
import sys
import time
from datetime import UTC, datetime
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from farm.service.access import Identity
from farm.service.answers import unforeseen

log = logging.getLogger("farm.service")

FORMATS = ("text", "json")
_SANE_ID = re.compile(r"[A-Za-z0-9._:+/=@-]{1,64}\Z")
#: What a line about a request says besides its text; in JSON each is a field.
_FIELDS = (
    "request",
    "method",
    "path",
    "status",
    "took_ms",
    "client",
    "role",
    "production",
    "token",
)


def set_up(*, form: str, verbose: bool) -> None:
    """Log to stderr in `form`; every request when `verbose`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(form_of(form))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler])
    for talkative in ("uvicorn", "asyncio", "urllib3"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


def form_of(form: str) -> logging.Formatter:
    """How a line looks: "text" or "json"."""
    return _JsonLine() if form == "json" else _Line()


class RequestLog:
    """Gives each request an id, and logs it: changes and failures always, questions if verbose."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, begun = 500, False
        began = time.perf_counter()
        request_id = _request_id(scope)

        async def sent(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception:
            told = {"request": request_id}
            log.exception("%s %r met our own error", scope["method"], scope["path"], extra=told)
            if not begun:
                await unforeseen()(scope, receive, sent)
        finally:
            quiet = scope["method"] == "GET" and status < 500
            level = logging.DEBUG if quiet or scope["path"] == "/healthz" else logging.INFO
            took_ms = round(1000 * (time.perf_counter() - began))
            _tell(level, scope, request_id=request_id, status=status, took_ms=took_ms)


def _request_id(scope: Scope) -> str:
    """The caller's X-Request-Id if it is short and plain, else a new one."""
    told = str(dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1"))
    return told if _SANE_ID.match(told) else secrets.token_hex(8)


def _tell(level: int, scope: Scope, *, request_id: str, status: int, took_ms: int) -> None:
    caller: Identity | None = scope.get("state", {}).get("caller")
    known = caller is not None and not caller.is_anybody
    who = f" by {caller.role} {caller.token} of {caller.production}" if caller and known else ""
    fields = {
        "request": request_id,
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "took_ms": took_ms,
        "client": (scope.get("client") or ("",))[0],
    }
    if caller and known:
        fields |= {"role": caller.role, "production": caller.production, "token": caller.token}
    text = "%s %r %d in %d ms%s [%s]"
    method, path = scope["method"], scope["path"]
    log.log(level, text, method, path, status, took_ms, who, request_id, extra=fields)


class _Line(logging.Formatter):
    """`2026-11-23T18:20:01Z warning farm.service: text`, in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = f"{at} {record.levelname.lower()} {record.name}: {record.getMessage()}"
        return text + (f"\n{self.formatException(record.exc_info)}" if record.exc_info else "")


class _JsonLine(logging.Formatter):
    """One JSON object a line; a request's has its parts as fields."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told: dict[str, Any] = {
            "at": at,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        told |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)
