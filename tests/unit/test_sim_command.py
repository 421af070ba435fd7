"""`farm simulate`: what people type, and what they get."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from farm.cli.main import cli

MINE = """
name = "mine"
lasts = "20m"
sample_seconds = 60
[[nodes]]
kind = "plain"
count = 2
cores = 8
memory = "32G"
[[jobs]]
production = "heron"
frames = 40
minutes = 1
[[productions]]
name = "heron"
ceiling = 8
"""


def simulate(*words: str) -> Result:
    return CliRunner().invoke(cli, ["simulate", *words])


@pytest.fixture
def mine(tmp_path: Path) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(MINE, "utf-8")
    return str(path)


def test_it_lists_what_comes_along() -> None:
    told = simulate("--list").stdout

    assert "centre-700\tA centre of 700 nodes" in told
    assert "check-wide\t" in told


def test_without_a_scenario_it_says_how_to_find_one() -> None:
    assert "farm simulate --list names scenarios" in simulate().stderr


def test_runs_stand_side_by_side(mine: str) -> None:
    done = simulate(mine, "--against", "fifo,greedy", "--plain")
    rows = [line.split("\t") for line in done.stdout.splitlines()]

    assert done.exit_code == 0
    assert rows[0] == ["run", "mine: karst", "mine: fifo", "mine: greedy"]
    assert ["tasks done", "40", "40", "40"] in rows


def test_a_change_is_compared_with_what_it_changes(mine: str) -> None:
    done = simulate(mine, "--set", "productions.heron.ceiling=16", "--against", mine, "--json")
    freed, bound = json.loads(done.stdout)

    assert freed["measures"]["makespan"] < bound["measures"]["makespan"]


def test_all_numbers_lie_in_the_folder_that_was_named(mine: str, tmp_path: Path) -> None:
    simulate(mine, "--out", str(tmp_path / "out"), "--seed", "3")

    assert json.loads((tmp_path / "out" / "numbers.json").read_text("utf-8"))[0]["seed"] == 3


def test_the_page_holds_every_picture_and_the_bounds(mine: str, tmp_path: Path) -> None:
    bound = '[[bounds]]\nmeasure = "most_cores"\nof = "heron"\nmost = 8\n'
    Path(mine).write_text(MINE + bound, "utf-8")

    simulate(mine, "--against", "fifo", "--out", str(tmp_path / "out"))
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    drawn = {path.stem for path in (tmp_path / "out").glob("*.png")}

    assert drawn == {
        "utilization",
        "fairness",
        "waits",
        "stranded",
        "forecasts",
        "shares-1",
        "shares-2",
    }
    assert page.count("data:image/png;base64,") == len(drawn)
    assert page.count("<td>PASS</td>") == 2


def test_a_promise_that_is_not_kept_is_a_status_of_its_own() -> None:
    kept, broken = (
        simulate("--check", "failover"),
        simulate("--check", "starving", "--policy", "fifo"),
    )

    assert kept.exit_code == 0
    assert broken.exit_code == 1
    assert "PASS\tcheck-failover\ttasks >= 4000" in kept.stdout
    assert "FAIL\tcheck-starving\tjob_wait_max of small <= 900" in broken.stdout


def test_a_check_that_is_not_there_is_told_with_those_that_are() -> None:
    assert "no check 'sloth': all, failover" in str(simulate("--check", "sloth").exception)
