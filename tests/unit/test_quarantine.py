"""A node is quarantined for its own faults, a job paused for its own."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.policy.quarantine import (
    FIRST_SECONDS,
    LONGEST_SECONDS,
    Accuser,
    JobRecord,
    NodeRecord,
    Standing,
    Verdict,
    is_blocked,
    judge_node,
    must_pause,
    quarantine_seconds,
)

OPEN, PROVED, REFUTED = Standing.OPEN, Standing.PROVED, Standing.REFUTED


def a_record(*standings: Standing, **fields: Any) -> NodeRecord:
    accusers = tuple(
        Accuser(job=str(number), standing=one, reason="it broke")
        for number, one in enumerate(standings, 1)
    )
    return NodeRecord(**{"name": "n1", "accusers": accusers, "others": 1, **fields})


def verdict(*standings: Standing, **fields: Any) -> Verdict:
    return judge_node(a_record(*standings, **fields)).verdict


def test_three_jobs_that_failed_in_a_row_speak_against_a_node() -> None:
    assert verdict(OPEN, OPEN) is Verdict.KEEP

    judged = judge_node(a_record(OPEN, OPEN, OPEN))

    assert judged.verdict is Verdict.QUARANTINE
    assert judged.reason == "3 jobs failed here in a row, last job 3: it broke"
    assert judged.seconds == FIRST_SECONDS


def test_two_are_enough_when_their_frames_succeeded_elsewhere() -> None:
    assert verdict(PROVED) is Verdict.KEEP
    assert verdict(PROVED, OPEN) is Verdict.KEEP
    assert verdict(PROVED, PROVED) is Verdict.QUARANTINE


def test_a_job_that_fails_elsewhere_too_is_not_heard() -> None:
    assert verdict(REFUTED, REFUTED, REFUTED, OPEN, OPEN) is Verdict.KEEP


def test_the_only_node_is_never_quarantined() -> None:
    assert verdict(OPEN, OPEN, OPEN, PROVED, PROVED, others=0) is Verdict.KEEP


def test_a_quarantine_is_lifted_when_its_accusers_fail_elsewhere_too() -> None:
    quarantined = {"is_quarantined": True, "times": 1}
    assert verdict(OPEN, OPEN, OPEN, **quarantined) is Verdict.KEEP
    assert verdict(OPEN, OPEN, REFUTED, **quarantined) is Verdict.LIFT


def test_on_probation_one_failure_doubles_the_time() -> None:
    judged = judge_node(a_record(OPEN, times=1))

    assert judged.verdict is Verdict.QUARANTINE
    assert judged.seconds == 2 * FIRST_SECONDS
    assert "tried again and failed again" in judged.reason


def test_the_time_doubles_from_five_minutes_to_four_hours() -> None:
    assert [quarantine_seconds(n) / 60 for n in range(8)] == [5, 10, 20, 40, 80, 160, 240, 240]


@given(st.integers(0, 10_000))
def test_no_quarantine_is_longer_than_the_longest(before: int) -> None:
    assert FIRST_SECONDS <= quarantine_seconds(before) <= LONGEST_SECONDS


records = st.builds(
    lambda standings, others, times, held: a_record(
        *standings, others=others, times=times + held, is_quarantined=held
    ),
    st.lists(st.sampled_from(Standing), max_size=6),
    st.integers(0, 3),
    st.integers(0, 9),
    st.booleans(),
)


@given(records)
def test_a_node_nobody_speaks_against_is_never_quarantined(record: NodeRecord) -> None:
    refuted = tuple(replace(one, standing=REFUTED) for one in record.accusers)
    judged = judge_node(replace(record, accusers=refuted))
    assert judged.verdict is (Verdict.LIFT if record.is_quarantined else Verdict.KEEP)


@given(records)
def test_one_more_job_that_failed_never_helps_a_node(record: NodeRecord) -> None:
    harder = replace(record, accusers=(*record.accusers, Accuser(job="99", standing=PROVED)))
    order = [Verdict.LIFT, Verdict.KEEP, Verdict.QUARANTINE]
    verdicts = [order.index(judge_node(one).verdict) for one in (record, harder)]
    assert verdicts == sorted(verdicts)


def test_a_job_shuns_a_node_from_the_second_frame_on() -> None:
    assert [is_blocked(frames) for frames in (0, 1, 2, 3)] == [False, False, True, True]


def a_job(**fields: int) -> JobRecord:
    usual = {"fail_after": 20, "failed": 20, "tried": 20, "failed_on": 2, "nodes": 2}
    return JobRecord(**{**usual, **fields})


@pytest.mark.parametrize(
    ("job", "paused"),
    [
        (a_job(), True),
        (a_job(failed=19), False),
        (a_job(fail_after=0, failed=10_000, tried=10_000), False),
        (a_job(tried=80), True),
        (a_job(tried=81), False),
        (a_job(failed_on=1), False),
        (a_job(failed_on=1, nodes=1), True),
        (a_job(failed_on=1, nodes=0), True),
        (a_job(failed_on=1, failed=60, tried=60), True),
    ],
)
def test_a_job_that_fails_and_fails_is_paused(job: JobRecord, paused: bool) -> None:
    assert must_pause(job) is paused


@given(st.integers(2, 500), st.integers(0, 4), st.integers(0, 4))
def test_one_failed_frame_never_stops_a_job(fail_after: int, on: int, nodes: int) -> None:
    assert not must_pause(
        a_job(fail_after=fail_after, failed=1, tried=1, failed_on=on, nodes=nodes)
    )
