"""Where the farm's time went, over HTTP and on the command line."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from farm.cli.errors import run_command
from farm.cli.main import cli
from farm.client import Client
from farm.client.usage import Usage
from farm.model.errors import NotAllowed
from farm.model.metrics import SERVER_STATES, ServerState
from farm.policy.access import ALL, Role
from farm.store import Store
from tests.makers import a_job, a_node, begin, result, some_resources
from tests.store.passing import let_pass
from tests.store.service.access import a_token, client_with

Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(url: str, capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs a command: its status, what it printed, and what it said."""

    def run(*words: str) -> tuple[int, str, str]:
        status = run_command(cli, [*words, "--url", url])
        out, err = capsys.readouterr()
        return status, out, err

    return run


@pytest.fixture
def worked(store: Store) -> Store:
    """Two frames at a time on a node of eight cores: one is done after 20 s, one is in hand."""
    store.nodes.register(a_node("n1", cores=8, pool="cpu"))
    store.jobs.submit(a_job("1-4", owner="anna", layer={"chunk": 1}), key="k")
    lease, tasks = begin(store, resources=some_resources(2))
    store.history.note()
    let_pass(store, 20_000)
    store.leases.settle(lease, [result(tasks[0], elapsed_seconds=15)], want=1)
    return store


def test_now_is_the_accounts_and_their_ratios(worked: Store, client: Client) -> None:
    before = worked.accounts.read().farm().core_seconds()
    found = client.usage.now()
    after = worked.accounts.read().farm().core_seconds()

    (cpu,) = [one for one in found["pools"] if one["pool"] == "cpu"]
    assert found["farm"]["core_seconds"] == cpu["core_seconds"]
    for state in ServerState:
        assert before[state] <= cpu["core_seconds"][state] <= after[state]
    assert cpu["cores"] == {**dict.fromkeys(SERVER_STATES, 0), "busy": 2, "starved": 6}
    assert cpu["utilization"] == pytest.approx(0.25, abs=0.01)
    assert found["productions"][0]["booked_cores"] == 2
    assert found["productions"][0]["spent_core_seconds"]["succeeded"] == 30


def test_layers_that_may_use_any_pool_have_a_row_beside_those_of_nodes(
    store: Store, client: Client
) -> None:
    store.nodes.register(a_node("n1", pool="cpu"))
    store.jobs.submit(a_job("1-4"), key="k")

    pools = {one["pool"]: one for one in client.usage.now()["pools"]}

    assert pools[""]["tasks"]["ready"] == 4
    assert sum(pools[""]["cores"].values()) == 0
    assert sum(pools["cpu"]["cores"].values()) == 4


def test_nodes_and_what_runs_for_longest(worked: Store, client: Client) -> None:
    (node,) = client.usage.nodes()
    (running,) = client.usage.longest()

    assert (node["node"], node["cores"], node["by_state"]["busy"]) == ("n1", 8, 2)
    assert (running["job"], running["frame"], running["node"]) == ("1", 2, "n1")
    assert (running["frames"], running["attempt"]) == (1, 1)


def test_the_farm_and_its_nodes_are_told_of_one_instant(worked: Store, client: Client) -> None:
    assert client.usage.now()["nodes"] is None

    found = client.usage.now(nodes=True)

    (cpu,) = [one for one in found["pools"] if one["pool"] == "cpu"]
    assert found["nodes"] == client.usage.nodes()
    assert found["nodes"][0]["by_state"] == cpu["cores"]


def test_a_look_at_the_whole_farm_asks_for_nodes_with_the_rest(
    worked: Store, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Usage, "nodes")  # that would read all accounts once more

    status, out, _ = told("top", "--json")

    found = json.loads(out)
    assert status == 0
    assert [node["node"] for node in found["nodes"]] == ["n1"]
    assert "nodes" not in found["usage"]


