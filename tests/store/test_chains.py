"""Layers that come after another one, one promise a test, on a real server."""

import pytest

from farm.model.dependencies import After
from farm.model.errors import LeaseLost, NotFound
from farm.model.frames import Frames
from farm.model.job import TaskCounts
from farm.model.node import NodeHealth
from farm.model.states import JobState, Outcome, TaskState
from farm.store import Store, keys
from farm.store.leases import GIVE_UP
from tests.makers import (
    a_chain,
    a_grant,
    a_job,
    a_job_with_a_sheet,
    a_layer,
    a_node,
    begin,
    finish,
    grant,
    result,
)


def counts(store: Store, layer: str) -> TaskCounts:
    job = store.jobs.get(layer.partition(".")[0])
    return next(one.counts for one in job.layers if one.id == layer)


def waiting(store: Store) -> list[str]:
    return [layer.id for layer in store.leader.snapshot().layers]


def test_a_layer_that_comes_after_another_waits_for_all_of_it(store: Store) -> None:
    store.jobs.submit(a_chain("1-2", "1-3"), key="k")
    store.nodes.register(a_node())

    assert store.jobs.get("1").counts == TaskCounts(ready=2, blocked=3)
    assert waiting(store) == ["1.1"]
    assert grant(store, a_grant(layer="1.2"))[1] == "no work"
    lease, (task,) = begin(store)
    store.leases.settle(lease, [result(task)], want=GIVE_UP)

    assert counts(store, "1.2") == TaskCounts(blocked=3)


def test_the_last_success_of_a_layer_lets_go_what_waits_for_it(store: Store) -> None:
    store.jobs.submit(a_chain("1-2", "1-3"), key="k")
    store.nodes.register(a_node())
    store.leader.await_nudge(0.01)
    finish(store, "1.1")

    assert counts(store, "1.2") == TaskCounts(ready=3)
    assert waiting(store) == ["1.2"]
    assert store.leader.await_nudge(0.01), "the scheduler is woken"
    assert store.jobs.get("1").state is JobState.ACTIVE
    finish(store, "1.2")
    assert store.jobs.get("1").state is JobState.SUCCEEDED


def test_a_chain_goes_on_link_by_link(store: Store) -> None:
    store.jobs.submit(a_chain("1", "1", "1"), key="k")
    store.nodes.register(a_node())

    finish(store, "1.1")
    assert [counts(store, f"1.{n}").blocked for n in (2, 3)] == [0, 1]
    finish(store, "1.2")
    finish(store, "1.3")

    assert store.jobs.get("1").state is JobState.SUCCEEDED


def test_two_layers_may_wait_for_the_same_one(store: Store) -> None:
    layers = tuple(a_layer("1", name=name, after=(After(layer="render"),)) for name in ("x", "y"))
    store.jobs.submit(a_job(layers=(a_layer("1-2"), *layers)), key="k")
    store.nodes.register(a_node())

    finish(store, "1.1")

    assert waiting(store) == ["1.2", "1.3"]


def test_a_layer_that_fails_cancels_all_that_waits_for_it_and_the_job_ends(store: Store) -> None:
    store.jobs.submit(a_chain("1-2", "1-3", "1"), key="k")
    store.nodes.register(a_node())

    finish(store, "1.1", outcome=Outcome.FAILED)

    assert store.jobs.get("1").counts == TaskCounts(failed=2, cancelled=4)
    assert store.jobs.get("1").state is JobState.FAILED


def test_one_failed_task_among_many_is_enough_to_cancel_what_waits(store: Store) -> None:
    store.jobs.submit(a_chain("1-2", "1", layer={"retries": 0}), key="k")
    store.nodes.register(a_node())
    lease, (first,) = begin(store)
    (second,) = store.leases.settle(lease, [result(first, Outcome.FAILED)], want=1).tasks

    assert counts(store, "1.2") == TaskCounts(blocked=1)
    store.leases.settle(lease, [result(second)], want=1)

    assert store.jobs.get("1").counts == TaskCounts(succeeded=1, failed=1, cancelled=1)


