"""Tells webhooks of the ends of jobs: at least once each, and a dead one slows nobody.

Every service has a deliverer, one of them works. It reads the log of facts from where the last one
stopped, queues what webhooks want to hear, and posts what is due: one message at a time per
webhook, many webhooks at once, each in a thread that nobody waits for.
"""

import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from farm import __version__
from farm.model.errors import FarmError, NotFound
from farm.model.job import Job
from farm.policy.access import ALL
from farm.service.link import StoreLink
from farm.service.post import Posted, post
from farm.service.schemas import JobOut
from farm.store import Fact, Store
from farm.store.connection import new_id
from farm.store.webhooks import DELIVERED, GIVEN_UP, Delivery, Webhook

log = logging.getLogger("farm.service")

EVENTS = ("job_succeeded", "job_failed", "job_cancelled")
USUAL_EVENTS = ("job_succeeded", "job_failed")
TEST = "test"
_FACTS_AT_ONCE = 500
_POSTS_AT_ONCE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """How patient the deliverer is; tests are in more of a hurry."""

    poll_seconds: float = 1.0  #: how soon an event is told
    answer_seconds: float = 10.0  #: for the other side to take a message
    lead_seconds: float = 10.0  #: how long another service waits for a deliverer that died
    rest_seconds: float = 10.0  #: after a failed try its webhook is left alone
    #: Between tries: eight tries in about 11 hours.
    pauses_seconds: Sequence[float] = (10, 60, 300, 1800, 3600, 7200, 4 * 7200)