def test_history_is_noted_once_an_hour_and_read_up_to_now(worked: Store, client: Client) -> None:
    assert not worked.history.note()

    (row,) = client.usage.history(per="hour")
    (day,) = client.usage.history()

    spent = row["core_seconds"]
    assert sum(spent.values()) == pytest.approx(
        160, abs=16
    )  # eight cores, 20 s, and the test's own
    assert sum(spent.values()) / 8 >= 20
    assert spent["busy"] / sum(spent.values()) == pytest.approx(0.25, abs=0.01)
    assert day["day"] == datetime.now(UTC).date().isoformat()
    assert sum(day["core_seconds"].values()) >= sum(spent.values())


def test_what_was_spent_by_whom(worked: Store, client: Client) -> None:
    (row,) = client.usage.days(by=["production", "user", "day"])

    assert (row["production"], row["user"], row["pool"]) == ("heron", "anna", None)
    assert row["core_seconds"]["succeeded"] == 30
    assert row["core_seconds"]["overhead"] == pytest.approx(10, abs=1)


def test_artists_are_told_of_their_own_spending_and_not_of_the_farm(
    worked: Store, url: str
) -> None:
    own = client_with(url, a_token(worked, Role.ARTIST, "heron"))
    others = client_with(url, a_token(worked, Role.ARTIST, "lynx"))
    operator = client_with(url, a_token(worked, Role.OPERATOR, ALL))

    assert len(own.usage.days()) == 1
    assert others.usage.days() == []
    assert operator.usage.now()["farm"]["cores"]["busy"] == 2
    for ask in (own.usage.now, own.usage.longest, own.usage.history):
        with pytest.raises(NotAllowed):
            ask()


def test_a_report_adds_up_in_every_form(worked: Store, told: Told, tmp_path: Path) -> None:
    csv, page = tmp_path / "spent.csv", tmp_path / "page.html"

    status, out, _ = told("report", "--json", "--by", "user")
    written, shown, said = told("report", "--csv", str(csv), "--html", str(page))
    plain = told("report")[1]

    found = json.loads(out)
    assert (status, written, shown) == (0, 0, "")
    assert found["utilization"] == pytest.approx(0.25, abs=0.01)
    assert sum(day["core_seconds"]["busy"] for day in found["days"]) == pytest.approx(
        found["core_seconds"]["busy"]
    )
    assert found["spent"][0]["user"] == "anna"
    assert csv.read_text("utf-8").splitlines()[1].startswith("heron,")
    assert "heron" in page.read_text("utf-8")
    assert said.splitlines() == [f"wrote {csv}", f"wrote {page}"]
    assert "utilization\t25" in plain


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "yesterday"), "--from 'yesterday' is no day: write 2026-11-01"),
        (("--from", "2026-11-09", "--to", "2026-11-08"), "swap them"),
        (("--days", "3", "--from", "2026-11-09"), "give --days or --from, not both"),
        (("--from", "2020-01-01"), "more than the 400 days that are kept"),
        (("--csv", "/nowhere/at/all.csv"), "--csv /nowhere/at/all.csv: No such file"),
    ],
)
def test_what_a_report_cannot_tell_is_said_in_one_line(
    told: Told, words: tuple[str, ...], said: str
) -> None:
    status, out, err = told("report", *words)

    assert status != 0
    assert said in err
    assert (out, err.count("\n")) == ("", 1)


def test_top_shows_nodes_pools_productions_and_what_runs(worked: Store, told: Told) -> None:
    status, out, _ = told("top", "--once")
    as_json: dict[str, Any] = json.loads(told("top", "--json")[1])

    lines = out.splitlines()
    assert status == 0
    assert lines[0].startswith("karst  1 nodes, 8 cores, no scheduler has planned yet")
    assert any(line.split()[:3] == ["cpu", "1", "8"] for line in lines)
    assert any(line.split()[:2] == ["heron", "2"] for line in lines)
    assert any("1 render" in line and "n1" in line for line in lines)
    assert as_json["nodes"][0]["node"] == "n1"
    assert told("top", "--every", "0")[0] != 0
