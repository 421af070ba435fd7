"""Routes of webhooks: add, list, remove, test, and what was delivered."""

import time
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from farm.model.errors import BadRequest, Conflict
from farm.model.names import check_name, check_title
from farm.policy.access import ALL, Right
from farm.service import answers
from farm.service.access import Caller
from farm.service.hooks import EVENTS, TEST, USUAL_EVENTS, new_delivery
from farm.service.link import TheStore
from farm.service.post import check_url
from farm.service.requests import Key
from farm.service.tokens import on_disk
from farm.store import Store
from farm.store.connection import new_id
from farm.store.tokens import new_token_id
from farm.store.webhooks import Webhook, new_secret, no_webhook

router = APIRouter(prefix="/webhooks", tags=["webhooks"], responses=answers.DESCRIBED)

MOST_WEBHOOKS = 20  #: of one production


class WebhookIn(BaseModel, extra="forbid"):
    url: str = Field(description="http:// or https://; redirects are not followed.")
    production: str = Field(description='A name, or "*" for all.')
    events: list[str] = Field(
        default=list(USUAL_EVENTS), description=f"Of {', '.join(EVENTS)}.", max_length=10
    )
    note: str = ""


class WebhookOut(BaseModel, from_attributes=True):
    id: str
    production: str
    url: str
    events: list[str]
    note: str
    created_at: float


class MadeWebhookOut(WebhookOut):
    secret: str = Field(description="It signs what is delivered; told this once.")


class DeliveryOut(BaseModel, from_attributes=True):
    id: str
    event: str
    job: str = Field(description="Empty in a test.")
    state: str = Field(description='"waiting", "delivered" or "given up".')
    tries: int
    status: int = Field(description="HTTP status of the last answer; 0 when there was none.")
    error: str
    created_at: float
    tried_at: float | None
    due_at: float | None = Field(description="Of the next try.")


HookId = Annotated[str, Path(description="A webhook's id.")]


def _hook(hook: HookId, store: Store, caller: Caller) -> Webhook:
    found = store.webhooks.get(hook)
    if not caller.may(Right.MANAGE, found.production):
        raise no_webhook(hook)
    return found


@router.get("", summary="List webhooks")
def ls(store: TheStore, caller: Caller) -> list[WebhookOut]:
    """Those of the caller's production, or all. Never their secrets."""
    caller.must_somewhere(Right.MANAGE)
    found = [one for one in store.webhooks.list() if caller.may(Right.MANAGE, one.production)]
    return [WebhookOut.model_validate(hook) for hook in found]


@router.post("", status_code=201, summary="Add a webhook")
def post(store: TheStore, asked: WebhookIn, key: Key, caller: Caller) -> MadeWebhookOut:
    """From now on it hears of the ends of jobs.

    The same Idempotency-Key again adds the same webhook with a new secret. One added by an operator
    of all productions may lead to an address inside the render centre, others only to public ones.
    """
    caller.must(Right.MANAGE, asked.production)
    hook = _checked(asked, new_token_id(f"{caller.token}:{key}"), anywhere=caller.may(Right.MANAGE))
    others = [one for one in store.webhooks.list() if one.id != hook.id]
    if sum(one.production == hook.production for one in others) >= MOST_WEBHOOKS:
        raise Conflict(
            f"production {hook.production!r} has {MOST_WEBHOOKS} webhooks, which is the most: "
            "remove one (farm webhooks remove)"
        )
    hook = store.webhooks.add(hook)
    on_disk(store, f"webhook {hook.id} is added")
    return MadeWebhookOut(**WebhookOut.model_validate(hook).model_dump(), secret=hook.secret)


def _checked(asked: WebhookIn, hook_id: str, *, anywhere: bool) -> Webhook:
    """The webhook that is asked for. Raises BadRequest."""
    if asked.production != ALL:
        check_name("production", asked.production)
    if asked.note:
        check_title("note", asked.note)
    events = tuple(event for event in EVENTS if event in asked.events)
    if not events or set(asked.events) - set(EVENTS):
        raise BadRequest(f"events {asked.events!r:.200}: give some of {', '.join(EVENTS)}")
    return Webhook(
        id=hook_id,
        production=asked.production,
        url=check_url(asked.url),
        events=events,
        secret=new_secret(),
        note=asked.note,
        anywhere=anywhere,
    )


@router.delete("/{hook}", summary="Remove a webhook")
def remove(store: TheStore, hook: HookId, _key: Key, caller: Caller) -> WebhookOut:
    """It hears nothing more, not even what waits for it."""
    caller.must_somewhere(Right.MANAGE)
    found = _hook(hook, store, caller)
    store.webhooks.remove(hook)
    return WebhookOut.model_validate(found)


@router.post("/{hook}/test", status_code=202, summary="Send a webhook a test")
def test(store: TheStore, hook: HookId, _key: Key, caller: Caller) -> DeliveryOut:
    """It is tried once; how it went is among its deliveries."""
    caller.must_somewhere(Right.MANAGE)
    found = _hook(hook, store, caller)
    delivery = new_delivery(f"test-{new_id()}", found, TEST, at=time.time(), job=None)
    store.webhooks.queue_test(delivery)
    return DeliveryOut.model_validate(delivery)


@router.get("/{hook}/deliveries", summary="List what a webhook was told")
def deliveries(
    store: TheStore,
    hook: HookId,
    caller: Caller,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many at most.")] = 100,
) -> list[DeliveryOut]:
    """What was, or will be, delivered, newest first."""
    caller.must_somewhere(Right.MANAGE)
    found = store.webhooks.deliveries(_hook(hook, store, caller).id, limit=limit)
    return [DeliveryOut.model_validate(one) for one in found]
