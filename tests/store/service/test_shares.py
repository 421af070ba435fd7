"""Shares and groups, over HTTP and by commands: who may set them, and what is told of them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from farm.cli import errors as status
from farm.cli.errors import run_command
from farm.cli.main import cli
from farm.client import Client
from farm.model.errors import BadName, BadRequest, NotAllowed, NotFound
from farm.policy.access import ALL, Role
from farm.store import Store
from tests.makers import a_node, begin
from tests.makers import some_resources as asks
from tests.store.service.access import a_token, client_with
from tests.store.service.asking import submit


@pytest.fixture
def farm(store: Store) -> Store:
    """Two productions that want more than the 8 cores of pool cpu; heron has 2 of them."""
    epoch = store.nodes.register(a_node(cores=8, pool="cpu"))
    submit(store, key="1", production="heron", layer={"resources": asks(cores=2)})
    submit(store, key="2", production="lynx")
    begin(store, epoch=epoch, resources=asks(cores=2))
    return store


def test_a_share_is_set_and_told_with_what_is_booked_and_due(farm: Store, client: Client) -> None:
    after = client.productions.set_share(
        "heron", "cpu", weight=3, guarantee_cores=4, ceiling_cores=7
    )
    listed = {one["production"]: one for one in client.productions.list()}

    assert after["warnings"] == []
    assert (after["weight"], after["guarantee_cores"], after["ceiling_cores"]) == (3, 4, 7)
    assert listed["heron"]["booked"] == {"cores": 2, "memory_bytes": 1 << 30, "gpus": 0}
    assert listed["heron"]["dominant_share"] == pytest.approx(0.25)
    assert (listed["heron"]["due_cores"], listed["lynx"]["due_cores"]) == (6, 2)
    assert client.productions.set_share("heron", "cpu", no_ceiling=True)["ceiling_cores"] is None
    assert client.productions.get("heron")["shares"][0]["weight"] == 3


def test_what_is_odd_about_a_share_is_told_and_set_all_the_same(
    farm: Store, client: Client
) -> None:
    nowhere = client.productions.set_share("heron", "night", weight=2)["warnings"]
    client.productions.set_share("lynx", "cpu", guarantee_cores=6)
    too_much = client.productions.set_share("heron", "cpu", guarantee_cores=4, ceiling_cores=1)

    assert nowhere == ["no node online is in pool night"]
    assert too_much["warnings"] == [
        "the ceiling of 1 cores is below the guarantee of 4: the ceiling counts",
        "guarantees of pool cpu add up to 10 cores, and 8 are online: not all can be kept at once",
    ]


@pytest.mark.parametrize(
    ("asked", "error", "line"),
    [
        ({}, BadRequest, "nothing to set: give a weight, a guarantee or a ceiling"),
        ({"weight": 0}, BadRequest, "weight 0.0: give a number above 0, 1 is usual"),
        ({"guarantee_cores": -1}, BadRequest, "guarantee of -1.0 cores: give 0 to 1,000,000,000"),
        ({"ceiling_cores": 1, "no_ceiling": True}, BadRequest, "give a ceiling, or none, not both"),
        ({"pool": "a b", "weight": 1}, BadName, "pool name 'a b': use letters"),
    ],
)
def test_a_bad_share_is_refused_in_one_line(
    farm: Store, client: Client, asked: dict[str, Any], error: type[Exception], line: str
) -> None:
    with pytest.raises(error) as caught:
        client.productions.set_share("heron", **asked)

    assert str(caught.value).startswith(line)


def test_a_production_that_never_had_a_job_is_not_found(client: Client) -> None:
    questions: list[Callable[[], object]] = [
        lambda: client.productions.get("emu"),
        lambda: client.productions.groups("emu"),
        lambda: client.productions.set_share("emu", "cpu", weight=2),
        lambda: client.productions.set_group("emu", "sq010", most_tasks=2),
    ]
    for ask in questions:
        with pytest.raises(NotFound, match="no production 'emu'; it appears with its first job"):
            ask()


def test_artists_see_their_own_and_operators_of_all_productions_set_shares(
    farm: Store, url: str
) -> None:
    artist = client_with(url, a_token(farm, Role.ARTIST, "heron"))
    own = client_with(url, a_token(farm, Role.OPERATOR, "heron"))
    of_all = client_with(url, a_token(farm, Role.OPERATOR, ALL))

    assert {one["production"] for one in artist.productions.list()} == {"heron"}
    assert len({one["production"] for one in of_all.productions.list()}) == 2
    assert artist.productions.get("heron")["name"] == "heron"
    forbidden: list[Callable[[], object]] = [
        lambda: artist.productions.get("lynx"),
        lambda: own.productions.set_share("heron", "cpu", weight=9),
        lambda: artist.productions.set_group("heron", "sq010", most_tasks=2),
        lambda: own.productions.set_group("lynx", "sq010", most_tasks=2),
    ]
    for may_not in forbidden:
        with pytest.raises(NotAllowed):
            may_not()
    assert own.productions.set_group("heron", "sq010", most_tasks=2)["most_tasks"] == 2
    assert of_all.productions.set_share("heron", "cpu", weight=9)["weight"] == 9


def test_a_group_is_bounded_and_told_with_what_it_has(store: Store, client: Client) -> None:
    epoch = store.nodes.register(a_node(cores=8))
    submit(store, group="sq010/sh020")
    begin(store, epoch=epoch)
    client.productions.set_group("heron", "sq010", most_tasks=4, most_cores=2.5)
    listed = {one["name"]: one for one in client.productions.groups("heron")}
    client.productions.set_group("heron", "sq020", most_tasks=1)
    gone = client.productions.set_group("heron", "sq020", most_tasks=0)

    assert listed["sq010"] == {
        "production": "heron",
        "name": "sq010",
        "most_tasks": 4,
        "most_cores": 2.5,
        "held_tasks": 1,
        "held_cores": 1,
    }
    assert gone["most_tasks"] == 0
    assert "sq020" not in {one["name"] for one in client.productions.groups("heron")}
    with pytest.raises(BadRequest, match="nothing to set: give most_tasks or most_cores"):
        client.productions.set_group("heron", "sq010")
    with pytest.raises(BadRequest, match=r"cores is 0\.3: give whole cores or quarters"):
        client.productions.set_group("heron", "sq010", most_cores=0.3)


def test_shares_and_groups_by_commands(
    farm: Store, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FARM_URL", url)

    def told(*words: str) -> str:
        assert run_command(cli, words) == status.OK
        return capsys.readouterr().out

    share = ["productions", "share", "heron", "--pool", "cpu"]
    set_ = told(*share, "--weight", "3", "--guarantee", "4", "--ceiling", "1200")

    assert set_ == "heron in pool cpu: weight 3, guarantee 4 cores, ceiling 1,200 cores\n"
    assert told("productions", "ls") == (
        "heron\tcpu\t3\t4\t1,200\t2\t25.0%\t6\nlynx\tcpu\t1\t-\t-\t0\t0.0%\t2\n"
    )
    assert told(*share, "--no-ceiling").endswith("guarantee 4 cores, no ceiling\n")
    assert told("groups", "set", "heron", "sq010", "--most-cores", "600") == (
        "Group sq010 of heron: at most 600 cores; has 0 slots, 0 cores now\n"
    )
    assert told("groups", "ls", "heron") == "sq010\t0\t-\t0\t600\n"
    assert told("productions", "show", "heron").splitlines() == [
        "production\theron",
        "pool cpu\tweight 3, guarantee 4 cores, no ceiling",
        "books\t2 of 8 cores, 1 GiB",
        "share\t25.0% of what it has most of",
        "due\t6 cores' worth",
        "group sq010\thas 0 slots, 0 cores now; at most 600 cores",
        "ends\t1 open job; nothing tells yet",
    ]
    assert (
        json.loads(told("productions", "show", "heron", "--json"))["groups"][0]["most_tasks"] == 0
    )
    assert run_command(cli, share) == status.USAGE
    assert run_command(cli, ["productions", "show", "emu"]) == status.NOT_FOUND
