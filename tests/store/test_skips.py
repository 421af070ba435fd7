"""Frames that a person takes as done, one promise a test, on a real server."""

from farm.model.dependencies import After
from farm.model.frames import Frames
from farm.model.job import TaskCounts
from farm.model.node import NodeHealth
from farm.model.states import JobState, Outcome, TaskState
from farm.store import Store
from tests.makers import a_job, a_node, begin, finish, result
from tests.store.waits import comp, end_next, states, two


def test_a_skipped_frame_counts_as_done_for_its_job_and_for_what_waits(store: Store) -> None:
    store.nodes.register(a_node())
    store.jobs.submit(two("1-3", comp("1-3")), key="k")
    end_next(store, 1)
    end_next(store, 1, outcome=Outcome.FAILED)
    assert states(store) == "sfr rcb"

    assert store.steering.skip("1", Frames("2-3"), layer="render") == 2
    assert states(store) == "skk rrr", "what was cancelled for it comes back"
    assert store.steering.skip("1", Frames("1-2"), layer="comp") == 2
    finish(store, "1.2")

    assert store.jobs.get("1").counts == TaskCounts(succeeded=2, skipped=4)
    assert store.jobs.get("1").state is JobState.SUCCEEDED


def test_skipping_all_that_failed_makes_a_failed_job_succeed(store: Store) -> None:
    store.nodes.register(a_node())
    store.jobs.submit(a_job("1-2", layer={"retries": 0}), key="k")
    store.jobs.submit(a_job("1", after=(After(job="1"),)), key="l")
    end_next(store, 1, outcome=Outcome.FAILED)
    end_next(store, 1)
    assert (store.jobs.get("1").state, states(store, "2")) == (JobState.FAILED, "c")

    assert store.steering.skip("1", Frames("1")) == 1

    assert (store.jobs.get("1").state, states(store, "2")) == (JobState.SUCCEEDED, "r")


def test_skipping_what_runs_stops_it_and_its_late_result_does_not_count(store: Store) -> None:
    store.nodes.register(a_node())
    store.jobs.submit(a_job("1-2"), key="k")
    lease, (task,) = begin(store)

    assert store.steering.skip("1", Frames("1")) == 1
    (order,) = store.nodes.heartbeat("n1", 1, NodeHealth(), {}).orders
    assert order.kill
    assert store.leases.settle(lease, [result(task)], want=1).counted == (False,)

    assert states(store) == "kr"


def test_a_frame_that_succeeded_is_not_skipped_and_a_skipped_one_can_be_rendered(
    store: Store,
) -> None:
    store.nodes.register(a_node())
    store.jobs.submit(a_job("1-2"), key="k")
    end_next(store, 1)

    assert store.steering.skip("1", Frames("1-2")) == 1
    assert store.jobs.retry("1", states={TaskState.SKIPPED}) == 1
    finish(store, "1.1")

    assert states(store) == "ss"
