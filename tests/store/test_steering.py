"""Steering jobs, leases and nodes while they are at work, one promise a test, on a real server."""

import pytest

from farm.model.errors import Conflict, LeaseLost, NodeSuperseded, NotFound
from farm.model.job import TaskCounts
from farm.model.lease import LeaseState, Recall
from farm.model.node import NodeHealth
from farm.model.states import JobState, NodeState, TaskState
from farm.store import Store
from farm.store.leases import GIVE_UP, KEEP
from tests.makers import LEADER, a_grant, a_job, a_node, begin, grant, result


def test_pause_lets_the_task_in_hand_finish_and_no_other_begin(store: Store) -> None:
    store.jobs.submit(a_job(), key="k")
    store.nodes.register(a_node())
    lease, (task,) = begin(store)

    assert store.jobs.pause("1") is JobState.PAUSED is store.jobs.pause("1")
    settled = store.leases.settle(lease, [result(task)], want=1)

    assert settled.ended == "paused"
    assert settled.counted == (True,)
    assert store.leader.snapshot().layers == ()
    store.jobs.resume("1")
    assert len(store.leader.snapshot().layers) == 1


def test_cancel_ends_everything_and_survives_late_reports(store: Store) -> None:
    store.jobs.submit(a_job("1-10"), key="k")
    store.nodes.register(a_node())
    lease, (task,) = begin(store)
    unstarted, _ = grant(store, a_grant())

    assert store.jobs.cancel("1") == 10
    orders = store.nodes.heartbeat("n1", 1, NodeHealth(), {}).orders
    assert [(o.lease, o.state, o.kill) for o in orders] == [(lease.id, LeaseState.RECALLED, True)]
    assert store.nodes.get("n1").free.cores == 3, "booked until the renderer is dead"
    settled = store.leases.settle(lease, [result(task)], want=1)

    assert settled.counted == (False,)
    assert store.jobs.get("1").state is JobState.CANCELLED
    assert store.nodes.get("n1").free.cores == 4
    with pytest.raises(LeaseLost):
        store.leases.start(unstarted, node="n1", epoch=1)
    with pytest.raises(Conflict, match="cancelled"):
        store.jobs.pause("1")


def test_a_recalled_lease_ends_at_the_task_boundary(store: Store) -> None:
    store.jobs.submit(a_job(), key="k")
    store.nodes.register(a_node())
    lease, (task,) = begin(store)
    unstarted, _ = grant(store, a_grant())
    recalls = [Recall(lease=one, reason="due") for one in (lease.id, unstarted, "nobody")]

    assert store.leases.recall(recalls, leader=LEADER) == ["recalled", "ended", "gone"]
    assert store.leases.settle(lease, [result(task)], want=1).ended == "recalled"
    assert store.jobs.get("1").counts == TaskCounts(ready=9, succeeded=1)


def test_a_drained_node_keeps_drained_through_a_restart(store: Store) -> None:
    store.nodes.register(a_node())
    assert store.nodes.drain("n1", "fan broken") is NodeState.DRAINING
    store.nodes.register(a_node())
    assert store.nodes.get("n1").state is NodeState.DRAINING
    assert store.leader.snapshot().nodes == ()
    assert store.nodes.undrain("n1") is NodeState.ONLINE
    with pytest.raises(NotFound):
        store.nodes.drain("n9", "")


def test_a_worker_on_its_way_out_gets_no_more_and_comes_back_online(store: Store) -> None:
    store.jobs.submit(a_job(), key="k")
    store.nodes.register(a_node())
    lease, (task,) = begin(store)
    store.nodes.leaving("n1", 1, "SIGTERM")

    assert store.leases.settle(lease, [result(task)], want=1).ended in {"recalled", "draining"}
    store.nodes.leave("n1", 1)
    assert store.nodes.get("n1").state is NodeState.OFFLINE
    store.nodes.register(a_node())
    assert store.nodes.get("n1").state is NodeState.ONLINE


