"""The log of facts as server-sent events, for whoever watches."""

import json
import re
from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from farm.model.errors import BadRequest, FarmError
from farm.policy.access import Right
from farm.service import answers
from farm.service.access import Access, Caller, Identity, check_job
from farm.service.answers import Stranger
from farm.service.link import StoreLink
from farm.service.requests import check_job_id
from farm.service.watch import BLOCK_SECONDS, Watch
from farm.store import Fact, Store

router = APIRouter(tags=["farm"], responses=answers.DESCRIBED)

_WATCHERS = 64  #: each holds a thread while it waits; more than these take turns
_QUIET_TURNS = 15  #: after so many turns without news a comment keeps proxies from hanging up
_ID = re.compile(r"[0-9]{1,19}(?:-[0-9]{1,19})?\Z")
_watchers = anyio.CapacityLimiter(_WATCHERS)


@router.get(
    "/events",
    summary="Follow what happens",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "One fact per event."}},
)
async def events(
    *,
    request: Request,
    caller: Caller,
    after: Annotated[str, Query(description="Facts after this id; only new ones if empty.")] = "",
    job: Annotated[str, Query(description="Only facts of this job; all if empty.")] = "",
    last_event_id: Annotated[str, Header()] = "",
    authorization: Annotated[str, Header(include_in_schema=False)] = "",
) -> StreamingResponse:
    """Server-sent events: the id is the fact's, the event its kind, the data JSON.

    Those of the caller's production; facts of no job only for operators of all productions.
    """
    link: StoreLink = request.app.state.link
    access: Access = request.app.state.access
    caller.must_somewhere(Right.READ_JOBS)
    start = last_event_id or after
    if start and not _ID.match(start):
        raise BadRequest(f"event id {start!r:.80} cannot be read: give the id of an event")
    start = await anyio.to_thread.run_sync(lambda: _start(link.get(), caller, start, job))
    watch = Watch(link, caller, again=lambda: access.caller(authorization), job=job)
    return StreamingResponse(
        _stream(request, watch, start),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


def _start(store: Store, caller: Identity, start: str, job: str) -> str:
    if job:
        check_job(check_job_id(job), Right.READ_JOBS, store=store, caller=caller)
    return start or store.facts.last_id()


async def _stream(request: Request, watch: Watch, after: str) -> AsyncIterator[str]:
    link: StoreLink = request.app.state.link
    quiet = 0
    yield ": listening\n\n"
    while not link.stopping.is_set() and not await request.is_disconnected():
        try:
            after, facts = await _turn(watch, after)
        except Stranger:
            return
        for fact in facts:
            yield _event(fact)
        quiet = 0 if facts else quiet + 1
        if quiet == _QUIET_TURNS:
            quiet = 0
            yield ": nothing new\n\n"


async def _turn(watch: Watch, after: str) -> tuple[str, list[Fact]]:
    try:
        return await anyio.to_thread.run_sync(lambda: watch.turn(after), limiter=_watchers)
    except Stranger:
        raise
    except FarmError:
        await anyio.sleep(BLOCK_SECONDS)  # the store is away; the watcher just sees nothing new
        return after, []


def _event(fact: Fact) -> str:
    data = json.dumps({"at": fact.at, "kind": fact.kind, "fields": fact.fields})
    return f"id: {fact.id}\nevent: {fact.kind}\ndata: {data}\n\n"
