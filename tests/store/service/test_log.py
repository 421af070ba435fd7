"""What the service logs of its requests: who did what, and nothing that is secret."""

import json
import logging
import re
from collections.abc import Iterator

import pytest
import urllib3

from farm.policy.access import ALL, Role
from farm.service import log
from farm.store import Store
from tests.serving import raw
from tests.store.service.access import a_token, asked, bearer
from tests.waiting import wait_until  # a line is written once the answer has gone out


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG, logger="farm.service"):
        yield caplog


def test_a_line_tells_who_did_what_and_no_secret(
    url: str, store: Store, lines: pytest.LogCaptureFixture
) -> None:
    token = a_token(store, Role.OPERATOR, ALL)
    body = {"json": {"role": "artist", "production": "heron"}}
    made = asked(url, "POST", "/tokens?password=hush", token, **body)[1]["token"]
    asked(url, "GET", "/jobs", "karst_wrong_one")
    wait_until(lambda: "'/jobs' 401" in lines.text, timeout_seconds=10)
    told = [line for line in lines.messages if "/tokens" in line]
    token_id = token.split("_")[1]

    assert len(told) == 1
    assert re.match(
        rf"POST '/tokens' 201 in \d+ ms by operator {token_id} of \* \[[0-9a-f]{{16}}\]$", told[0]
    )
    for secret in (token.split("_")[2], made.split("_")[2], "hush", "wrong"):
        assert secret not in lines.text


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("a1-b2:c3", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("a b", False),
        ('"quoted"', False),
        ("", False),
    ],
)
def test_a_requests_id_is_its_callers_if_it_is_sane(url: str, told: str, kept: bool) -> None:
    headers = {"X-Request-Id": told}
    answers = [
        urllib3.request("GET", url + path, headers=headers) for path in ("/healthz", "/nothing")
    ]
    ids = [answer.headers["X-Request-Id"] for answer in answers]

    assert (ids == [told, told]) is kept
    assert all(kept or re.fullmatch("[0-9a-f]{16}", one) for one in ids)


def test_a_refusal_has_an_id_too(url: str, store: Store) -> None:
    a_token(store)
    answer = urllib3.request("GET", f"{url}/jobs", headers=bearer("x"))

    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["X-Request-Id"]


def test_a_line_in_json_is_one_line_whatever_it_tells() -> None:
    record = logging.LogRecord("farm.service", logging.INFO, "", 0, "%s", ("a\nb ü",), None)
    record.request = "r-1"
    line = log.form_of("json").format(record)
    told = json.loads(line)

    assert "\n" not in line
    assert told["message"] == "a\nb ü"
    assert (told["level"], told["logger"], told["request"]) == ("info", "farm.service", "r-1")


def test_a_path_cannot_forge_a_line(url: str, lines: pytest.LogCaptureFixture) -> None:
    raw(url, "GET", "/jobs%0A2026-01-01%20forged")
    wait_until(lambda: "forged" in lines.text, timeout_seconds=10)

    assert "/jobs\\n2026-01-01 forged" in lines.text
