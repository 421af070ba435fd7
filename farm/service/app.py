"""The application: its routes, its errors, its life."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio
from fastapi import FastAPI

from farm import __version__
from farm.service import answers, events, frames, jobs, nodes, tokens, whole
from farm.service.access import Access
from farm.service.door import Door
from farm.service.gate import BodyLimit
from farm.service.link import StoreLink
from farm.service.log import RequestLog
from farm.store import Store

_ABOUT = """Submit Blender scenes to a Karst farm, watch them render, and steer them.

Every change takes an `Idempotency-Key` header: send the same key when you repeat a request whose
answer was lost. Errors are `{"error": {"kind", "message"}}` with one plain line as the message.

A farm that asks who you are takes `Authorization: Bearer TOKEN`. Another production's job is
answered as one that never was.
"""


def create_app(
    store: Store | StoreLink,
    *,
    asks: bool = False,
    near: bool = False,
    shared: Sequence[str] = (),
) -> FastAPI:
    """The service in front of `store`, which may be a link that is still being tried.

    It asks everybody who they are when `asks`, else from the first token ever made on; `near`: it
    listens on this machine's loopback only. In-place jobs lie under the folders `shared`.
    """
    link = store if isinstance(store, StoreLink) else StoreLink.to(store)

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        await anyio.to_thread.run_sync(link.start)
        yield
        await anyio.to_thread.run_sync(link.stop)

    app = FastAPI(
        title="Karst", version=__version__, description=_ABOUT, lifespan=life, redoc_url=None
    )
    app.state.link = link
    app.state.access = Access(link, asks=asks)
    app.state.shared = tuple(shared)
    for part in (jobs, frames, nodes, whole, events, tokens):
        app.include_router(part.router)
    answers.install(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(Door, access=app.state.access, near=near)
    app.add_middleware(RequestLog)
    return app
