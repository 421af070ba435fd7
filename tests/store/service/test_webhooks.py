"""Webhooks hear of the ends of jobs, signed, at least once, whatever the other side does."""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from farm.policy.access import ALL, Role
from farm.service.hooks import Timings
from farm.store import Store
from tests.listening import Listener, drip, hang, hang_up, listening, status
from tests.makers import a_job, a_node, begin, result
from tests.serving import fail, raw, serving
from tests.store.service.access import a_token
from tests.store.service.hearing import ANY_END, KEY, add, cancelled, deliveries, states, tries
from tests.waiting import wait_until

HASTE = Timings(
    poll_seconds=0.02,
    answer_seconds=0.6,
    lead_seconds=1.0,
    rest_seconds=0.0,
    pauses_seconds=(0.05,) * 4,
)


@pytest.fixture
def url(store: Store) -> Iterator[str]:
    with serving(store, hooks=HASTE) as address:
        yield address


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as one:
        yield one


def test_the_end_of_a_job_is_told_signed(url: str, store: Store, listener: Listener) -> None:
    hook = add(url, f"{listener.url}/farm?to=heron")
    job = store.jobs.submit(a_job("1"), key="1")
    lease, tasks = begin(store, epoch=store.nodes.register(a_node()), layer=f"{job}.1")
    store.leases.settle(lease, [result(tasks[0])], want=0)
    wait_until(lambda: states(url, hook) == ["delivered"], timeout_seconds=10)
    heard = listener.heard[0]
    told = json.loads(heard.body)

    assert len(listener.heard) == 1
    assert heard.path == "/farm?to=heron"
    assert heard.headers["Content-Type"] == "application/json"
    assert heard.headers["X-Karst-Event"] == told["event"] == "job_succeeded"
    assert heard.headers["X-Karst-Delivery"] == told["id"] == deliveries(url, hook)[0]["id"]
    assert told["job"] == raw(url, "GET", "/jobs")[1][0]
    assert told["job"]["state"] == "succeeded"
    assert abs(told["at"] - time.time()) < 60
    assert genuine(heard.headers["X-Karst-Signature"], heard.body, hook["secret"])


def genuine(header: str, body: bytes, secret: str) -> bool:
    """As a receiver would check it, by what is promised alone."""
    at, mac = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", header).groups()  # type: ignore[union-attr]
    wanted = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return mac == wanted and abs(time.time() - int(at)) < 60


def test_a_failed_job_is_told_and_a_cancelled_one_only_if_asked(
    url: str, store: Store, listener: Listener
) -> None:
    usual = add(url, listener.url, "usual")
    every = add(url, listener.url, "every", **ANY_END)
    fail(store, store.jobs.submit(a_job("1"), key="1"), reason="no light")
    cancelled(store)
    wait_until(lambda: states(url, every) == ["delivered"] * 2, timeout_seconds=10)
    wait_until(lambda: states(url, usual) == ["delivered"], timeout_seconds=10)

    assert [one["event"] for one in deliveries(url, every)] == ["job_cancelled", "job_failed"]
    assert deliveries(url, usual)[0]["event"] == "job_failed"


def test_a_production_hears_of_its_own_jobs_and_star_of_all(
    url: str, store: Store, listener: Listener
) -> None:
    heron = add(url, listener.url, "heron", **ANY_END)
    star = add(url, listener.url, "star", **{**ANY_END, "production": ALL})
    jobs = [cancelled(store, production=name) for name in ("lynx", "heron")]
    wait_until(lambda: states(url, star) == ["delivered"] * 2, timeout_seconds=10)

    assert [one["job"] for one in deliveries(url, star)] == jobs[::-1]
    assert [one["job"] for one in deliveries(url, heron)] == [jobs[1]]


