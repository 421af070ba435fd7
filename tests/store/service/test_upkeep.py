"""The upkeep of nodes from the command line to the store."""

import pytest

from farm.cli import errors as status
from farm.cli.errors import run_command
from farm.cli.main import cli
from farm.model.states import NodeState
from farm.store import Store
from tests.makers import a_job, a_node


@pytest.fixture
def say(url: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("FARM_URL", url)
    store.nodes.register(a_node("n1", tags=("bigdisk",)))
    return lambda *words: run_command(cli, [*words])


def test_every_verb_of_upkeep_reaches_the_node(
    say: object, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(say)
    assert say("nodes", "lock", "n1", "--reason", "measuring") == status.OK
    assert say("nodes", "comment", "n1", "ask Mei") == status.OK
    assert say("nodes", "schedule", "n1", "Mon-Sun 00:00-24:00 UTC") == status.OK
    capsys.readouterr()
    assert say("nodes", "ls") == status.OK
    assert "measuring" in capsys.readouterr().out
    assert say("nodes", "show", "n1") == status.OK
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("ask Mei", "Mon-Sun 00:00-24:00 UTC", "bigdisk"))
    assert say("nodes", "unlock", "n1") == status.OK
    assert say("nodes", "clear", "n1") == status.OK
    assert store.nodes.get("n1").closed == ""
    assert say("nodes", "restart", "n1") == status.OK
    assert store.nodes.get("n1").state is NodeState.DRAINING


def test_a_node_that_is_gone_is_forgotten_and_one_that_works_is_not(
    say: object, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(say)
    assert say("nodes", "forget", "n1") != status.OK
    assert "end its worker first" in capsys.readouterr().err

    store.nodes.leave("n1", 1)
    assert say("nodes", "forget", "n1") == status.OK
    assert "what it did stays counted" in capsys.readouterr().out
    assert store.nodes.list() == []
    assert say("nodes", "forget", "n1") != status.OK
    assert "no node 'n1'" in capsys.readouterr().err


def test_hours_that_cannot_be_read_are_told_in_one_line(
    say: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(say)
    assert say("nodes", "schedule", "n1", "at night") != status.OK
    assert "write it as" in capsys.readouterr().err


def test_a_job_may_use_a_node_again_that_it_shuns(
    say: object, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(say)
    job = store.jobs.submit(a_job(), key="k")
    assert say("jobs", "show", job) == status.OK
    assert "shuns" not in capsys.readouterr().out
    store.connection.client.sadd(f"{{farm}}:job:{job}:blocked", "n1")
    assert say("jobs", "show", job) == status.OK
    told = "shuns\tn1: its frames failed there and succeeded elsewhere; use them again: "
    assert f"{told}farm jobs unblock {job}\n" in capsys.readouterr().out

    assert say("jobs", "unblock", job, "n1") == status.OK

    assert "may use 1 node again" in capsys.readouterr().out
    assert store.faults.blocked(job) == ()
