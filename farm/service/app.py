"""The application: its routes, its errors, its life."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from fastapi import FastAPI

from farm import __version__
from farm.service import answers, events, frames, jobs, nodes, whole
from farm.service.gate import BodyLimit, RequestLog
from farm.service.link import StoreLink
from farm.store import Store

_ABOUT = """Submit Blender scenes to a Karst farm, watch them render, and steer them.

Every change takes an `Idempotency-Key` header: send the same key when you repeat a request whose
answer was lost. Errors are `{"error": {"kind", "message"}}` with one plain line as the message.
"""


def create_app(store: Store | StoreLink) -> FastAPI:
    """The service in front of `store`, which may be a link that is still being tried."""
    link = store if isinstance(store, StoreLink) else StoreLink.to(store)

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        await anyio.to_thread.run_sync(link.start)
        yield
        await anyio.to_thread.run_sync(link.stop)

    app = FastAPI(title="Karst", version=__version__, description=_ABOUT, lifespan=life)
    app.state.link = link
    for part in (jobs, frames, nodes, whole, events):
        app.include_router(part.router)
    answers.install(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(RequestLog)
    return app
