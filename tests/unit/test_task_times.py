"""How long tasks take, told by those that finished and by those in hand: laws."""

import random
import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.policy.tasktimes import TaskTimes, task_times

parts = st.floats(min_value=0.01, max_value=0.99)
since = st.floats(min_value=0, max_value=500)
laws = st.builds(
    TaskTimes,
    mu=st.floats(min_value=0, max_value=8),
    sigma=st.floats(min_value=0.02, max_value=1.2),
)


def test_many_finished_tasks_tell_the_law() -> None:
    law = task_times(measured=10_000, mean_seconds=100, variance=900)

    assert law.mean_seconds == pytest.approx(100, rel=0.01)
    assert law.spread == pytest.approx(0.3, rel=0.01)


def test_the_first_to_finish_are_the_quick_ones() -> None:
    chance = random.Random(1)
    times = sorted(chance.lognormvariate(4.6, 0.3) for _ in range(200))
    quick, slow = times[:40], times[40:]
    seen: dict[str, Any] = {"measured": 40, "mean_seconds": statistics.mean(quick)}
    law = task_times(**seen, variance=statistics.variance(quick), elapsed=[times[39]] * len(slow))

    assert law.mean_seconds == pytest.approx(statistics.mean(times), rel=0.1)
    assert law.last_of([times[39]] * len(slow)) == pytest.approx(times[-1] - times[39], rel=0.35)


def test_what_has_just_begun_tells_nothing() -> None:
    seen: dict[str, Any] = {"measured": 5, "mean_seconds": 60.0, "variance": 100.0}

    fresh = task_times(**seen, elapsed=[0.1] * 50)
    assert fresh.mean_seconds == pytest.approx(task_times(**seen).mean_seconds, rel=0.01)
    assert fresh.doubt == pytest.approx(task_times(**seen).doubt, rel=0.1)


@given(law=laws, part=parts, elapsed=since)
def test_a_task_never_ends_before_now_and_parts_are_in_order(
    *, law: TaskTimes, part: float, elapsed: float
) -> None:
    assert law.quantile(part, elapsed=elapsed) >= elapsed
    assert law.quantile(part / 2, elapsed=elapsed) <= law.quantile(part, elapsed=elapsed)


@given(law=laws, elapsed=st.lists(since, min_size=1, max_size=6), part=parts)
def test_the_last_of_more_tasks_is_never_sooner_and_surer_is_later(
    *, law: TaskTimes, elapsed: list[float], part: float
) -> None:
    last = law.last_of(elapsed, part)

    assert 0 <= last <= law.last_of(elapsed, (1 + part) / 2) * (1 + 1e-6) + 1e-6
    assert last * (1 - 1e-3) - 1e-3 <= law.last_of([*elapsed, *elapsed], part)
