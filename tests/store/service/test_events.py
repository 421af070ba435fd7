"""Server-sent events: each watcher hears what they may, from where they stopped, while they may."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import urllib3

from farm.policy.access import ALL, Role
from farm.store import Store
from tests.makers import a_job, a_node
from tests.serving import raw
from tests.store.service.access import a_token, asked, bearer
from tests.waiting import wait_until

Facts = list[dict[str, Any]]


class Watcher:
    """Follows events in a thread of its own."""

    def __init__(self, url: str, query: str, headers: dict[str, str]) -> None:
        self.facts: Facts = []
        self._answer = urllib3.request(
            "GET", f"{url}/events?{query}", headers=headers, preload_content=False, timeout=30
        )
        self.status = self._answer.status
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        told = b""
        try:
            for part in self._answer.stream(64):
                told += part
                *whole, told = told.split(b"\n\n")
                self.facts += [fact for event in whole for fact in _fact(event.decode())]
        except (urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError):
            return  # the test has heard enough

    @property
    def jobs(self) -> list[str]:
        return [one["fields"].get("job", "") for one in self.facts]

    @property
    def is_cut(self) -> bool:
        return not self._thread.is_alive()

    def close(self) -> None:
        if not self.is_cut:
            self._answer.shutdown()
        self._thread.join(timeout=10)
        self._answer.close()


def _fact(event: str) -> Iterator[dict[str, Any]]:
    lines = dict(line.partition(": ")[::2] for line in event.splitlines())
    if "data" in lines:
        yield {**json.loads(lines["data"]), "id": lines["id"]}


@contextmanager
def watching(url: str, token: str = "", query: str = "after=0", **more: str) -> Iterator[Watcher]:
    watcher = Watcher(url, query, bearer(token, **more) if token else dict(more))
    try:
        yield watcher
    finally:
        watcher.close()


def test_a_watcher_hears_of_their_own_production_only(url: str, store: Store) -> None:
    store.nodes.register(a_node())
    heron = store.jobs.submit(a_job(), key="1")
    lynx = store.jobs.submit(a_job(production="lynx"), key="2")
    for job in (heron, lynx):
        store.jobs.set_priority(job, 60)
    with (
        watching(url, a_token(store)) as own,
        watching(url, a_token(store, Role.ARTIST, ALL)) as every,
        watching(url, a_token(store, Role.OPERATOR, ALL)) as whole,
    ):
        wait_until(lambda: whole.jobs.count(lynx) == 2, timeout_seconds=10)
        wait_until(lambda: every.jobs.count(lynx) == 2, timeout_seconds=10)
        store.jobs.pause(heron)
        wait_until(lambda: len(own.facts) == 3, timeout_seconds=10)

    assert own.jobs == [heron] * 3
    assert every.jobs == [heron, lynx, heron, lynx, heron]
    assert [one["kind"] for one in own.facts] == ["job_submitted", "job_priority", "job_paused"]
    assert "node_" not in str(every.facts)
    assert "node_" in str(whole.facts)


def test_a_watcher_of_one_job_hears_of_it_alone(url: str, store: Store) -> None:
    first, second = (store.jobs.submit(a_job(), key=key) for key in "12")
    lynx = store.jobs.submit(a_job(production="lynx"), key="3")
    token = a_token(store)
    with watching(url, token, f"after=0&job={second}") as watcher:
        for job in (first, lynx, second):
            store.jobs.set_priority(job, 60)
        wait_until(lambda: len(watcher.facts) == 2, timeout_seconds=10)

    assert watcher.jobs == [second] * 2
    assert asked(url, "GET", f"/events?job={lynx}", token)[0] == 404
    assert asked(url, "GET", "/events?job=x", token)[0] == 400


def test_a_watcher_goes_on_where_it_stopped(url: str, store: Store) -> None:
    job = store.jobs.submit(a_job(), key="1")
    with watching(url) as before:
        wait_until(lambda: before.facts, timeout_seconds=10)
    store.jobs.pause(job)
    with watching(url, query="", **{"Last-Event-ID": before.facts[-1]["id"]}) as after:
        wait_until(lambda: after.facts, timeout_seconds=10)

    assert [one["kind"] for one in after.facts] == ["job_paused"]


@pytest.mark.parametrize("place", ["x", "1-", "-1", "1-1-1", "9" * 30, "٣"])
def test_a_place_that_is_none_is_refused(url: str, place: str) -> None:
    assert raw(url, "GET", "/events", fields={"after": place})[0] == 400


def test_a_revoked_token_is_cut_off_within_seconds(url: str, store: Store) -> None:
    token, text = store.tokens.create(Role.ARTIST, "heron")
    with watching(url, text) as cut, watching(url, a_token(store)) as other:
        store.tokens.revoke(token.id)
        wait_until(lambda: cut.is_cut, timeout_seconds=6)
        store.jobs.submit(a_job(), key="1")
        wait_until(lambda: other.facts, timeout_seconds=10)

    assert cut.facts == []


def test_who_watched_a_farm_that_asked_nobody_is_asked_once_it_does(url: str, store: Store) -> None:
    with watching(url) as watcher:
        a_token(store)
        wait_until(lambda: watcher.is_cut, timeout_seconds=6)
