"""Faults of nodes and faults of jobs are told apart, with one node and with two."""

import pytest

from farm.model.errors import NotFound
from farm.model.resources import GIB
from farm.model.states import JobState, TaskState
from farm.policy.plan import plan
from farm.scheduler.judge import Judge
from farm.store import Store
from tests.makers import a_grant, grant
from tests.store.faulty import fails, jobs, judge, nodes, succeeds, taking

__all__ = ["judge"]  # a fixture


def test_a_node_on_which_three_jobs_fail_in_a_row_is_quarantined(
    store: Store, judge: Judge
) -> None:
    nodes(store, "bad", "good")
    jobs(store, 3)
    for job in (1, 2):
        fails(store, "bad", job)
        fails(store, "bad", job)
        judge.judge()
    assert taking(store) == {"bad", "good"}

    fails(store, "bad", 3, reason="no GPU")
    judge.judge()

    assert taking(store) == {"good"}
    assert store.nodes.get("bad").closed == (
        "quarantined: 3 jobs failed here in a row, last job 3: no GPU"
    )
    assert grant(store, a_grant("bad"))[1] == "node"


def test_a_success_between_clears_a_node(store: Store, judge: Judge) -> None:
    nodes(store, "a", "b")
    jobs(store, 4)
    for job in (1, 2):
        fails(store, "a", job)
    succeeds(store, "a", 3)
    for job in (3, 4):
        fails(store, "a", job)
    judge.judge()

    assert taking(store) == {"a", "b"}


def test_two_jobs_are_enough_when_their_frames_succeed_elsewhere(
    store: Store, judge: Judge
) -> None:
    nodes(store, "bad", "good")
    jobs(store, 2, "1")
    for job in (1, 2):
        fails(store, "bad", job)
        succeeds(store, "good", job)
    judge.judge()

    assert taking(store) == {"good"}
    assert "2 jobs failed here and succeeded elsewhere" in store.nodes.get("bad").closed
    assert store.jobs.get("1").state is JobState.SUCCEEDED


def test_bad_scenes_quarantine_neither_of_two_nodes(store: Store, judge: Judge) -> None:
    nodes(store, "a", "b")
    jobs(store, 4, "1", layer={"retries": 1})
    for job in (1, 2, 3, 4):
        for node in ("a", "b"):
            fails(store, node, job)
            judge.judge()

    assert taking(store) == {"a", "b"}
    assert {store.jobs.get(str(job)).state for job in (1, 2, 3, 4)} == {JobState.FAILED}


def test_one_failed_frame_fails_no_job_on_two_nodes(store: Store, judge: Judge) -> None:
    nodes(store, "a", "b")
    jobs(store, 1, "1-2")
    fails(store, "a", 1)
    judge.judge()
    assert store.jobs.get("1").state is JobState.ACTIVE
    assert store.faults.blocked("1") == ()

    succeeds(store, "b", 1)
    succeeds(store, "b", 1)

    assert store.jobs.get("1").state is JobState.SUCCEEDED


def test_a_job_shuns_a_node_after_two_frames_that_succeed_elsewhere(
    store: Store, judge: Judge
) -> None:
    nodes(store, "bad", "good")
    jobs(store, 1, "1-6")
    for _ in range(2):
        failed = fails(store, "bad", 1)
        assert succeeds(store, "good", 1) == failed
        judge.judge()

    assert store.faults.blocked("1") == ("bad",)
    (layer,) = store.leader.snapshot().layers
    assert layer.not_nodes == {"bad"}
    assert grant(store, a_grant("bad"))[1] == "node"
    assert taking(store) == {"bad", "good"}  # for other jobs

    assert store.faults.unblock("1", "bad") == 1
    judge.judge()
    assert store.faults.blocked("1") == ()
    with pytest.raises(NotFound):
        store.faults.unblock("77")


@pytest.mark.parametrize("count", [1, 2])
def test_a_job_that_fails_and_fails_is_paused_with_its_reason(
    store: Store, judge: Judge, count: int
) -> None:
    names = ["a", "b"][:count]
    nodes(store, *names)
    jobs(store, 1, "1-30", fail_after=4, layer={"retries": 0})
    for number in range(4):
        assert store.jobs.get("1").state is JobState.ACTIVE
        fails(store, names[number % count], 1)
        judge.judge()

    job = store.jobs.get("1")
    where = "1 node" if count == 1 else "2 nodes"
    assert job.state is JobState.PAUSED
    assert job.paused_why == f"4 frames failed on {where}, of 4 tried; see why, then resume"
    assert plan(store.leader.snapshot()).grants == ()

    store.jobs.resume("1")
    fails(store, "a", 1)
    judge.judge()
    assert store.jobs.get("1").state is JobState.ACTIVE
    assert store.jobs.get("1").paused_why == ""


def test_a_job_that_wants_to_go_on_whatever_fails_does(store: Store, judge: Judge) -> None:
    nodes(store, "a")
    jobs(store, 1, "1-30", fail_after=0, layer={"retries": 0})
    for _ in range(25):
        fails(store, "a", 1)
        judge.judge()

    assert store.jobs.get("1").state is JobState.ACTIVE


def test_running_out_of_memory_is_neither_the_nodes_nor_the_scenes_fault(
    store: Store, judge: Judge
) -> None:
    nodes(store, "a", "b")
    jobs(store, 3)
    for job in (1, 2, 3):
        fails(store, "a", job, reason="out of memory: it needed more than the 1 GiB booked")
        judge.judge()

    assert taking(store) == {"a", "b"}
    (layer,) = store.jobs.get("1").layers
    assert (layer.out_of_memory, layer.out_of_memory_bytes) == (1, GIB)
    again = fails(store, "a", 1, reason="it broke")
    assert again == 0  # it needed more memory, and no other node
    assert store.tasks.list("1", states={TaskState.READY})