def test_a_retry_of_a_failed_job_brings_back_what_was_cancelled_after_it(store: Store) -> None:
    store.jobs.submit(a_chain("1-2", "1", "1"), key="k")
    store.nodes.register(a_node())
    finish(store, "1.1", outcome=Outcome.FAILED)

    assert store.jobs.retry("1") == 2
    assert store.jobs.get("1").counts == TaskCounts(ready=2, blocked=2)
    for layer in ("1.1", "1.2", "1.3"):
        finish(store, layer)

    assert store.jobs.get("1").state is JobState.SUCCEEDED


def test_a_frame_rendered_again_holds_all_that_was_made_from_it(store: Store) -> None:
    store.jobs.submit(a_chain("1-4", "1-2", "1"), key="k")
    store.nodes.register(a_node())
    for layer in ("1.1", "1.2", "1.3"):
        finish(store, layer)

    assert store.jobs.retry("1", states={TaskState.SUCCEEDED}, frames=Frames("3"), layer="a") == 1

    assert store.jobs.get("1").state is JobState.ACTIVE
    assert store.jobs.get("1").counts == TaskCounts(succeeded=3, ready=1, blocked=3)
    for layer in ("1.1", "1.2", "1.3"):
        finish(store, layer)
    assert store.jobs.get("1").state is JobState.SUCCEEDED
    assert [task.attempt for task in store.tasks.list("1")] == [1, 1, 2, 1, 2, 2, 2]


def test_what_is_ready_when_its_source_is_rendered_again_is_held(store: Store) -> None:
    store.jobs.submit(a_chain("1", "1-3"), key="k")
    store.nodes.register(a_node())
    finish(store, "1.1")
    unstarted, _ = grant(store, a_grant(layer="1.2"))

    store.jobs.retry("1", states={TaskState.SUCCEEDED}, layer="a")

    assert counts(store, "1.2") == TaskCounts(blocked=3)
    with pytest.raises(LeaseLost):
        store.leases.start(unstarted, node="n1", epoch=1)
    assert store.nodes.get("n1").free == a_node().resources


def test_an_attempt_in_hand_is_stopped_when_its_source_is_rendered_again(store: Store) -> None:
    store.jobs.submit(a_chain("1", "1"), key="k")
    store.nodes.register(a_node())
    finish(store, "1.1")
    lease, (task,) = begin(store, layer="1.2")

    store.jobs.retry("1", states={TaskState.SUCCEEDED}, layer="a")
    (order,) = store.nodes.heartbeat("n1", 1, NodeHealth(), {}).orders
    assert (order.lease, order.kill) == (lease.id, True)
    assert store.nodes.get("n1").free.cores == 3, "booked until the renderer is dead"
    settled = store.leases.settle(lease, [result(task)], want=1)

    assert settled.counted == (False,)
    assert store.nodes.get("n1").free.cores == 4
    finish(store, "1.1")
    _, (again,) = begin(store, layer="1.2")
    assert (again.index, again.attempt) == (0, 2)


def test_what_was_held_begins_with_its_failures_forgotten(store: Store) -> None:
    store.jobs.submit(a_chain("1", "1-2"), key="k")
    store.nodes.register(a_node())
    finish(store, "1.1")
    finish(store, "1.2", outcome=Outcome.FAILED)

    store.jobs.retry("1", states={TaskState.SUCCEEDED}, layer="a")
    finish(store, "1.1")

    lease, (task,) = begin(store, layer="1.2")
    assert (task.index, task.attempt, task.failures) == (0, 2, 0)
    assert store.connection.client.exists(keys.layer("1.2", "avoid")) == 0
    store.leases.give_up(lease.id, layer=lease.layer, epoch=1)


