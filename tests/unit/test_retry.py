"""The retry policy, as a table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.model.states import Outcome
from farm.policy.chunk import CALL_SECONDS, MOST_TASKS, tasks_per_call
from farm.policy.retry import Verdict, verdict


@pytest.mark.parametrize(
    ("outcome", "failures", "retries", "expected"),
    [
        (Outcome.FAILED, 0, 2, Verdict.ELSEWHERE),
        (Outcome.FAILED, 1, 2, Verdict.ELSEWHERE),
        (Outcome.FAILED, 2, 2, Verdict.FAILED),
        (Outcome.FAILED, 0, 0, Verdict.FAILED),
        (Outcome.TIMED_OUT, 0, 1, Verdict.ELSEWHERE),
        (Outcome.TIMED_OUT, 1, 1, Verdict.FAILED),
        (Outcome.LOST, 9, 0, Verdict.AGAIN),
        (Outcome.CANCELLED, 9, 0, Verdict.AGAIN),
        (Outcome.SUPERSEDED, 9, 0, Verdict.AGAIN),
    ],
)
def test_what_becomes_of_a_task(
    outcome: Outcome, failures: int, retries: int, expected: Verdict
) -> None:
    assert verdict(outcome, failures=failures, retries=retries) is expected


@given(retries=st.integers(0, 100))
def test_a_task_that_always_fails_runs_once_and_then_as_often_as_it_has_retries(
    retries: int,
) -> None:
    failures = 0
    while verdict(Outcome.FAILED, failures=failures, retries=retries) is not Verdict.FAILED:
        failures += 1
    assert failures + 1 == retries + 1


@given(failures=st.integers(0, 1000))
def test_a_lost_node_uses_up_no_retry(failures: int) -> None:
    assert verdict(Outcome.LOST, failures=failures, retries=0) is Verdict.AGAIN


def test_what_ran_out_of_memory_needs_more_of_it_and_no_other_node() -> None:
    judged = [
        verdict(Outcome.FAILED, failures=failures, retries=1, out_of_memory=True)
        for failures in (0, 1)
    ]
    assert judged == [Verdict.AGAIN, Verdict.FAILED]


def test_success_leaves_nothing_to_judge() -> None:
    with pytest.raises(ValueError, match="succeeded"):
        verdict(Outcome.SUCCEEDED, failures=0, retries=0)


@given(seconds=st.floats(0, 1e6))
def test_a_call_covers_half_a_second_of_work_or_one_task(seconds: float) -> None:
    tasks = tasks_per_call(seconds)
    assert 1 <= tasks <= MOST_TASKS
    assert tasks == 1 or tasks * seconds <= CALL_SECONDS


def test_the_first_call_takes_one_task() -> None:
    assert tasks_per_call(None) == 1
