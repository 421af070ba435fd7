"""Nodes that nobody needs sleep, wake for work, and are awake once they are heard of again."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from farm.model.errors import NotFound, NotLeader
from farm.model.states import NodeState
from farm.policy.sleep import SleepRules
from farm.scheduler.bedtime import STILL_UP_SECONDS, Bedtime
from farm.scheduler.hooks import Hooks
from farm.scheduler.lead import Lead
from farm.scheduler.sleep_file import SleepPlan
from farm.store import Store, keys
from tests.makers import LEADER, a_grant, a_job, a_node, grant, some_resources
from tests.waiting import wait_until

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
RULES = SleepRules(floor_cores=4, idle_seconds=900, wake_seconds=120)


class Farm:
    """Two nodes, and hooks that leave a file each."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder = store, folder
        hooks = Hooks(sleep=f"touch {folder}/{{node}}.slept", wake=f"touch {folder}/{{node}}.woke")
        hooks.check()
        lead = Lead(store, LEADER)
        store.leader.lead(LEADER)
        self.bedtime = Bedtime(store, lead, SleepPlan(hooks=hooks, pools={"": RULES}))
        for name in ("n1", "n2"):
            store.nodes.register(a_node(name))

    def look(self, now: float) -> None:
        self.store.leader.lead(LEADER)
        self.bedtime.look(AT, now)

    def was(self, what: str) -> None:
        """Wait until a hook has left this file; take it away."""
        wait_until((self.folder / what).exists, timeout_seconds=20)
        (self.folder / what).unlink()

    def rests(self) -> dict[str, tuple[str, NodeState]]:
        return {one.name: (one.rest, one.state) for one in self.store.nodes.list()}


@pytest.fixture
def farm(store: Store, tmp_path: Path) -> Farm:
    return Farm(store, tmp_path)


def test_a_node_sleeps_wakes_for_work_and_works(farm: Farm, store: Store) -> None:
    farm.look(0)
    farm.look(1000)
    assert farm.rests() == {"n1": ("asleep", NodeState.DRAINING), "n2": ("", NodeState.ONLINE)}
    assert store.nodes.get("n1").held == "asleep: nobody needs it"
    farm.look(1015)
    farm.was("n1.slept")
    store.nodes.leave("n1", 1)  # its machine is off
    store.jobs.submit(a_job("1-2", layer={"resources": some_resources(4)}), key="k")
    assert grant(store, a_grant("n2", resources=some_resources(4)))[1] == "granted"

    farm.look(1030)
    farm.was("n1.woke")
    assert farm.rests()["n1"] == ("waking", NodeState.OFFLINE)
    epoch = store.nodes.register(a_node("n1"))

    assert farm.rests()["n1"] == ("", NodeState.ONLINE)
    assert grant(store, a_grant("n1", epoch, resources=some_resources(4)))[1] == "granted"
    farm.look(1045)
    assert farm.rests()["n1"] == ("", NodeState.ONLINE)


def test_a_node_that_sleeps_is_not_missed(farm: Farm, store: Store) -> None:
    store.nodes.rest("n1", "asleep", "nobody needs it", leader=LEADER)

    assert store.leader.reap(LEADER, silent_seconds=-1)[0] == 2

    assert store.connection.client.hget(keys.COUNTERS, "silent_nodes") == "1"  # the other one


def test_a_node_that_does_not_sleep_works_again_and_is_left_alone(farm: Farm) -> None:
    for now in (0, 1000, 1015):
        farm.look(now)
    farm.was("n1.slept")

    farm.look(1016 + STILL_UP_SECONDS)

    assert farm.rests()["n1"] == ("", NodeState.ONLINE)
    farm.look(2500)
    assert farm.rests()["n1"][0] == ""  # though it has been idle for long


def test_a_node_that_does_not_wake_is_told_three_times_and_then_not_waited_for(
    farm: Farm, store: Store
) -> None:
    store.nodes.rest("n1", "asleep", "nobody needs it", leader=LEADER)
    store.nodes.leave("n1", 1)
    store.nodes.drain("n2", "new memory")  # the floor has to be somewhere

    for now in (0, 300, 600):
        farm.look(now)
        farm.was("n1.woke")
    farm.look(900)
    farm.look(1200)

    assert not (farm.folder / "n1.woke").exists()
    assert farm.rests()["n1"] == ("waking", NodeState.OFFLINE)


def test_people_go_before_the_policy(farm: Farm, store: Store) -> None:
    store.nodes.schedule("n1", "Mon-Sun 00:00-24:00 UTC")
    store.nodes.lock("n2", "somebody measures here")

    for now in (0, 1000):
        farm.look(now)

    assert {rest for rest, _ in farm.rests().values()} == {""}


def test_a_drain_by_hand_outlasts_a_rest(farm: Farm, store: Store) -> None:
    store.nodes.drain("n1", "new memory")
    store.nodes.rest("n1", "asleep", "nobody needs it", leader=LEADER)

    assert store.nodes.rest("n1", "", "", leader=LEADER) is NodeState.DRAINING
    assert store.nodes.undrain("n1") is NodeState.ONLINE


def test_only_the_leader_puts_nodes_to_sleep(farm: Farm, store: Store) -> None:
    with pytest.raises(NotLeader):
        store.nodes.rest("n1", "asleep", "nobody needs it", leader="another")
    with pytest.raises(NotFound):
        store.nodes.rest("n9", "asleep", "nobody needs it", leader=LEADER)

    assert farm.rests()["n1"] == ("", NodeState.ONLINE)
