"""Who is told what of why it waits: by production, and on the command line."""

import json

import pytest

from farm.cli.errors import OK, USAGE, run_command
from farm.cli.main import cli
from farm.client import Client
from farm.policy.access import Role
from farm.store import Store
from tests.makers import LEADER, a_node, begin
from tests.store.service.access import a_token, asked
from tests.store.service.asking import submit


def a_full_limit(store: Store) -> str:
    """A job that waits for a limit which another production's job holds."""
    epoch = store.nodes.register(a_node(cores=8))
    store.limits.set("houdini", 2)
    for number, production in enumerate(("heron", "kite"), 1):
        submit(store, "1", production=production, key=production, layer={"limits": ("houdini",)})
        begin(store, epoch=epoch, layer=f"{number}.1")
    store.leader.lead(LEADER)
    return submit(store, "1-3", layer={"limits": ("houdini",)})


def test_an_artist_is_told_nothing_of_other_productions(store: Store, url: str) -> None:
    job = a_full_limit(store)
    code, told = asked(url, "GET", f"/jobs/{job}/why", a_token(store))

    assert code == 200
    assert told["sentence"] == (
        "Job 3: 3 frames wait. "
        "Limit houdini is full: 2 of 2 are in use, by job 1 (1) and other productions."
    )
    assert "kite" not in json.dumps(told)
    assert told["reasons"][0]["held_by_others"]


def test_an_operator_of_all_is_told_all(store: Store, url: str) -> None:
    job = a_full_limit(store)
    told = asked(url, "GET", f"/jobs/{job}/why", a_token(store, Role.OPERATOR, "*"))[1]

    assert told["sentence"].endswith("by job 1 (1) and job 2 (1).")
    assert [one["job"] for one in told["reasons"][0]["held_by"]] == ["1", "2"]


def test_another_productions_job_is_not_there_and_the_table_is_of_ones_own(
    store: Store, url: str
) -> None:
    a_full_limit(store)
    kite = submit(store, "1-7", key="k7", production="kite")
    heron = a_token(store)

    assert asked(url, "GET", f"/jobs/{kite}/why", heron)[0] == 404
    assert asked(url, "GET", "/why", heron)[1]["waiting"] == 3
    assert asked(url, "GET", "/why?production=kite", heron)[0] == 403
    assert asked(url, "GET", "/why", a_token(store, Role.OPERATOR, "*"))[1]["waiting"] == 10


def test_the_command_tells_the_sentence_first_and_then_the_numbers(
    store: Store, url: str, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    job = a_full_limit(store)

    def told(*words: str) -> str:
        store.leader.lead(LEADER)
        assert run_command(cli, [*words, "--url", url]) == OK
        return capsys.readouterr().out

    first, numbers = told("why", job).splitlines()
    assert first == client.why(job)["sentence"]
    assert numbers.startswith("3x limit, layer render\tLimit houdini is full")
    assert "most=2\theld=2" in numbers
    assert told("why", f"{job}/2").startswith("Frame 2 waits. Limit houdini is full")
    assert told("why", job, "--frame", "2") == told("why", f"{job}/2")
    assert told("why") == "limit houdini\t3\t1\t3\n"
    assert told("jobs", "ls").splitlines()[0].endswith("\tlimit houdini")
    assert json.loads(told("why", job, "--json"))["waiting"] == 3
    assert run_command(cli, ["why", "3/x", "--url", url]) == USAGE
