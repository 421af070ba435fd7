"""The atomic steps, one promise a test, on a real server."""

import pytest

from farm.model.errors import LeaseLost
from farm.model.frames import Frames
from farm.model.job import TaskCounts
from farm.model.states import JobState, Outcome, TaskState
from farm.store import Store
from tests.makers import a_grant, a_job, a_node, begin, grant, result


def test_the_same_key_never_makes_two_jobs(store: Store) -> None:
    first = store.jobs.submit(a_job(), key="k1")
    again = store.jobs.submit(a_job(name="other"), key="k1")
    other = store.jobs.submit(a_job(), key="k2")

    assert first == again != other
    assert len(store.jobs.list()) == 2


def test_a_new_job_waits_with_all_its_tasks_ready(store: Store) -> None:
    job = store.jobs.get(store.jobs.submit(a_job("1-100x5"), key="k"))

    assert job.state is JobState.ACTIVE
    assert job.counts == TaskCounts(ready=20) == job.layers[0].counts
    assert job.layers[0].spec.frames == "1-100x5"


def test_a_lease_is_fed_until_its_layer_is_done(store: Store) -> None:
    job = store.jobs.submit(a_job("1-3"), key="k")
    store.nodes.register(a_node())
    lease, tasks = begin(store)
    seen = []
    ended = ""
    while tasks:
        seen += [task.index for task in tasks]
        settled = store.leases.settle(lease, [result(task) for task in tasks], want=1)
        tasks, ended = settled.tasks, settled.ended

    assert seen == [0, 1, 2]
    assert ended == "no task was left"
    assert store.jobs.get(job).state is JobState.SUCCEEDED
    assert store.nodes.get("n1").free == a_node().resources


def test_a_grant_is_refused_where_the_snapshot_was_stale(store: Store) -> None:
    job = store.jobs.submit(a_job("1-2"), key="k")
    epoch = store.nodes.register(a_node(cores=1))
    good = a_grant(epoch=epoch, layer=f"{job}.1")

    assert grant(store, a_grant(epoch=epoch + 1))[1] == "node"
    assert grant(store, a_grant(node="ghost"))[1] == "node"
    assert grant(store, a_grant(layer="99.1"))[1] == "job"
    assert store.leases.grant([good], leader="somebody else")[0][2] == "not leader"
    assert grant(store, good)[1] == "granted"
    assert grant(store, good)[1] == "room"


def test_no_more_leases_are_granted_than_tasks_are_ready(store: Store) -> None:
    store.jobs.submit(a_job("1-2"), key="k")
    store.nodes.register(a_node())

    assert [grant(store, a_grant())[1] for _ in range(3)] == ["granted", "granted", "no work"]


def test_a_message_that_comes_twice_starts_its_lease_once(store: Store) -> None:
    store.jobs.submit(a_job(), key="k")
    store.nodes.register(a_node())
    lease, _ = grant(store, a_grant())
    store.leases.start(lease, node="n1", epoch=1)

    with pytest.raises(LeaseLost):
        store.leases.start(lease, node="n1", epoch=1)


def test_a_repeated_call_gets_the_first_answer(store: Store) -> None:
    store.jobs.submit(a_job("1-4"), key="k")
    store.nodes.register(a_node())
    lease_id, _ = grant(store, a_grant())
    lease, tasks = store.leases.start(lease_id, node="n1", epoch=1, request="r1")
    assert store.leases.start(lease_id, node="n1", epoch=1, request="r1") == (lease, tasks)

    first = store.leases.settle(lease, [result(tasks[0])], want=1, request="r2")
    again = store.leases.settle(lease, [result(tasks[0])], want=1, request="r2")

    assert again == first
    assert store.jobs.get("1").counts == TaskCounts(ready=2, running=1, succeeded=1)


def test_the_last_answer_of_an_ended_lease_can_be_asked_for_again(store: Store) -> None:
    store.jobs.submit(a_job("1"), key="k")
    store.nodes.register(a_node())
    lease, tasks = begin(store)
    first = store.leases.settle(lease, [result(tasks[0])], want=1, request="r")

    assert store.leases.settle(lease, [result(tasks[0])], want=1, request="r") == first
    assert first.counted == (True,)


def test_a_late_attempt_cannot_settle(store: Store) -> None:
    store.jobs.submit(a_job("1"), key="k")
    store.nodes.register(a_node())
    late, (task,) = begin(store)
    epoch = store.nodes.register(a_node())
    lease, (again,) = begin(store, epoch=epoch)

    settled = store.leases.settle(late, [result(task)], want=1)

    assert again.attempt == task.attempt + 1
    assert settled.counted == (False,)
    assert store.jobs.get("1").counts == TaskCounts(running=1)
    assert store.leases.settle(lease, [result(again)], want=1).counted == (True,)


