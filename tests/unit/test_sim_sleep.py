"""Nodes that sleep in the played farm: nothing is lost, and every joule is counted."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from farm.cli.main import cli
from farm.model.resources import GIB
from farm.policy.sleep import SleepRules
from farm.sim.checking import check
from farm.sim.outcome import Outcome
from farm.sim.resting import LOOK_SECONDS
from farm.sim.running import engine_for, play
from farm.sim.scenario import Happening, JobsAt, NodeKind, Scenario

NODES = NodeKind(
    kind="plain",
    count=4,
    cores=8,
    memory_bytes=32 * GIB,
    idle_watts=100,
    full_watts=500,
    asleep_watts=10,
)
#: Sixteen frames at once for ten minutes on the whole farm, and the same again after three hours.
WORK = JobsAt(
    production="heron",
    at_seconds=0.0,
    frames=16,
    cores=2,
    memory_bytes=GIB,
    seconds=600.0,
    times=2,
    every_seconds=3 * 3600.0,
)
RULES = SleepRules(floor_cores=8, idle_seconds=900, wake_seconds=120)
PLAIN = Scenario(name="small", seconds=4 * 3600.0, nodes=(NODES,), jobs=(WORK,))


def played(**fields: object) -> Outcome:
    return play(engine_for(replace(PLAIN, **fields)))  # type: ignore[arg-type]


def test_without_sleep_the_energy_is_that_of_idle_nodes_and_booked_cores() -> None:
    outcome = played(start_lag_seconds=0.0)

    idle = 4 * 100 * 4 * 3600
    work = 2 * 16 * 600 * 2 * (400 / 8)
    assert outcome.measures.joules == pytest.approx(idle + work, rel=0.001)


def test_all_but_the_floor_sleeps_and_wakes_for_work() -> None:
    awake, asleep = played(), played(sleep=RULES)

    assert asleep.measures.succeeded == awake.measures.succeeded == 32
    # Three nodes from a quarter of an hour after the first work to the second, and after that.
    slept = asleep.measures.asleep_node_seconds / 3
    whole = (3 * 3600 - 600 - 900) + (3600 - 600 - 900 - RULES.wake_seconds)
    assert slept == pytest.approx(whole, abs=6 * LOOK_SECONDS)
    saved = awake.measures.joules - asleep.measures.joules
    assert saved == pytest.approx(asleep.measures.asleep_node_seconds * 90, rel=0.02)
    assert asleep.measures.wakes == 3
    assert asleep.value("task_wait_max") <= RULES.wake_seconds + 2 * LOOK_SECONDS
    assert awake.value("task_wait_max") < 5


def test_who_dies_asleep_is_not_missed_and_a_drained_node_is_left_alone() -> None:
    events = (
        Happening(what="death", at_seconds=7200.0, count=4),
        Happening(what="drain", at_seconds=0.0, for_seconds=4 * 3600.0, count=1),
    )

    outcome = played(sleep=RULES, events=events)

    assert outcome.measures.deaths <= 2  # the floor's node, and the one that drains
    assert outcome.measures.succeeded == 32


def test_the_command_shows_what_sleep_saves_beside_what_it_costs(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        "lasts = '2h'\n[[nodes]]\nkind = 'plain'\ncount = 3\ncores = 8\nmemory = '8G'\n"
        "idle_watts = 100\nfull_watts = 400\n[[jobs]]\nproduction = 'heron'\nminutes = 1\n",
        "utf-8",
    )
    words = ["simulate", str(path), "--sleep", "floor=8,idle=5m,wake=2m", "--plain"]

    told = CliRunner().invoke(cli, words)
    wrong = [
        CliRunner().invoke(cli, [*words[:3], rules])
        for rules in ("floor", "flor=8", "floor=8,idle=soon")
    ]

    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in told.stdout.splitlines()}
    assert rows["run"] == ["mine: karst", "mine, sleeping: karst"]
    assert rows["tasks done"] == ["1", "1"]
    assert rows["energy"][1].endswith("% less")
    assert rows["nodes asleep"][0] == "0.0%, 0 node-hours, woken 0 times"
    assert [bool(one.exception) for one in wrong] == [True, True, True]
    assert "perhaps floor" in str(wrong[1].exception)


@pytest.mark.soak
def test_the_promise_on_sleep_holds() -> None:
    assert [verdict for verdict in check("sleep") if not verdict.holds] == []
