"""When a job will be done: laws of the forecast, and whether it keeps what it promises."""

import heapq
import itertools
import random
import statistics
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.model.dependencies import After
from farm.model.job import Layer, LayerKind, TaskCounts
from farm.policy.forecast import CONFIDENCE, Forecast, Pace, forecast, paces
from tests.makers import a_layer as a_layer_spec

counts = st.integers(min_value=0, max_value=10_000)
slots = st.integers(min_value=1, max_value=500)
enough = st.integers(min_value=101, max_value=5000)  #: for so many slots
seconds = st.floats(min_value=0.01, max_value=10_000)
spreads = st.floats(min_value=0, max_value=3)


def a_pace(waiting: int = 20, *, mean: float = 10.0, spread: float = 0.0, **fields: Any) -> Pace:
    usual: dict[str, Any] = {"slots": 2, "measured": 1000}
    return Pace(
        waiting=waiting,
        mean_seconds=mean,
        variance=(mean * spread) ** 2,
        **usual | fields,
    )


def eta(*paces: Pace, expected_slots: float | None = None) -> float:
    found = forecast(paces, expected_slots=expected_slots).eta_seconds
    assert found is not None
    return found


def span(found: Forecast) -> tuple[float, float, float]:
    assert found.eta_early_seconds is not None
    assert found.eta_seconds is not None
    assert found.eta_late_seconds is not None
    return found.eta_early_seconds, found.eta_seconds, found.eta_late_seconds


def test_waiting_frames_are_shared_by_the_slots() -> None:
    ahead = forecast([a_pace(20, slots=2, mean=10)])

    assert ahead.eta_seconds == pytest.approx(100, rel=0.05)
    assert ahead.frames_per_minute == 12
    assert (ahead.slots, ahead.measured) == (2, 1000)


def test_a_running_frame_is_half_done() -> None:
    assert eta(a_pace(0, running=1, slots=1, mean=10)) == pytest.approx(5, rel=0.01)


def test_a_slot_works_on_one_of_the_frames_it_holds() -> None:
    assert eta(a_pace(0, running=9, slots=1)) == pytest.approx(85, rel=0.01)


def test_one_waiting_frame_takes_a_whole_turn_however_many_slots_there_are() -> None:
    assert eta(a_pace(1, slots=100, mean=10)) == pytest.approx(10, rel=0.01)


@pytest.mark.parametrize(
    "pace",
    [
        a_pace(5, measured=0, mean=0),
        a_pace(5, slots=0),
        a_pace(5, measured=3, mean=0),
        a_pace(5, measured=1, running=20, slots=20),
    ],
    ids=["nothing has finished", "no slot serves it", "it took no time", "only the quickest did"],
)
def test_nothing_is_foretold_when_nothing_tells(pace: Pace) -> None:
    found = forecast([pace])

    assert (found.eta_seconds, found.eta_early_seconds, found.eta_late_seconds) == (None,) * 3
    assert found.confidence is None


def test_a_layer_that_tells_nothing_leaves_the_end_open() -> None:
    assert forecast([a_pace(1), a_pace(1, measured=0)]).eta_seconds is None


def test_a_job_whose_layers_are_done_is_done() -> None:
    assert span(forecast([a_pace(0, slots=0)])) == (0, 0, 0)


def test_slots_that_are_expected_count_not_those_of_now() -> None:
    assert eta(a_pace(1000, slots=0), expected_slots=10) < eta(a_pace(1000, slots=2)) / 4


def test_what_starts_later_ends_so_much_later() -> None:
    now, later = forecast([a_pace()]), forecast([a_pace()], starts_in_seconds=600)

    assert (later.eta_seconds or 0) - (now.eta_seconds or 0) == pytest.approx(600)


def test_layers_of_one_stage_share_the_slots_and_stages_come_one_after_another() -> None:
    first, second = a_pace(100), a_pace(100, slots=0)

    assert eta(first, second) == pytest.approx(1000, rel=0.05)
    assert eta(first, replace(second, stage=1)) == pytest.approx(eta(first) * 2, rel=0.01)


def test_the_more_was_measured_the_surer_it_is() -> None:
    widths = []
    for measured in (1, 10, 1000):
        early, _, late = span(forecast([a_pace(500, spread=0.5, measured=measured)]))
        widths.append(late - early)

    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 1.5 * widths[2]


