"""What a severe reader found once, and must not come back."""

import contextlib

import pytest

from farm.model.errors import BadRequest, LeaseLost
from farm.model.job import TaskCounts
from farm.model.node import NodeHealth
from farm.model.states import JobState, Outcome, TaskState
from farm.policy.plan import plan
from farm.store import Store, keys
from farm.store.chosen import TASKS_AT_ONCE
from farm.store.counters import place
from farm.store.leases import KEEP
from tests.makers import LEADER, a_grant, a_job, a_node, begin, grant, result, some_resources


def forget_the_start(store: Store, lease: str) -> None:
    """What a store does that crashes and loses its last second, just after a start."""
    client = store.connection.client
    client.hset(keys.lease(lease), mapping={"state": "granted", "tasks": ""})
    client.hset(keys.layer("1.1"), mapping={"unstarted": 1, "cursor": 0})
    client.zadd(keys.UNSTARTED, {lease: 0})
    client.setrange(keys.layer("1.1", "states"), 0, "\0")
    for key in (keys.layer("1.1"), keys.job("1")):
        client.hincrby(key, "ready", 1)
        client.hincrby(key, "running", -1)
    counters = client.bitfield(keys.counters("heron", ""))
    counters.incrby("i64", place("tasks ready"), 1).incrby("i64", place("tasks running"), -1)
    counters.execute()


def test_a_start_the_store_forgot_leaves_no_task_running_for_ever(store: Store) -> None:
    store.jobs.submit(a_job("1-9"), key="k")
    store.nodes.register(a_node())
    lease, (task,) = begin(store)
    forget_the_start(store, lease.id)

    settled = store.leases.settle(lease, [result(task)], want=1)
    store.leader.reap(LEADER)

    assert (settled.counted, settled.tasks, settled.ended) == ((False,), (), "gone")
    assert store.jobs.get("1").counts == TaskCounts(ready=9)
    assert store.nodes.get("n1").free == a_node().resources


def test_a_node_that_does_not_start_its_leases_gets_none_for_a_while(store: Store) -> None:
    store.jobs.submit(a_job("1"), key="k")
    store.nodes.register(a_node("hangs"))
    for _ in range(2):
        assert len(store.leader.snapshot().nodes) == 1
        lease, _ = grant(store, a_grant("hangs"))
        store.connection.client.zadd(keys.UNSTARTED, {lease: 0})
        store.leader.reap(LEADER)
    assert store.leader.snapshot().nodes == ()

    store.nodes.register(a_node("hangs"))
    assert [node.name for node in store.leader.snapshot().nodes] == ["hangs"]


def test_many_failed_tasks_are_retried_slice_by_slice(store: Store) -> None:
    count = 2 * TASKS_AT_ONCE + 1
    store.jobs.submit(a_job(f"1-{count}", layer={"retries": 0, "chunk": 10_000}), key="k")
    store.nodes.register(a_node())
    lease, tasks = begin(store)
    while tasks:
        told = [result(task, Outcome.FAILED, reason="x") for task in tasks]
        tasks = store.leases.settle(lease, told, want=1).tasks
    assert store.jobs.get("1").counts == TaskCounts(failed=count)

    assert store.jobs.retry("1", request="r") == count
    assert store.jobs.retry("1", request="r") == count

    assert store.jobs.get("1").state is JobState.ACTIVE
    _, tasks = begin(store)
    assert {(task.attempt, task.failures) for task in tasks} == {(2, 0)}
    assert len(tasks) == 10_000


def test_a_lost_attempt_is_told_in_the_story_of_its_task(store: Store) -> None:
    store.jobs.submit(a_job("1"), key="k")
    store.nodes.register(a_node())
    begin(store)
    store.nodes.register(a_node())

    (told,) = store.tasks.get("1", 1).failures
    assert (told.outcome, told.node, told.reason) == (
        Outcome.LOST,
        "n1",
        "the node registered again",
    )


def test_what_is_behind_many_retries_for_elsewhere_is_found(store: Store) -> None:
    store.jobs.submit(a_job("1-300", layer={"chunk": 300}), key="k")
    store.nodes.register(a_node("a"))
    store.nodes.register(a_node("b"))
    lease, tasks = begin(store, node="a")
    told = [result(task, Outcome.FAILED) for task in tasks[:299]]
    store.leases.settle(lease, told, want=KEEP)
    store.leases.give_up(lease.id, layer=lease.layer, epoch=1)
    other, tasks = begin(store, node="b")
    mine = next(task for task in tasks if task.index == 299)
    store.leases.settle(other, [result(mine, Outcome.FAILED)], want=KEEP)
    store.leases.give_up(other.id, layer=other.layer, epoch=1)

    found = [index for _ in range(3) for index in indices_for(store, "a")]
    assert found == [299]


def indices_for(store: Store, node: str) -> list[int]:
    """The tasks that a new lease on `node` gets, none when it is dropped."""
    lease, answer = grant(store, a_grant(node))
    if answer != "granted":
        return []
    with contextlib.suppress(LeaseLost):
        return [task.index for task in store.leases.start(lease, node=node, epoch=1)[1]]
    return []


def test_amounts_no_machine_has_are_refused(store: Store) -> None:
    for huge in (some_resources(cores=10**19), some_resources(memory_bytes=2**60)):
        with pytest.raises(BadRequest, match="no machine is that large"):
            store.jobs.submit(a_job(layer={"resources": huge}), key="k")
    assert store.jobs.list() == []


@pytest.mark.parametrize("weight", [0, -1, float("inf"), float("nan")])
def test_a_weight_that_is_no_share_is_refused(store: Store, weight: float) -> None:
    store.jobs.submit(a_job(), key="k")
    with pytest.raises(BadRequest, match="above 0"):
        store.productions.set_share("heron", "", weight=weight)


def test_a_weight_decides_who_is_next(store: Store) -> None:
    for production in ("heron", "li"):
        store.jobs.submit(a_job("1-9", production=production), key=production)
    store.productions.set_share("li", "", weight=3.0)
    store.nodes.register(a_node())

    grants = plan(store.leader.snapshot()).grants

    assert sorted(grant.layer for grant in grants) == ["1.1", "2.1", "2.1", "2.1"]


def test_a_fault_of_the_node_keeps_its_leases_from_being_granted_anew(store: Store) -> None:
    store.jobs.submit(a_job(), key="k")
    store.nodes.register(a_node())
    begin(store)
    store.nodes.heartbeat("n1", 1, NodeHealth(unfit="no space left"), {})
    assert grant(store, a_grant())[1] == "node"
    assert store.tasks.list("1", states={TaskState.RUNNING})[0].node == "n1"
