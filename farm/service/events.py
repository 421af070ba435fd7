"""The log of facts as server-sent events, for whoever watches."""

import json
from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from farm.model.errors import BadRequest, FarmError
from farm.service import answers
from farm.service.link import StoreLink
from farm.store import Fact, Store

router = APIRouter(tags=["farm"], responses=answers.DESCRIBED)

_WATCHERS = 64  #: each holds a thread while it waits; more than these take turns
_BLOCK_SECONDS = 1.0  #: also how soon a watcher who has gone is noticed
_QUIET_TURNS = 15  #: after so many turns without news a comment keeps proxies from hanging up
_watchers = anyio.CapacityLimiter(_WATCHERS)


@router.get(
    "/events",
    summary="Follow what happens",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "One fact per event."}},
)
async def events(
    request: Request,
    after: Annotated[str, Query(description="Facts after this id; only new ones if empty.")] = "",
    last_event_id: Annotated[str, Header()] = "",
) -> StreamingResponse:
    """Server-sent events: the id is the fact's, the event its kind, the data JSON."""
    link: StoreLink = request.app.state.link
    start = last_event_id or after
    if start and not start.replace("-", "", 1).isdigit():
        raise BadRequest(f"event id {start!r:.80} cannot be read: give the id of an event")
    start = start or await anyio.to_thread.run_sync(link.get().facts.last_id)
    return StreamingResponse(
        _stream(request, link, start),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


async def _stream(request: Request, link: StoreLink, after: str) -> AsyncIterator[str]:
    quiet = 0
    yield ": listening\n\n"
    while not link.stopping.is_set() and not await request.is_disconnected():
        facts = await _next(link.get(), after)
        for fact in facts:
            yield _event(fact)
            after = fact.id
        quiet = 0 if facts else quiet + 1
        if quiet == _QUIET_TURNS:
            quiet = 0
            yield ": nothing new\n\n"


async def _next(store: Store, after: str) -> list[Fact]:
    try:
        return await anyio.to_thread.run_sync(
            lambda: store.facts.read(after, limit=500, block_seconds=_BLOCK_SECONDS),
            limiter=_watchers,
        )
    except FarmError:
        await anyio.sleep(_BLOCK_SECONDS)  # the store is away; the watcher just sees nothing new
        return []


def _event(fact: Fact) -> str:
    data = json.dumps({"at": fact.at, "kind": fact.kind, "fields": fact.fields})
    return f"id: {fact.id}\nevent: {fact.kind}\ndata: {data}\n\n"