def test_a_silent_node_is_reaped_and_must_register_again(store: Store) -> None:
    store.jobs.submit(a_job(), key="k")
    store.nodes.register(a_node())
    begin(store)

    assert store.leader.reap(LEADER, silent_seconds=0) == (1, 0)
    assert store.nodes.get("n1").state is NodeState.OFFLINE
    assert store.jobs.get("1").counts == TaskCounts(ready=10)
    with pytest.raises(NotFound):
        store.nodes.heartbeat("n1", 1, NodeHealth(), {})


def test_a_newer_worker_fences_the_older_one_off(store: Store) -> None:
    store.nodes.register(a_node())
    store.nodes.register(a_node())
    with pytest.raises(NodeSuperseded):
        store.nodes.heartbeat("n1", 1, NodeHealth(), {})


def test_giving_a_lease_up_returns_what_is_in_hand(store: Store) -> None:
    store.jobs.submit(a_job("1-8", layer={"chunk": 4}), key="k")
    store.nodes.register(a_node())
    lease, tasks = begin(store)

    kept = store.leases.settle(lease, [result(tasks[0])], want=KEEP)
    ended = store.leases.settle(lease, [], want=GIVE_UP)

    assert (kept.counted, kept.tasks, kept.ended) == ((True,), (), "")
    assert ended.ended == "given up"
    assert store.jobs.get("1").counts == TaskCounts(ready=7, succeeded=1)
    assert [t.index for t in begin(store)[1]] == [1, 2, 3, 4]


def test_one_scheduler_leads_and_another_takes_over_when_it_resigns(store: Store) -> None:
    assert store.leader.lead("a") == 1
    assert store.leader.lead("b") == 0
    assert store.leader.lead("a") == 1
    store.leader.resign("a")
    assert store.leader.lead("b") == 2
    assert store.leader.leader() == "b"


def test_a_node_that_says_it_is_unfit_gets_nothing(store: Store) -> None:
    store.nodes.register(a_node())
    store.nodes.heartbeat("n1", 1, NodeHealth(unfit="disk full"), {})
    assert store.leader.snapshot().nodes == ()
    store.nodes.heartbeat("n1", 1, NodeHealth(), {})
    assert len(store.leader.snapshot().nodes) == 1


def test_tasks_are_listed_with_what_is_known_of_them(store: Store) -> None:
    store.jobs.submit(a_job("1-4"), key="k")
    store.nodes.register(a_node())
    lease, (task,) = begin(store)
    told = result(task, image_bytes=4096, peak_memory_bytes=2**20)
    settled = store.leases.settle(lease, [told], want=1)
    store.nodes.heartbeat("n1", 1, NodeHealth(), {lease.id: "1:1 sample 3 of 8"})

    done, running, *waiting = store.tasks.list("1")
    assert (done.state, done.frame, done.node) == (TaskState.SUCCEEDED, 1, "n1")
    assert (done.elapsed_seconds, done.image_bytes, done.peak_memory_bytes) == (1.5, 4096, 2**20)
    assert (running.state, running.progress) == (TaskState.RUNNING, "sample 3 of 8")
    assert [task.state for task in waiting] == [TaskState.READY] * 2
    assert [t.frame for t in store.tasks.list("1", states={TaskState.READY}, limit=1)] == [3]
    assert settled.tasks[0].index == 1


def test_facts_tell_the_story_in_order(store: Store) -> None:
    store.jobs.submit(a_job("1"), key="k")
    store.nodes.register(a_node())
    lease, (task,) = begin(store)
    store.leases.settle(lease, [result(task)], want=1)

    kinds = [fact.kind for fact in store.facts.read()]
    assert kinds == [
        "job_submitted",
        "node_online",
        "leader_changed",
        "lease_granted",
        "tasks_ended",
        "lease_ended",
        "job_succeeded",
    ]
    assert store.facts.read(store.facts.last_id()) == []


def test_a_submitted_job_is_known_to_be_on_disk(store: Store) -> None:
    store.jobs.submit(a_job(), key="k")
    assert store.wait_durable()
