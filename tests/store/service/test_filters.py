"""Submit filters, over HTTP and by commands: what is set is what becomes of the next job."""

import json
from typing import Any

import pytest

from farm.cli import errors as status
from farm.cli.errors import run_command
from farm.cli.main import cli
from farm.client import Client
from farm.model.errors import BadRequest, NotAllowed, NotFound
from farm.policy.access import ALL, Role
from farm.store import Store
from tests.store.service.access import a_token, client_with


def test_a_submit_becomes_what_the_filters_say_and_is_told(
    store: Store, client: Client, request_of: dict[str, Any]
) -> None:
    store.limits.set("houdini", 4)
    client.filters.set("small", job="sh*", set_priority=20, set_pool="small")
    client.filters.set("fx", production="heron", add_limits=["houdini"], add_tags=["big"])
    client.filters.set("others", production="lynx", set_priority=1)
    answer = client.submit(request_of | {"production": "heron", "preview": True}, key="k")
    job = store.jobs.get(answer["id"])
    spec = job.layers[0].spec

    assert (job.priority, spec.pool, spec.limits, spec.tags) == (
        20,
        "small",
        ("houdini",),
        ("big",),
    )
    assert [layer.spec.limits for layer in job.layers[1:]] == [(), ()]
    assert answer["warnings"][:4] == [
        "filter small: priority 20, was 50",
        "filter small: pool small, was any",
        "filter fx: limit houdini added",
        "filter fx: tag big added",
    ]
    client.filters.remove("small")
    again = client.submit(request_of | {"production": "heron", "preview": True}, key="k")
    assert again["id"] == answer["id"]
    assert store.jobs.get(again["id"]).priority == 20


def test_a_test_tells_what_a_submit_would_become(client: Client) -> None:
    client.filters.set("small", owner="l?e", set_group="sq010", set_pool="")
    told = client.filters.test("heron", owner="lee", job="x", pool="cpu", tags=["a", "b"])

    assert told == {
        "production": "heron",
        "owner": "lee",
        "name": "x",
        "priority": 50,
        "pool": "",
        "group": "sq010",
        "limits": [],
        "tags": ["a", "b"],
        "changes": ["filter small: pool any, was cpu", "filter small: group sq010, was none"],
    }
    assert client.filters.test("heron", owner="ann")["changes"] == []


def test_filters_are_listed_as_they_are_applied_replaced_and_taken_away(client: Client) -> None:
    client.filters.set("b", set_priority=1)
    client.filters.set("a", set_priority=1)
    client.filters.set("z", position=0, set_priority=1)
    client.filters.set("b", position=90, set_priority=2)

    assert [one["name"] for one in client.filters.list()] == ["z", "a", "b"]
    client.filters.remove("z")
    assert [one["set_priority"] for one in client.filters.list()] == [1, 2]
    with pytest.raises(NotFound, match="no filter 'z'; `farm filters ls` shows"):
        client.filters.remove("z")
    with pytest.raises(BadRequest, match="filter c changes nothing"):
        client.filters.set("c", job="x*")
    with pytest.raises(BadRequest, match="set_prority is not known"):
        client.filters.set("c", set_prority=1)


def test_operators_of_all_productions_set_filters_and_artists_see_those_for_them(
    store: Store, url: str
) -> None:
    of_all = client_with(url, a_token(store, Role.OPERATOR, ALL))
    own = client_with(url, a_token(store, Role.OPERATOR, "heron"))
    artist = client_with(url, a_token(store, Role.ARTIST, "heron"))
    of_all.filters.set("theirs", production="l*", set_priority=1)
    of_all.filters.set("ours", production="h*", set_priority=1)
    of_all.filters.set("all", set_priority=1)

    assert [one["name"] for one in artist.filters.list()] == ["all", "ours"]
    assert len(artist.filters.test("heron")["changes"]) == 1
    with pytest.raises(NotAllowed):
        artist.filters.test("lynx")
    with pytest.raises(NotAllowed):
        own.filters.set("mine", set_priority=99)
    with pytest.raises(NotAllowed):
        own.filters.remove("all")


def test_filters_by_commands(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FARM_URL", url)
    store.limits.set("houdini", 4)

    def told(*words: str) -> str:
        assert run_command(cli, ["filters", *words]) == status.OK
        return capsys.readouterr().out

    added = told("add", "tests", "--job", "test*", "--set-priority", "20", "--set-pool", "small")
    told("add", "fx", "--owner", "lee", "--add-limit", "houdini", "--position", "80")

    assert added == "Filter tests: job test*: priority 20, pool small\n"
    assert told("ls").splitlines() == [
        "50\ttests\tjob test*\tpriority 20, pool small",
        "80\tfx\towner lee\tlimit houdini",
    ]
    assert told(
        "test", "--production", "heron", "--owner", "lee", "--job", "test_1"
    ).splitlines() == [
        "production\theron",
        "owner\tlee",
        "job\ttest_1",
        "priority\t20",
        "pool\tsmall",
        "group\t-",
        "limits\thoudini",
        "tags\t-",
        "change\tfilter tests: priority 20, was 50",
        "change\tfilter tests: pool small, was any",
        "change\tfilter fx: limit houdini added",
    ]
    assert json.loads(told("ls", "--json"))[0]["set_pool"] == "small"
    assert told("rm", "fx") == "Filter fx is gone.\n"
    assert run_command(cli, ["filters", "rm", "fx"]) == status.NOT_FOUND
    assert run_command(cli, ["filters", "add", "none"]) == status.USAGE