def test_a_layer_alone_is_retried_at_once_when_its_source_has_succeeded(store: Store) -> None:
    store.jobs.submit(a_chain("1", "1", "1"), key="k")
    store.nodes.register(a_node())
    for layer in ("1.1", "1.2", "1.3"):
        finish(store, layer)

    assert store.jobs.retry("1", states={TaskState.SUCCEEDED}, layer="b") == 1

    assert store.jobs.get("1").counts == TaskCounts(succeeded=1, ready=1, blocked=1)


def test_a_layer_alone_stays_as_it_is_while_its_source_has_not_succeeded(store: Store) -> None:
    store.jobs.submit(a_chain("1", "1"), key="k")
    store.nodes.register(a_node())
    finish(store, "1.1", outcome=Outcome.FAILED)

    assert store.jobs.retry("1", layer="b") == 0
    assert store.jobs.get("1").state is JobState.FAILED
    assert store.jobs.retry("1", layer="a") == 1
    assert store.jobs.retry("1", layer="b") == 0
    assert counts(store, "1.2") == TaskCounts(blocked=1)


def test_a_retry_of_a_layer_that_is_not_there_is_told(store: Store) -> None:
    store.jobs.submit(a_chain("1"), key="k")

    with pytest.raises(NotFound, match="job 1 has no layer 'x'"):
        store.jobs.retry("1", layer="x")


def test_a_retry_of_frames_means_the_layer_that_renders_them(store: Store) -> None:
    store.jobs.submit(a_job_with_a_sheet("1-3"), key="k")
    store.nodes.register(a_node())
    finish(store, "1.1")
    finish(store, "1.2")

    assert store.jobs.retry("1", states={TaskState.SUCCEEDED}, frames=Frames("1-2")) == 2
    assert store.jobs.get("1").counts == TaskCounts(ready=2, succeeded=1, blocked=1)


def test_pause_and_resume_act_on_what_was_let_go_meanwhile(store: Store) -> None:
    store.jobs.submit(a_chain("1", "1"), key="k")
    store.nodes.register(a_node())
    lease, (task,) = begin(store)
    store.jobs.pause("1")
    store.leases.settle(lease, [result(task)], want=1)

    assert counts(store, "1.2") == TaskCounts(ready=1)
    assert waiting(store) == []
    store.jobs.resume("1")
    assert waiting(store) == ["1.2"]


def test_the_priority_of_a_job_is_that_of_what_was_let_go(store: Store) -> None:
    store.jobs.submit(a_chain("1", "1"), key="k")
    store.nodes.register(a_node())
    store.jobs.set_priority("1", 80)
    finish(store, "1.1")

    assert [(one.id, one.priority) for one in store.leader.snapshot().layers] == [("1.2", 80)]


def test_cancel_ends_what_waits_too_and_counts_it(store: Store) -> None:
    store.jobs.submit(a_chain("1-3", "1-2", "1"), key="k")

    assert store.jobs.cancel("1") == 6
    assert store.jobs.get("1").counts == TaskCounts(cancelled=6)
    assert store.jobs.get("1").state is JobState.CANCELLED


def test_a_job_of_an_older_store_has_no_layers_that_wait(store: Store) -> None:
    store.jobs.submit(a_job("1-2"), key="k")
    store.connection.client.hdel(keys.layer("1.1"), "after", "followers", "sent")
    store.nodes.register(a_node())

    finish(store, "1.1")
    assert store.jobs.retry("1", states={TaskState.SUCCEEDED}) == 2


def test_a_long_layer_that_waits_is_let_go_and_held_as_a_whole(store: Store) -> None:
    store.jobs.submit(a_chain("1", "1-100000"), key="k")
    store.nodes.register(a_node())
    finish(store, "1.1")
    assert counts(store, "1.2") == TaskCounts(ready=100_000)
    lease, _ = begin(store, layer="1.2")
    store.leases.give_up(lease.id, layer=lease.layer, epoch=1)

    store.jobs.retry("1", states={TaskState.SUCCEEDED}, layer="a")

    assert counts(store, "1.2") == TaskCounts(blocked=100_000)
    finish(store, "1.1")
    assert begin(store, layer="1.2")[1][0].index == 0
