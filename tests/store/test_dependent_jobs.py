"""Jobs that wait for other jobs, one promise a test, on a real server."""

import pytest

from farm.model.dependencies import After, Match
from farm.model.errors import BadRequest
from farm.model.states import JobState, TaskState
from farm.store import Store
from tests.makers import a_job, a_node, finish
from tests.store.waits import comp, end_next, states, two


def test_a_job_waits_for_another_as_a_whole(store: Store) -> None:
    store.nodes.register(a_node())
    store.jobs.submit(two("1-2", comp("1-2")), key="k")
    store.jobs.submit(a_job("1-2", after=(After(job="1"),)), key="l")

    assert states(store, "2") == "bb"
    finish(store, "1.1")
    assert states(store, "2") == "bb"
    finish(store, "1.2")
    assert states(store, "2") == "rr"


def test_a_layer_waits_frame_by_frame_for_one_of_another_job(store: Store) -> None:
    store.nodes.register(a_node())
    store.jobs.submit(a_job("1-3"), key="k")
    waits = After(job="1", layer="render", match=Match.FRAME)
    store.jobs.submit(a_job("2-4", layer={"after": (waits,)}), key="l")

    end_next(store, 2)
    assert states(store, "2") == "rbb"
    end_next(store, 1)
    assert states(store, "2") == "rrr", "the last one stands in for those behind it"


def test_the_cancel_of_a_job_ends_those_that_wait_for_it_and_a_retry_brings_them_back(
    store: Store,
) -> None:
    store.nodes.register(a_node())
    store.jobs.submit(a_job("1-2"), key="k")
    store.jobs.submit(a_job("1-2", after=(After(job="1"),)), key="l")
    store.jobs.submit(a_job("1", after=(After(job="2"),)), key="m")

    store.jobs.cancel("1")
    assert (states(store, "2"), states(store, "3")) == ("cc", "c")
    assert store.jobs.get("3").state is JobState.FAILED
    store.jobs.retry("1")
    assert (states(store, "2"), states(store, "3")) == ("bb", "b")
    for job in ("1", "2", "3"):
        finish(store, f"{job}.1")
        assert store.jobs.get(job).state is JobState.SUCCEEDED


def test_a_job_that_a_person_cancelled_stays_so_when_its_source_is_retried(store: Store) -> None:
    store.nodes.register(a_node())
    store.jobs.submit(a_job("1-2"), key="k")
    store.jobs.submit(a_job("1-2", after=(After(job="1"),)), key="l")
    finish(store, "1.1")
    store.jobs.cancel("2")

    store.jobs.retry("1", states={TaskState.SUCCEEDED})
    assert store.jobs.get("2").state is JobState.CANCELLED
    assert store.jobs.retry("2") == 2
    assert states(store, "2") == "bb", "it waits again, since its source is not there"
    finish(store, "1.1")
    assert states(store, "2") == "rr"


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (After(job="9"), "no job 9; `farm jobs ls` shows the jobs there are"),
        (After(job="2"), "no job 2; `farm jobs ls` shows the jobs there are"),
        (After(job="1", layer="x"), "that job has no such layer; it has: render"),
        (
            After(job="1", layer="render", match=Match.FRAME, offset=-50),
            "with offset -50 none of its frames 1-10 has one of 1-2",
        ),
        (After(job="3"), "it is cancelled: retry it first (farm jobs retry 3)"),
    ],
)
def test_another_job_that_cannot_be_waited_for_is_told(
    store: Store, after: After, said: str
) -> None:
    store.jobs.submit(a_job("1-2"), key="k")
    store.jobs.submit(a_job("1-2", production="other"), key="l")
    store.jobs.submit(a_job("1-2"), key="m")
    store.jobs.cancel("3")

    with pytest.raises(BadRequest) as caught:
        store.jobs.submit(a_job(layer={"after": (after,)}), key="n")

    assert said in str(caught.value)
    assert len(store.jobs.list()) == 3


def test_a_submit_that_is_repeated_is_answered_alike_though_its_source_has_failed(
    store: Store,
) -> None:
    store.jobs.submit(a_job("1"), key="k")
    spec = a_job("1", after=(After(job="1"),))
    first = store.jobs.submit(spec, key="l")
    store.jobs.cancel("1")

    assert store.jobs.submit(spec, key="l") == first
