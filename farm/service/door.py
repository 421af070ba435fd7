"""The door: who asks is settled before anything of a request is read, for every path but a few.

What is not named here is shut, so a route that forgets to ask who calls is shut as well.
"""

import ipaddress

import anyio
from starlette.types import ASGIApp, Receive, Scope, Send

from farm.model.errors import FarmError, NotAllowed
from farm.service import answers
from farm.service.access import Access, Identity

OPEN_PATHS = frozenset({"/healthz", "/docs", "/openapi.json"})  #: they tell nothing of any job
_AT_ONCE = 16
_HERE = frozenset({"localhost", ""})


class Door:
    """Puts the caller into the request's state, or answers 401."""

    def __init__(self, app: ASGIApp, *, access: Access, near: bool = False) -> None:
        """Let in whom `access` knows; `near` when the service listens on loopback only."""
        self._app = app
        self._access = access
        self._near = near
        # Its own threads: requests that read large scenes may hold all of the routes'.
        self._threads = anyio.CapacityLimiter(_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", "").rstrip("/"))
        if path not in OPEN_PATHS:
            try:
                caller = await self._caller(scope)
            except FarmError as error:
                await answers.of(error)(scope, receive, send)
                return
            scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)

    async def _caller(self, scope: Scope) -> Identity:
        headers = dict(scope["headers"])
        told = headers.get(b"authorization", b"").decode("latin-1")
        caller = await anyio.to_thread.run_sync(
            lambda: self._access.caller(told), limiter=self._threads
        )
        if caller.is_anybody and self._near:
            _check_near(headers)
        return caller


def _check_near(headers: dict[bytes, bytes]) -> None:
    """Refuse what did not come straight from this machine, while nobody is asked who they are.

    A proxy would hand on requests from anywhere. A web page of a foreign site could give this
    machine's address a name of its own, and then speak with the farm through its visitor's
    browser; but it cannot make the browser leave that name out.
    """
    if b"x-forwarded-for" in headers or b"forwarded" in headers:
        raise NotAllowed(
            "this came through a proxy, and the service asks nobody who they are: start it with "
            "--behind-proxy"
        )
    host = headers.get(b"host", b"").decode("latin-1")
    name = host.rpartition("]")[0].lstrip("[") or host.partition(":")[0]
    if name.lower() in _HERE or _is_address(name):
        return
    raise NotAllowed(
        f"the farm asks nobody who they are, so it cannot be reached as {name!r:.80}: use "
        "127.0.0.1 or localhost, or start the service with --auth"
    )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
