"""What goes over the wire: errors in one form, facts as they happen, a store that is away."""

import json
import threading
from typing import Any

import pytest
import urllib3

from farm.client import Client
from farm.model.errors import BadFrames, BadRequest, NotFound, StoreUnavailable
from farm.service.link import StoreLink
from farm.store import Store
from tests.serving import raw, serving
from tests.waiting import wait_until


def test_an_error_keeps_its_kind_on_the_way(client: Client, request_of: dict[str, Any]) -> None:
    with pytest.raises(BadFrames, match="write 1-100"):
        client.submit({**request_of, "frames": "a"})
    with pytest.raises(NotFound, match="no job 99"):
        client.job("99")
    with pytest.raises(NotFound, match="no node 'n9'"):
        client.drain("n9", reason="x")
    with pytest.raises(BadRequest, match="give the job's number"):
        client.job("../nodes")


def test_facts_come_as_they_happen(
    client: Client, url: str, store: Store, request_of: dict[str, Any]
) -> None:
    answer = urllib3.request("GET", f"{url}/events?after=0", preload_content=False, timeout=20)
    client.submit(request_of)
    told = b""
    for part in answer.stream(1):
        told += part
        if told.endswith(b"\n\n") and b"event: job_submitted" in told:
            break
    answer.close()
    data = next(line for line in told.decode().splitlines() if line.startswith("data: "))

    assert json.loads(data.removeprefix("data: "))["fields"]["job"] == "1"


def test_a_change_without_a_key_is_refused(url: str, request_of: dict[str, Any]) -> None:
    code, answer = raw(url, "POST", "/jobs", json=request_of)

    assert code == 400
    assert "the header Idempotency-Key is missing" in answer["error"]["message"]


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        ({"body": b"{"}, 400, "the request is no valid JSON"),
        ({"json": {}}, 400, "scene is missing"),
        ({"json": {"scene": "/s", "cores": "two", "frmaes": "1"}}, 400, "cores 'two'"),
        ({"json": {"scene": "/s", "cores": "two", "frmaes": "1"}}, 400, "frmaes is not known"),
        ({"body": b" " * 2_000_000}, 413, "longer than 1048576 bytes"),
    ],
)
def test_a_request_that_cannot_be_read_is_refused_in_the_same_form(
    url: str, asked: dict[str, Any], code: int, said: str
) -> None:
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    got, answer = raw(url, "POST", "/jobs", headers=headers, **asked)

    assert got == code
    assert said in answer["error"]["message"]
    assert "\n" not in answer["error"]["message"]


def test_what_is_not_there_is_told_in_the_same_form(url: str) -> None:
    assert raw(url, "GET", "/nothing")[1]["error"]["kind"] == "NotFound"
    assert raw(url, "DELETE", "/jobs")[0] == 405
    assert raw(url, "GET", "/jobs/..%2fetc")[0] == 404
    assert raw(url, "GET", "/jobs?limit=0")[1]["error"]["message"].startswith("limit '0'")


def test_every_route_is_described_with_its_errors(url: str) -> None:
    _, described = raw(url, "GET", "/openapi.json")

    for path, methods in described["paths"].items():
        for method, route in methods.items():
            assert route["summary"], (path, method)
            assert {"400", "404", "503"} <= route["responses"].keys(), (path, method)


def test_a_service_without_its_store_says_so_and_serves_once_it_is_there(store: Store) -> None:
    there = threading.Event()

    def connect() -> Store:
        if not there.is_set():
            raise StoreUnavailable("the store at nowhere cannot be reached")
        return store

    with serving(StoreLink(connect)) as address:
        client = Client(address)
        code, health = raw(address, "GET", "/healthz")
        assert (code, health["status"]) == (503, "waiting")
        assert health["store"] == "the store at nowhere cannot be reached"
        with pytest.raises(StoreUnavailable, match="at nowhere"):
            client.jobs()
        there.set()
        wait_until(lambda: client.health()["status"] == "ok", timeout_seconds=10)
        assert client.jobs() == []
        client.close()


def test_an_unforeseen_error_is_a_plain_line_and_its_details_stay_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(StoreLink):
        def get(self) -> Store:
            raise ZeroDivisionError("a secret")

        def start(self) -> None: ...

    with serving(Broken(lambda: pytest.fail("not asked"))) as address:
        code, answer = raw(address, "GET", "/jobs")

    assert code == 500
    assert answer["error"]["message"].startswith("the service met an error of its own")
    assert "secret" not in str(answer)
    assert "ZeroDivisionError: a secret" in caplog.text
