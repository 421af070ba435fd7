"""Webhooks in the store: who wants to hear of what, and what is still to be delivered.

A place in the log of facts and the queue of deliveries move in one step, so that no end of a job is
missed or queued twice, whichever service dies when. A delivery may arrive twice, never not at all.

The secret of a webhook is kept as it is: it signs.
"""

import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from farm.model.errors import NotFound
from farm.store import keys
from farm.store.connection import Connection

MOST_DELIVERIES = 1000  #: kept per webhook, ended ones too; the oldest go

WAITING = "waiting"
DELIVERED = "delivered"
GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Somebody who wants to hear of the ends of jobs."""

    id: str
    production: str  #: a name, or "*" for all
    url: str
    events: tuple[str, ...]
    secret: str
    note: str
    anywhere: bool  #: may it lead to addresses that are not public?
    created_at: float = 0.0  #: seconds since 1970, the store's clock; earlier facts are not told


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way to one webhook."""

    id: str  #: the same in every try: whoever receives it twice knows it again
    hook: str
    event: str
    job: str  #: "" in a test
    body: str  #: the same in every try
    state: str = WAITING
    tries: int = 0
    status: int = 0  #: of the last answer; 0 when there was none
    error: str = ""  #: of the last try
    created_at: float = 0.0
    tried_at: float | None = None
    due_at: float | None = None  #: of the next try


class WebhookStore:
    """Add, list and remove webhooks; queue and settle deliveries."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`."""
        self._connection = connection

    def add(self, hook: Webhook) -> Webhook:
        """Keep `hook`, from now on."""
        hook = replace(hook, created_at=self._now())
        with self._connection.guard():
            self._connection.client.hset(keys.WEBHOOKS, hook.id, json.dumps(asdict(hook)))
        return hook

    def list(self) -> list[Webhook]:
        """All webhooks, oldest first."""
        with self._connection.guard():
            found = self._connection.client.hvals(keys.WEBHOOKS)
        hooks = [_hook(text) for text in found]
        return sorted(hooks, key=lambda hook: (hook.created_at, hook.id))

    def get(self, hook_id: str) -> Webhook:
        """One webhook. Raises NotFound."""
        with self._connection.guard():
            found = self._connection.client.hget(keys.WEBHOOKS, hook_id)
        if found is None:
            raise no_webhook(hook_id)
        return _hook(found)

    def remove(self, hook_id: str) -> None:
        """Tell it nothing more. Raises NotFound."""
        with self._connection.guard():
            pipeline = self._connection.client.pipeline(transaction=True)
            pipeline.hdel(keys.WEBHOOKS, hook_id)
            pipeline.delete(*(keys.webhook(hook_id, part) for part in keys.WEBHOOK_PARTS))
            if not pipeline.execute()[0]:
                raise no_webhook(hook_id)

    def lead(self, token: str, *, seconds: float) -> bool:
        """Deliver for `seconds` more, or not at all with 0. False while another service does."""
        return bool(self._connection.call("farm_hooks_lead", token, int(seconds * 1000)))

    def place(self) -> str:
        """The id of the last fact that deliveries were queued for, "" at first."""
        with self._connection.guard():
            return str(self._connection.client.get(keys.WEBHOOKS_PLACE) or "")

    def queue(self, token: str, deliveries: Sequence[Delivery], *, before: str, to: str) -> bool:
        """Queue `deliveries` and move the place from `before` to `to`.

        False when another service delivers, or has been there already.
        """
        words = [word for one in deliveries for word in (one.id, one.hook, json.dumps(asdict(one)))]
        return bool(
            self._connection.call("farm_hooks_queue", token, before, to, MOST_DELIVERIES, *words)
        )

    def queue_test(self, delivery: Delivery) -> None:
        """Queue a delivery that no fact has caused."""
        now = self._now()
        text = json.dumps(asdict(replace(delivery, created_at=now, due_at=now)))
        with self._connection.guard():
            pipeline = self._connection.client.pipeline(transaction=True)
            pipeline.hset(keys.webhook(delivery.hook, "deliveries"), delivery.id, text)
            pipeline.zadd(keys.webhook(delivery.hook, "due"), {delivery.id: int(now * 1000)})
            pipeline.rpush(keys.webhook(delivery.hook, "order"), delivery.id)
            pipeline.execute()

    def due(self, hooks: Collection[str]) -> Sequence[Delivery]:
        """The delivery that each of `hooks` is to be told first, where its time has come."""
        now_ms = int(self._now() * 1000)
        with self._connection.guard():
            pipeline = self._connection.client.pipeline(transaction=False)
            for hook in hooks:
                pipeline.zrangebyscore(keys.webhook(hook, "due"), 0, now_ms, start=0, num=1)
            found = zip(hooks, pipeline.execute() if hooks else (), strict=True)
            wanted = [(hook, ids[0]) for hook, ids in found if ids]
            for hook, delivery in wanted:
                pipeline.hget(keys.webhook(hook, "deliveries"), delivery)
            texts = pipeline.execute() if wanted else ()
        return [Delivery(**json.loads(text)) for text in texts if text is not None]

    def settle(self, delivery: Delivery, *, pause_seconds: float | None) -> bool:
        """Note how a try went; None: there is no other. False when it had ended, or is gone."""
        pause_ms = -1 if pause_seconds is None else int(pause_seconds * 1000)
        text = json.dumps(asdict(delivery))
        return bool(
            self._connection.call("farm_hooks_settle", delivery.hook, delivery.id, text, pause_ms)
        )

    def deliveries(self, hook_id: str, *, limit: int = 100) -> Sequence[Delivery]:
        """What was, or will be, delivered to the webhook, newest first."""
        with self._connection.guard():
            client = self._connection.client
            ids = client.lrange(keys.webhook(hook_id, "order"), -limit, -1)
            texts = client.hmget(keys.webhook(hook_id, "deliveries"), ids) if ids else []
        return [Delivery(**json.loads(text)) for text in reversed(texts) if text is not None]

    def _now(self) -> float:
        with self._connection.guard():
            seconds, micros = self._connection.client.time()
        return float(seconds) + float(micros) / 1_000_000


def new_secret() -> str:
    """A secret that nobody guesses."""
    return secrets.token_hex(32)


def no_webhook(hook_id: str) -> NotFound:
    """What somebody is told who names a webhook that is not, or not theirs to see."""
    return NotFound(f"no webhook {hook_id!r:.80}; `farm webhooks ls` shows the webhooks there are")


def _hook(text: str) -> Webhook:
    fields: dict[str, Any] = json.loads(text)
    return Webhook(**{**fields, "events": tuple(fields["events"])})
