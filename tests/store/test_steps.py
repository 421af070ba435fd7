"""The atomic steps, one promise a test, on a real server."""

import pytest

from farm.model.errors import Conflict, LeaseLost, NodeSuperseded, NotFound
from farm.model.frames import Frames
from farm.model.job import TaskCounts
from farm.model.lease import LeaseState, Recall
from farm.model.node import NodeHealth
from farm.model.states import JobState, NodeState, Outcome, TaskState
from farm.store import Store
from farm.store.leases import GIVE_UP, KEEP
from tests.makers import LEADER, a_grant, a_job, a_node, begin, grant, result


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
