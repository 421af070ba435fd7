"""What a layer books is learnt from what its tasks needed, and never leads a task astray."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from farm.model.resources import GIB, MIB, Resources
from farm.policy.learning import LEAST_BYTES, MARGIN, TAUGHT_BY, booked_for

ASKED = Resources(cores=4, memory_bytes=8 * GIB, gpus=1)
sizes = st.integers(0, 512 * GIB)


def memory(**known: int) -> int:
    fields: dict[str, Any] = {"peak_memory_bytes": 0, "finished": 0, **known}
    return booked_for(ASKED, **fields).memory_bytes


def test_before_a_few_tasks_have_succeeded_what_was_asked_is_booked() -> None:
    assert memory(peak_memory_bytes=GIB, finished=TAUGHT_BY - 1) == 8 * GIB


def test_then_the_peak_and_a_quarter_is_booked_be_it_less_or_more() -> None:
    assert memory(peak_memory_bytes=2 * GIB, finished=3) == 2.5 * GIB
    assert memory(peak_memory_bytes=8 * GIB, finished=3) == 10 * GIB


def test_little_is_never_booked_as_next_to_nothing() -> None:
    assert memory(peak_memory_bytes=MIB, finished=9) == LEAST_BYTES


def test_after_running_out_of_memory_the_next_try_books_half_as_much_again() -> None:
    assert memory(out_of_memory=8 * GIB) == 12 * GIB
    assert memory(out_of_memory=12 * GIB) == 18 * GIB


def test_a_success_above_what_was_not_enough_teaches_the_true_need() -> None:
    assert memory(out_of_memory=8 * GIB, peak_memory_bytes=9 * GIB, finished=3) == 11.25 * GIB


def test_what_is_learnt_never_outgrows_the_largest_node_but_what_was_asked_may() -> None:
    assert memory(out_of_memory=8 * GIB, most_bytes=10 * GIB) == 10 * GIB
    assert memory(out_of_memory=8 * GIB, most_bytes=4 * GIB) == 8 * GIB


@given(sizes, st.integers(0, 99), sizes)
def test_who_does_not_want_learning_gets_what_was_asked(peak: int, done: int, out: int) -> None:
    booked = booked_for(
        ASKED, peak_memory_bytes=peak, finished=done, out_of_memory=out, learn=False
    )
    assert booked == ASKED


@given(sizes, st.integers(TAUGHT_BY, 99), sizes)
def test_what_is_learnt_holds_the_largest_task_seen(peak: int, finished: int, out: int) -> None:
    known = memory(peak_memory_bytes=peak, finished=finished, out_of_memory=out)

    assert known >= peak * MARGIN or peak == 0
    assert known > out
    assert known % MIB == 0


@given(sizes, st.integers(0, 99), sizes)
def test_only_memory_is_learnt(peak: int, finished: int, out: int) -> None:
    booked = booked_for(ASKED, peak_memory_bytes=peak, finished=finished, out_of_memory=out)
    assert (booked.cores, booked.gpus) == (ASKED.cores, ASKED.gpus)