@given(waiting=counts, running=counts, measured=enough, leases=slots, mean=seconds, spread=spreads)
def test_more_slots_never_end_it_later_and_more_frames_never_sooner(
    *, waiting: int, running: int, measured: int, leases: int, mean: float, spread: float
) -> None:
    pace = a_pace(waiting, running=running, slots=leases, mean=mean, spread=spread)
    now = eta(pace)

    assert eta(pace, expected_slots=leases + 1) <= now * (1 + 1e-9)
    assert eta(replace(pace, waiting=waiting + 1)) >= now * (1 - 1e-9)
    early, middle, late = span(forecast([replace(pace, measured=measured)]))
    assert 0 <= early <= middle <= late


def a_layer(name: str = "a", **fields: Any) -> Layer:
    spec = replace(
        a_layer_spec(name=name), after=tuple(After(layer=one) for one in fields.pop("after", ""))
    )
    return Layer(id="1.1", spec=replace(spec, kind=fields.pop("kind", spec.kind)), **fields)


def test_the_pace_of_a_layer_is_told_by_the_sums_that_the_store_keeps() -> None:
    counts = TaskCounts(blocked=1, ready=2, running=3, succeeded=2)
    layer = a_layer(counts=counts, leases=2, rendered=3, render_seconds=60, render_squares=1400)

    assert paces([layer]) == [
        Pace(waiting=3, running=3, slots=2, measured=3, mean_seconds=20, variance=100, stage=0)
    ]


def test_layers_come_in_stages_and_a_sheet_never_made_before_is_left_out() -> None:
    ready = TaskCounts(ready=1)
    first, second = a_layer("a", counts=ready), a_layer("b", counts=ready, after="a")
    sheet = a_layer("c", counts=ready, after="b", kind=LayerKind.SHEET)

    assert [one.stage for one in paces([first, second, sheet])] == [0, 1]
    assert [one.stage for one in paces([first, second, replace(sheet, rendered=1)])] == [0, 1, 2]


def told_and_came(
    chance: random.Random, *, tasks: int, slots: int, spread: float, finished: int
) -> tuple[Forecast, float]:
    """A layer is rendered; what is told once so many have finished, and how long it took then."""
    times = iter([chance.gammavariate(spread**-2, 60 * spread**2) for _ in range(tasks)])
    ends = [(one, one) for one in itertools.islice(times, slots)]  # when, and how long it took
    heapq.heapify(ends)
    seen: list[float] = []
    told, at, now = Forecast(frames_per_minute=0), 0.0, 0.0
    while ends:
        now, took = heapq.heappop(ends)
        seen.append(took)
        for one in itertools.islice(times, 1):
            heapq.heappush(ends, (now + one, one))
        if len(seen) == finished:
            pace = Pace(
                waiting=tasks - finished - len(ends),
                running=len(ends),
                slots=len(ends),
                elapsed=tuple(now - (end - one) for end, one in ends),
                measured=finished,
                mean_seconds=statistics.mean(seen),
                variance=statistics.variance(seen),
            )
            told, at = forecast([pace]), now
    return told, now - at


@pytest.mark.parametrize("spread", [0.1, 0.3, 0.8])
@pytest.mark.parametrize(
    ("tasks", "slots", "finished"),
    [(30, 1, 5), (200, 16, 12), (200, 16, 100), (2000, 100, 100), (2000, 100, 1000)],
)
def test_the_end_lies_in_the_span_as_often_as_it_says(
    tasks: int, slots: int, finished: int, spread: float
) -> None:
    chance, inside, came, middles = random.Random(1), 0, 0.0, 0.0
    for _ in range(50):
        told, end = told_and_came(
            chance, tasks=tasks, slots=slots, spread=spread, finished=finished
        )
        early, middle, late = span(told)
        inside, came, middles = inside + (early <= end <= late), came + end, middles + middle

    assert inside / 50 >= CONFIDENCE - 0.1
    assert middles / came == pytest.approx(1, abs=0.3)


def test_a_task_that_takes_long_ends_later_than_was_thought() -> None:
    few = a_pace(0, running=20, slots=20, measured=20, spread=0.2)
    usual = eta(replace(few, elapsed=(5.0,) * 20))

    assert eta(replace(few, elapsed=(9.0,) * 20)) < usual
    assert eta(replace(few, elapsed=(30.0,) * 20)) > eta(replace(few, elapsed=(12.0,) * 20))
