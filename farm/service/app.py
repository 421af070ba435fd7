"""The application: its routes, its errors, its life."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio
from fastapi import FastAPI

from farm import __version__
from farm.files.content import ContentStore
from farm.service import (
    ahead,
    answers,
    collect,
    events,
    files,
    filters,
    frames,
    jobs,
    limits,
    nodes,
    results,
    shares,
    steering,
    tokens,
    upkeep,
    usage,
    webhooks,
    whole,
    why,
)
from farm.service.access import Access
from farm.service.door import Door
from farm.service.gate import USUAL_MOST_UPLOAD_BYTES, BodyLimit
from farm.service.hooks import Deliverer, Timings
from farm.service.link import StoreLink
from farm.service.log import RequestLog
from farm.service.outlook import PLAN_SECONDS, Outlooks
from farm.settings import setting
from farm.store import Store

_ABOUT = """Submit Blender scenes to a Karst farm, watch them render, and steer them.

Every change takes an `Idempotency-Key` header: send the same key when you repeat a request whose
answer was lost. Errors are `{"error": {"kind", "message"}}` with one plain line as the message.

A farm that asks who you are takes `Authorization: Bearer TOKEN`. Another production's job is
answered as one that never was.
"""

_PARTS = (
    jobs,
    steering,
    frames,
    results,
    files,
    nodes,
    ahead,
    shares,
    limits,
    filters,
    whole,
    collect,
    events,
    tokens,
    webhooks,
    why,
    usage,
    upkeep,
)


def create_app(
    store: Store | StoreLink,
    *,
    content: ContentStore | None = None,
    most_upload_bytes: int = USUAL_MOST_UPLOAD_BYTES,
    asks: bool = False,
    near: bool = False,
    shared: Sequence[str] = (),
    hooks: Timings | None = None,
    plan_seconds: float = PLAN_SECONDS,
) -> FastAPI:
    """The service in front of `store`, which may be a link that is still being tried.

    What studios and nodes send is kept in `content`, or the folder that the setting `files` names;
    no file larger than `most_upload_bytes`.
    It asks everybody who they are when `asks`, else from the first token ever made on; `near`: it
    listens on this machine's loopback only. In-place jobs lie under the folders `shared`.
    `hooks` says how patiently webhooks are told; a plan tells for `plan_seconds` why jobs wait.
    """
    link = store if isinstance(store, StoreLink) else StoreLink.to(store)
    app = FastAPI(
        title="Karst",
        version=__version__,
        description=_ABOUT,
        lifespan=_life(link, Deliverer(link, hooks or Timings())),
        redoc_url=None,
    )
    app.state.link = link
    app.state.files = content or ContentStore(setting("files"))
    app.state.most_upload_bytes = most_upload_bytes
    app.state.outlooks = Outlooks(plan_seconds)
    app.state.access = Access(link, asks=asks)
    app.state.shared = tuple(shared)
    for part in _PARTS:  # as they are; `include_router` would build each route once more
        app.router.routes.extend(part.router.routes)
    answers.install(app)
    app.add_middleware(BodyLimit, most_upload_bytes=most_upload_bytes)
    app.add_middleware(Door, access=app.state.access, near=near)
    app.add_middleware(RequestLog)
    return app


def _life(
    link: StoreLink, deliverer: Deliverer
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """What runs beside the routes, from start to stop."""

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        await anyio.to_thread.run_sync(link.start)
        deliverer.start()
        yield
        await anyio.to_thread.run_sync(deliverer.stop)
        await anyio.to_thread.run_sync(link.stop)

    return life