def test_only_an_attempt_that_owns_its_task_is_confirmed(store: Store) -> None:
    store.jobs.submit(a_job("1-2"), key="k")
    store.nodes.register(a_node())
    lease, (task,) = begin(store)
    assert store.leases.confirm(lease, [task]) == [True]

    store.nodes.register(a_node())

    assert store.leases.confirm(lease, [task]) == [False]


def test_registering_gives_back_what_the_earlier_worker_held(store: Store) -> None:
    store.jobs.submit(a_job("1-5"), key="k")
    store.nodes.register(a_node())
    begin(store, want=2)
    grant(store, a_grant())
    assert store.nodes.get("n1").free.cores == 2

    epoch = store.nodes.register(a_node())

    node = store.nodes.get("n1")
    assert (epoch, node.free, dict(node.leases)) == (2, a_node().resources, {})
    assert store.jobs.get("1").counts == TaskCounts(ready=5)


def test_lost_tasks_are_first_in_line_and_use_up_no_retry(store: Store) -> None:
    store.jobs.submit(a_job("1-9", layer={"retries": 0, "chunk": 2}), key="k")
    store.nodes.register(a_node())
    _, first = begin(store)
    store.nodes.register(a_node())
    _, again = begin(store, epoch=2)

    assert [(t.index, t.attempt, t.failures) for t in again] == [(0, 2, 0), (1, 2, 0)]
    assert len(first) == 2


def test_a_failed_task_is_retried_on_another_node(store: Store) -> None:
    store.jobs.submit(a_job("1"), key="k")
    store.nodes.register(a_node("n1"))
    store.nodes.register(a_node("n2"))
    lease, (task,) = begin(store)
    settled = store.leases.settle(lease, [result(task, Outcome.FAILED)], want=1)
    layer = store.leader.snapshot().layers[0]

    assert settled.ended == "no task was left"
    assert layer.avoid == (frozenset({"n1"}),)
    lease_id, _ = grant(store, a_grant("n1"))
    with pytest.raises(LeaseLost):
        store.leases.start(lease_id, node="n1", epoch=1)
    _, (retry,) = begin(store, node="n2")
    assert (retry.attempt, retry.failures) == (2, 1)


def test_a_task_fails_when_its_retries_are_used_up(store: Store) -> None:
    store.jobs.submit(a_job("1", layer={"retries": 1}), key="k")
    store.nodes.register(a_node())
    lease, tasks = begin(store, anywhere=True)
    while tasks:
        broken = result(tasks[0], Outcome.FAILED, log_tail=("oh",))
        tasks = store.leases.settle(lease, [broken], want=1).tasks

    job, task_now = store.jobs.get("1"), store.tasks.get("1", 1)
    assert (job.state, job.counts) == (JobState.FAILED, TaskCounts(failed=1))
    assert [f.reason for f in task_now.failures] == ["it broke", "it broke"]
    assert task_now.failures[0].log_tail == ("oh",)


def test_an_operator_retry_starts_counting_anew(store: Store) -> None:
    store.jobs.submit(a_job("1-3", layer={"retries": 0}), key="k")
    store.nodes.register(a_node())
    lease, tasks = begin(store)
    while tasks:
        outcome = Outcome.FAILED if tasks[0].index == 1 else Outcome.SUCCEEDED
        tasks = store.leases.settle(lease, [result(tasks[0], outcome)], want=1).tasks
    assert store.jobs.get("1").state is JobState.FAILED

    assert store.jobs.retry("1", request="r") == 1
    assert store.jobs.retry("1", request="r") == 1

    assert store.jobs.get("1").state is JobState.ACTIVE
    lease, (task,) = begin(store)
    assert (task.index, task.attempt, task.failures) == (1, 2, 0)
    assert store.leases.settle(lease, [result(task)], want=1).counted == (True,)
    assert store.jobs.get("1").state is JobState.SUCCEEDED


def test_chosen_frames_can_be_rendered_again(store: Store) -> None:
    store.jobs.submit(a_job("10-30x10"), key="k")
    store.nodes.register(a_node())
    lease, tasks = begin(store)
    while tasks:
        tasks = store.leases.settle(lease, [result(task) for task in tasks], want=1).tasks

    count = store.jobs.retry("1", states={TaskState.SUCCEEDED}, frames=Frames("20"))

    assert count == 1
    assert begin(store)[1][0].index == 1
