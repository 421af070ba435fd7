"""What people say of a node holds: locks, comments, hours, a restart."""

from datetime import UTC, datetime

import pytest

from farm.model.errors import BadRequest, NotFound
from farm.model.node import NodeHealth
from farm.model.states import NodeState
from farm.scheduler.hours import Hours
from farm.store import Store
from tests.makers import a_grant, a_job, a_node, begin, grant, result

NIGHT, DAY = datetime(2026, 6, 1, 23, tzinfo=UTC), datetime(2026, 6, 2, 12, tzinfo=UTC)
NIGHTS = "Mon-Fri 22:00-06:00 UTC"


@pytest.fixture(autouse=True)
def a_node_and_a_job(store: Store) -> None:
    store.nodes.register(a_node())
    store.jobs.submit(a_job("1-9"), key="k")


def taking(store: Store) -> bool:
    return bool(store.leader.snapshot().nodes)


def test_a_locked_node_takes_nothing_new_and_what_it_has_runs_on(store: Store) -> None:
    lease, tasks = begin(store)
    store.nodes.lock("n1", "somebody measures here")

    assert not taking(store)
    assert grant(store, a_grant())[1] == "node"
    assert store.nodes.get("n1").closed == "somebody measures here"
    assert store.leases.settle(lease, [result(tasks[0])], want=1).tasks

    store.nodes.unlock("n1")
    assert taking(store)


def test_a_lock_a_comment_and_hours_outlive_the_worker(store: Store) -> None:
    store.nodes.lock("n1", "new disk")
    store.nodes.comment("n1", "ask Mei before touching it")
    store.nodes.schedule("n1", NIGHTS)

    store.nodes.register(a_node())

    node = store.nodes.get("n1")
    assert (node.closed, node.comment, node.schedule) == (
        "new disk",
        "ask Mei before touching it",
        NIGHTS,
    )


def test_a_node_that_keeps_hours_sleeps_and_wakes_by_itself(store: Store) -> None:
    store.nodes.schedule("n1", NIGHTS)
    hours = Hours(store)

    hours.keep_at(NIGHT)
    assert store.nodes.get("n1").state is NodeState.ONLINE
    hours.keep_at(DAY)
    asleep = store.nodes.get("n1")
    assert asleep.state is NodeState.DRAINING
    assert asleep.held == f"outside its hours, {NIGHTS}; again at 2026-06-02 22:00 UTC"
    store.nodes.register(a_node())
    assert store.nodes.get("n1").state is NodeState.DRAINING

    hours.keep_at(NIGHT)
    assert store.nodes.get("n1").state is NodeState.ONLINE


def test_a_node_is_drained_as_long_as_anybody_wants_it(store: Store) -> None:
    store.nodes.schedule("n1", NIGHTS)
    store.nodes.drain("n1", "new memory")
    Hours(store).keep_at(DAY)

    store.nodes.undrain("n1")
    assert store.nodes.get("n1").state is NodeState.DRAINING
    store.nodes.schedule("n1", "")
    assert store.nodes.get("n1").state is NodeState.ONLINE


def test_a_restart_drains_first_and_ends_with_the_new_worker(store: Store) -> None:
    begin(store)
    store.nodes.restart("n1", "new version")

    pulse = store.nodes.heartbeat("n1", 1, NodeHealth(), {})
    assert pulse.restart
    assert [order.state for order in pulse.orders] == ["recalled"]

    epoch = store.nodes.register(a_node())
    assert not store.nodes.heartbeat("n1", epoch, NodeHealth(), {}).restart
    assert store.nodes.get("n1").state is NodeState.ONLINE


def test_hours_that_cannot_be_read_are_refused_and_so_is_a_node_nobody_knows(store: Store) -> None:
    with pytest.raises(BadRequest):
        store.nodes.schedule("n1", "at night")
    with pytest.raises(NotFound):
        store.nodes.lock("n9", "")
    with pytest.raises(NotFound):
        store.nodes.comment("n9", "")