def test_what_happened_before_a_webhook_was_there_is_not_told(
    url: str, store: Store, listener: Listener
) -> None:
    cancelled(store)
    wait_until(lambda: store.facts.last_id().partition("-")[0] < _now_ms(store), timeout_seconds=5)
    hook = add(url, listener.url, **ANY_END)
    later = cancelled(store)
    wait_until(lambda: states(url, hook) == ["delivered"], timeout_seconds=10)

    assert deliveries(url, hook)[0]["job"] == later


def _now_ms(store: Store) -> str:
    seconds, micros = store.connection.client.time()
    return str(seconds * 1000 + micros // 1000)


def test_a_failing_webhook_is_tried_again_with_the_same_message(
    url: str, store: Store, listener: Listener
) -> None:
    listener.answers += [status(500), hang_up, status(302, Location="/elsewhere"), status(200)]
    hook = add(url, listener.url, **ANY_END)
    cancelled(store)
    wait_until(lambda: states(url, hook) == ["delivered"], timeout_seconds=10)

    assert [heard.path for heard in listener.heard] == ["/"] * 4
    assert len({heard.body for heard in listener.heard}) == 1
    assert deliveries(url, hook)[0]["tries"] == 4
    assert all(
        genuine(heard.headers["X-Karst-Signature"], heard.body, hook["secret"])
        for heard in listener.heard
    )


@pytest.mark.parametrize(
    ("code", "said"),
    [(404, "HTTP 404"), (301, "HTTP 301: redirects are not followed"), (500, "HTTP 500")],
)
def test_what_never_arrives_is_given_up_in_the_end(
    url: str, store: Store, listener: Listener, code: int, said: str
) -> None:
    listener.answers += [status(code, Location=f"{listener.url}/other")] * 20
    hook = add(url, listener.url, **ANY_END)
    cancelled(store)
    wait_until(lambda: states(url, hook) == ["given up"], timeout_seconds=10)
    told = deliveries(url, hook)[0]

    assert told["tries"] == len(listener.heard) == len(HASTE.pauses_seconds) + 1
    assert told["error"] == said
    assert {heard.path for heard in listener.heard} == {"/"}


@pytest.mark.parametrize("trouble", [hang, drip])
def test_a_webhook_that_hangs_is_left_in_time_and_slows_no_other(
    url: str, store: Store, listener: Listener, trouble: Any
) -> None:
    listener.answers += [trouble(listener)] * 50
    dead = add(url, listener.url, "dead", **ANY_END)
    with listening() as quick:
        other = add(url, quick.url, "quick", **ANY_END)
        began = time.monotonic()
        for _ in range(5):
            cancelled(store)
        wait_until(lambda: states(url, other) == ["delivered"] * 5, timeout_seconds=10)
        took = time.monotonic() - began
        wait_until(lambda: tries(url, dead), timeout_seconds=10)

    assert took < HASTE.answer_seconds * 4
    assert {one["error"] for one in deliveries(url, dead) if one["tries"]} == {
        "no answer within 0.6 s"
    }


def test_a_webhook_that_nobody_listens_to_is_told_once_somebody_does(
    url: str, store: Store
) -> None:
    with listening() as gone:
        port = int(gone.url.rpartition(":")[2])
    hook = add(url, gone.url, **ANY_END)
    cancelled(store)
    wait_until(lambda: tries(url, hook), timeout_seconds=10)
    error = deliveries(url, hook)[0]["error"]
    with listening(port) as back:
        wait_until(lambda: states(url, hook) == ["delivered"], timeout_seconds=10)

    assert error == "nothing listens there"
    assert len(back.heard) == 1


def test_what_ends_while_no_service_runs_is_told_by_the_next(
    store: Store, listener: Listener
) -> None:
    with serving(store, hooks=HASTE) as first:
        hook = add(first, listener.url, **ANY_END)
        cancelled(store)
        wait_until(lambda: states(first, hook) == ["delivered"], timeout_seconds=10)
    job = cancelled(store)
    with serving(store, hooks=HASTE) as second:
        wait_until(lambda: states(second, hook) == ["delivered"] * 2, timeout_seconds=10)

    assert [json.loads(heard.body)["job"]["id"] for heard in listener.heard[1:]] == [job]


def test_what_was_being_told_when_a_service_died_is_told_again(
    store: Store, listener: Listener
) -> None:
    listener.answers += [hang(listener)]
    with serving(store, hooks=HASTE) as first:
        hook = add(first, listener.url, **ANY_END)
        cancelled(store)
        wait_until(lambda: listener.heard, timeout_seconds=10)
    with serving(store, hooks=HASTE) as second:
        wait_until(lambda: states(second, hook) == ["delivered"], timeout_seconds=10)

    assert len({heard.body for heard in listener.heard}) == 1


def test_several_services_tell_each_end_once(store: Store, listener: Listener) -> None:
    with (
        serving(store, hooks=HASTE) as one,
        serving(store, hooks=HASTE),
        serving(store, hooks=HASTE),
    ):
        hook = add(one, listener.url, **ANY_END)
        for _ in range(20):
            cancelled(store)
        wait_until(lambda: states(one, hook) == ["delivered"] * 20, timeout_seconds=20)

    assert len(listener.heard) == len({heard.body for heard in listener.heard}) == 20


def test_a_step_of_a_service_that_delivers_no_more_moves_nothing(store: Store) -> None:
    assert store.webhooks.lead("one", seconds=60)
    assert not store.webhooks.lead("two", seconds=60)
    assert not store.webhooks.queue("two", [], before="", to="5-0")
    assert not store.webhooks.queue("one", [], before="4-0", to="5-0")
    assert store.webhooks.queue("one", [], before="", to="5-0")
    assert not store.webhooks.lead("one", seconds=0)
    assert store.webhooks.lead("two", seconds=60)

    assert store.webhooks.place() == "5-0"


def test_a_removed_webhook_hears_nothing_and_leaves_nothing(
    url: str, store: Store, listener: Listener
) -> None:
    listener.answers += [status(500)] * 50
    hook = add(url, listener.url, **ANY_END)
    cancelled(store)
    wait_until(lambda: tries(url, hook), timeout_seconds=10)
    assert raw(url, "DELETE", f"/webhooks/{hook['id']}", headers=KEY)[0] == 200
    wait_until(lambda: not list(store.connection.client.scan_iter("*webhook:*")), timeout_seconds=5)

    assert raw(url, "GET", "/webhooks")[1] == []
    assert raw(url, "GET", f"/webhooks/{hook['id']}/deliveries")[0] == 404


def test_a_test_is_told_at_once_and_tried_once(url: str, listener: Listener) -> None:
    listener.answers += [status(500)]
    hook = add(url, listener.url)
    for _ in range(2):
        assert raw(url, "POST", f"/webhooks/{hook['id']}/test", headers=KEY)[0] == 202
    wait_until(lambda: states(url, hook) == ["delivered", "given up"], timeout_seconds=10)
    told = json.loads(listener.heard[0].body)

    assert (told["event"], told["job"]) == ("test", None)


def test_a_webhook_of_a_production_leads_to_public_addresses_only(
    url: str, store: Store, listener: Listener
) -> None:
    port = listener.url.rpartition(":")[2]
    operator = a_token(store, Role.OPERATOR)
    for key, host in enumerate(("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0")):
        body = {"url": f"http://{host}:{port}/", "production": "heron", **ANY_END}
        headers = {"Idempotency-Key": str(key), "Authorization": f"Bearer {operator}"}
        assert raw(url, "POST", "/webhooks", json=body, headers=headers)[0] == 201
    cancelled(store)
    hooks = [hook.id for hook in store.webhooks.list()]
    wait_until(
        lambda: all(sum(one.tries for one in store.webhooks.deliveries(hook)) for hook in hooks),
        timeout_seconds=10,
    )

    assert listener.heard == []
    assert {one.error for hook in hooks for one in store.webhooks.deliveries(hook)} == {
        "its address is not a public one: an operator of all productions may add such a webhook"
    }
