"""Webhooks are added, seen and removed by those who may, with addresses that can be posted to."""

import pytest

from farm.policy.access import Role
from farm.service.post import check_url, is_public
from farm.store import Store
from tests.serving import raw
from tests.store.service.access import a_token, asked
from tests.store.service.hearing import KEY, add


@pytest.mark.parametrize(
    "address",
    [
        "ftp://host/",
        "file:///etc/passwd",
        "http://",
        "//host/x",
        "http://user:word@host/",
        "http://host:99999/",
        "http://host:0/",
        "http://[::1/",
        "http://host/a b",
        "http://host/\r\nX: y",
        "http://host/#part",
        "http://höst/",
        "https://host/" + "x" * 3000,
    ],
)
def test_what_cannot_be_posted_to_is_refused(url: str, address: str) -> None:
    body = {"url": address, "production": "heron"}
    code, told = raw(url, "POST", "/webhooks", json=body, headers=KEY)

    assert code == 400
    assert told["error"]["message"].startswith(("webhook address", "a webhook address"))


def test_a_good_address_is_taken_as_it_is() -> None:
    for address in ("https://host/a?b=c", "http://10.0.0.1:8080", "http://[::1]:80/x"):
        assert check_url(address) == address


@pytest.mark.parametrize("events", [[], ["job_paused"], ["job_failed", "x"]])
def test_events_that_are_not_are_refused(url: str, events: list[str]) -> None:
    body = {"url": "https://host/", "production": "heron", "events": events}

    assert raw(url, "POST", "/webhooks", json=body, headers=KEY)[0] == 400


def test_webhooks_are_their_productions_operators_to_see(url: str, store: Store) -> None:
    heron, lynx = (a_token(store, Role.OPERATOR, name) for name in ("heron", "lynx"))
    body = {"url": "https://host.invalid/", "production": "heron"}
    code, hook = asked(url, "POST", "/webhooks", heron, json=body)
    path = f"/webhooks/{hook['id']}"

    assert code == 201
    assert asked(url, "POST", "/webhooks", lynx, json=body)[0] == 403
    assert asked(url, "POST", "/webhooks", a_token(store), json=body)[0] == 403
    assert asked(url, "POST", "/webhooks", heron, json={**body, "production": "*"})[0] == 403
    assert asked(url, "GET", "/webhooks", lynx)[1] == []
    assert [one["id"] for one in asked(url, "GET", "/webhooks", heron)[1]] == [hook["id"]]
    assert "secret" not in str(asked(url, "GET", "/webhooks", heron)[1])
    for method, way in (("GET", "/deliveries"), ("POST", "/test"), ("DELETE", "")):
        foreign = asked(url, method, path + way, lynx)
        none = asked(url, method, path.replace(hook["id"], "0" * 12) + way, lynx)
        assert foreign[0] == none[0] == 404
        assert str(foreign[1]).replace(hook["id"], "0" * 12) == str(none[1])
        assert asked(url, method, path + way, a_token(store))[0] == 403


def test_the_same_request_again_adds_no_second_webhook(url: str) -> None:
    first, again = add(url, "https://host.invalid/"), add(url, "https://host.invalid/")

    assert first["id"] == again["id"]
    assert first["secret"] != again["secret"]
    assert len(raw(url, "GET", "/webhooks")[1]) == 1


def test_a_production_has_so_many_webhooks_and_no_more(url: str) -> None:
    for number in range(20):
        add(url, "https://host.invalid/", str(number))
    body = {"url": "https://host.invalid/", "production": "heron"}
    code, told = raw(url, "POST", "/webhooks", json=body, headers=KEY)

    assert code == 409
    assert "has 20 webhooks, which is the most" in told["error"]["message"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07::1", True),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
    ],
)
def test_an_address_is_public_or_not(address: str, public: bool) -> None:
    assert is_public(address) is public
