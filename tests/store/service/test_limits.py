"""Limits and bounds of jobs, over HTTP and by commands."""

import json

import pytest

from farm.cli import errors as status
from farm.cli.errors import run_command
from farm.cli.main import cli
from farm.client import Client
from farm.model.errors import BadName, BadRequest, NotAllowed, NotFound
from farm.policy.access import ALL, Role
from farm.store import Store
from tests.makers import a_node, begin
from tests.store.service.access import a_token, client_with
from tests.store.service.asking import submit


@pytest.fixture
def farm(store: Store) -> Store:
    """Four licences, of which job 1 (heron) has two and job 2 (lynx) one, on one node."""
    epoch = store.nodes.register(a_node(cores=8))
    store.limits.set("houdini", 4)
    for number, production in ((1, "heron"), (2, "lynx")):
        submit(store, key=production, production=production, layer={"limits": ("houdini",)})
        for _ in range(3 - number):
            begin(store, epoch=epoch, layer=f"{number}.1")
    return store


def test_a_limit_is_told_with_who_holds_it(farm: Store, client: Client) -> None:
    (limit,) = client.limits.list()

    assert limit == {
        "name": "houdini",
        "most": 4,
        "unit": "slot",
        "held": 3,
        "held_by": [
            {"job": "1", "production": "heron", "slots": 2},
            {"job": "2", "production": "lynx", "slots": 1},
        ],
        "held_by_others": False,
    }


def test_a_limit_is_set_again_counts_nodes_and_goes(farm: Store, client: Client) -> None:
    per_node = client.limits.set("houdini", 2, unit="node")
    lower = client.limits.set("houdini", 1)
    client.limits.remove("houdini")

    assert (per_node["unit"], per_node["held"]) == ("node", 1)
    assert (lower["unit"], lower["most"]) == ("node", 1)
    assert client.limits.list() == []
    with pytest.raises(NotFound, match="no limit 'houdini'; there are: none"):
        client.limits.remove("houdini")


def test_a_bad_limit_is_refused_in_one_line(client: Client) -> None:
    with pytest.raises(BadRequest, match="limit houdini: -1 is too few: give 0, nobody gets one"):
        client.limits.set("houdini", -1)
    with pytest.raises(BadRequest, match="it counts per slot or per node, not per cores"):
        client.limits.set("houdini", 1, unit="cores")
    with pytest.raises(BadName):
        client.limits.set("two words", 1)


def test_artists_see_limits_and_only_their_own_jobs_on_them(farm: Store, url: str) -> None:
    artist = client_with(url, a_token(farm, Role.ARTIST, "lynx"))
    own = client_with(url, a_token(farm, Role.OPERATOR, "lynx"))
    (seen,) = artist.limits.list()

    assert [one["job"] for one in seen["held_by"]] == ["2"]
    assert (seen["held"], seen["held_by_others"]) == (3, True)
    with pytest.raises(NotAllowed):
        own.limits.set("houdini", 9)
    with pytest.raises(NotAllowed):
        own.limits.remove("houdini")
    assert client_with(url, a_token(farm, Role.OPERATOR, ALL)).limits.set("houdini", 9)


def test_a_job_is_bounded_while_it_runs(store: Store, client: Client) -> None:
    job = submit(store)
    first = client.set_bounds(job, most_tasks=3, most_cores=2.5, least_tasks=1)
    client.set_bounds(job, most_tasks=0)
    found = client.job(job)

    assert (first["most_tasks"], first["most_cores"], first["least_tasks"]) == (3, 2.5, 1)
    assert (found["most_tasks"], found["most_cores"], found["least_tasks"]) == (0, 2.5, 1)
    with pytest.raises(BadRequest, match="nothing to set: give most_tasks, most_cores or least"):
        client.set_bounds(job)
    with pytest.raises(BadRequest, match=r"a bound of -2"):
        client.set_bounds(job, least_tasks=-2)
    with pytest.raises(NotFound):
        client.set_bounds("99", most_tasks=1)


def test_an_artist_bounds_jobs_of_their_own_production_only(farm: Store, url: str) -> None:
    artist = client_with(url, a_token(farm, Role.ARTIST, "lynx"))

    assert artist.set_bounds("2", most_tasks=1)["most_tasks"] == 1
    with pytest.raises(NotFound):
        artist.set_bounds("1", most_tasks=1)


def test_limits_and_bounds_by_commands(
    farm: Store, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FARM_URL", url)

    def told(*words: str) -> str:
        assert run_command(cli, words) == status.OK
        return capsys.readouterr().out

    assert told("limits", "ls") == "houdini\t3\t4\tper slot\tjob 1 (2), job 2 (1)\n"
    assert told("limits", "set", "nuke", "40", "--per", "node") == (
        "Limit nuke: at most 40 per node, 0 held. Jobs name it: farm submit --limit nuke\n"
    )
    assert told("limits", "rm", "nuke") == "Limit nuke is gone: it holds nothing up any more.\n"
    assert json.loads(told("limits", "ls", "--json"))[0]["held_by"][0]["slots"] == 2
    bounds = ["jobs", "bounds", "1"]
    assert told(*bounds, "--most-tasks", "3", "--least-tasks", "2") == (
        "Job 1: at most 3 slots; 2 slots before other jobs of its production\n"
    )
    assert "bounds\tat most 3 slots; 2 slots before" in told("jobs", "show", "1")
    assert told(*bounds, "--most-tasks", "0", "--least-tasks", "0") == "Job 1: no bound\n"
    assert run_command(cli, bounds) == status.USAGE
    assert run_command(cli, ["limits", "rm", "maya"]) == status.NOT_FOUND
    assert run_command(cli, ["limits", "set", "maya", "many"]) == status.USAGE