class Deliverer:
    """The one thread that reads, and the threads that post."""

    def __init__(self, link: StoreLink, timings: Timings) -> None:
        self._link = link
        self._timings = timings
        self._token = new_id()
        self._leads = False
        self._stop = threading.Event()
        self._busy: set[str] = set()  # webhooks that are being told something
        self._rests: dict[str, float] = {}  # until when a webhook is left alone
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin to deliver, once the store is there and no other service does."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more, and let another service go on.

        What is being posted is not awaited: it stays due, so at worst it comes twice.
        """
        self._stop.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        trouble = ""
        while not self._stop.wait(self._timings.poll_seconds):
            try:
                self._turn(self._link.get())
                trouble = ""
            except FarmError as error:
                trouble = _tell_once(str(error), trouble)
            except Exception:
                log.exception("delivering webhooks met an error of our own; trying on")
        self._resign()

    def _resign(self) -> None:
        if self._leads:
            with suppress(FarmError):  # the lead ends by itself
                self._link.get().webhooks.lead(self._token, seconds=0)

    def _turn(self, store: Store) -> None:
        self._leads = store.webhooks.lead(self._token, seconds=self._timings.lead_seconds)
        if not self._leads:
            return
        hooks = {hook.id: hook for hook in store.webhooks.list()}
        while hooks and self._read_on(store, list(hooks.values())):
            pass
        now = time.monotonic()
        idle = [
            hook for hook in hooks if hook not in self._busy and self._rests.get(hook, 0.0) <= now
        ]
        for delivery in store.webhooks.due(idle):
            if len(self._busy) < _POSTS_AT_ONCE:
                self._begin(store, hooks[delivery.hook], delivery)

    def _read_on(self, store: Store, hooks: Sequence[Webhook]) -> bool:
        """Queue what the next facts cause. True when there may be more."""
        before = store.webhooks.place()
        since = f"{int(1000 * min(hook.created_at for hook in hooks))}-0"
        facts = store.facts.read(max(before, since, key=_order), limit=_FACTS_AT_ONCE)
        if not facts:
            return False
        wanted = [delivery for fact in facts for delivery in deliveries_of(store, fact, hooks)]
        moved = store.webhooks.queue(self._token, wanted, before=before, to=facts[-1].id)
        return moved and len(facts) == _FACTS_AT_ONCE and not self._stop.is_set()

    def _begin(self, store: Store, hook: Webhook, delivery: Delivery) -> None:
        self._busy.add(hook.id)
        work = threading.Thread(
            target=self._tell, args=(store, hook, delivery), name="webhook", daemon=True
        )
        work.start()

    def _tell(self, store: Store, hook: Webhook, delivery: Delivery) -> None:
        """Post what is due to one webhook, one after the other, until one does not arrive."""
        try:
            due: Sequence[Delivery] = (delivery,)
            while due and not self._stop.is_set():
                if not self._try(store, hook, due[0]):
                    self._rests[hook.id] = time.monotonic() + self._timings.rest_seconds
                    return
                due = store.webhooks.due([hook.id])
        except FarmError as error:
            log.warning("webhook %s: how it went could not be noted: %s", hook.id, error)
        except Exception:
            log.exception("webhook %s met an error of our own", hook.id)
        finally:
            self._busy.discard(hook.id)

    def _try(self, store: Store, hook: Webhook, delivery: Delivery) -> bool:
        now = time.time()
        body = delivery.body.encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"Karst/{__version__}",
            "X-Karst-Event": delivery.event,
            "X-Karst-Delivery": delivery.id,
            "X-Karst-Signature": signature(hook.secret, body, at=int(now)),
        }
        seconds = self._timings.answer_seconds
        posted = post(hook.url, body, headers, seconds=seconds, anywhere=hook.anywhere)
        after, pause = self._after(delivery, posted, tried_at=now)
        store.webhooks.settle(after, pause_seconds=pause)
        if not posted.arrived:
            log.info("webhook %s, try %d: %s", hook.id, after.tries, posted.error)
        return posted.arrived

    def _after(
        self, delivery: Delivery, posted: Posted, *, tried_at: float
    ) -> tuple[Delivery, float | None]:
        """The delivery after a try, and the pause before the next one if there is to be one."""
        tried = replace(
            delivery,
            tries=delivery.tries + 1,
            tried_at=tried_at,
            status=posted.status,
            error=posted.error,
            due_at=None,
        )
        if posted.arrived:
            return replace(tried, state=DELIVERED), None
        pauses = () if delivery.event == TEST else self._timings.pauses_seconds
        if delivery.tries >= len(pauses):
            return replace(tried, state=GIVEN_UP), None
        pause = pauses[delivery.tries]
        return replace(tried, due_at=time.time() + pause), pause


def deliveries_of(store: Store, fact: Fact, hooks: Sequence[Webhook]) -> Iterator[Delivery]:
    """What `fact` causes."""
    if fact.kind not in EVENTS:
        return
    try:
        job = store.jobs.get(fact.fields["job"])
    except NotFound:
        return
    for hook in hooks:
        wanted = fact.kind in hook.events and hook.production in (ALL, job.production)
        if wanted and fact.at >= hook.created_at:
            yield new_delivery(f"{fact.id}.{hook.id}", hook, fact.kind, at=fact.at, job=job)


def new_delivery(
    delivery_id: str, hook: Webhook, event: str, *, at: float, job: Job | None
) -> Delivery:
    """An event on its way; its body is made here, once for all tries."""
    told: Mapping[str, Any] | None = JobOut.model_validate(job).model_dump() if job else None
    body = {"id": delivery_id, "event": event, "at": at, "job": told}
    return Delivery(
        id=delivery_id,
        hook=hook.id,
        event=event,
        job=job.id if job else "",
        body=json.dumps(body, ensure_ascii=False),
        created_at=at,
        due_at=at,
    )


def signature(secret: str, body: bytes, *, at: int) -> str:
    """The value of X-Karst-Signature: when, and a MAC over "when.body" by the webhook's secret."""
    mac = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


def _order(fact_id: str) -> tuple[int, int]:
    at, _, number = fact_id.partition("-")
    return int(at or 0), int(number or 0)


def _tell_once(trouble: str, told: str) -> str:
    if trouble != told:
        log.warning("webhooks wait: %s", trouble)
    return trouble
