"""When a job will be done: laws of the forecast."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.model.job import Layer, LayerSpec, TaskCounts
from farm.model.render import RenderSettings
from farm.policy.forecast import forecast

_SPEC = LayerSpec(
    name="render",
    frames="1-1000",
    settings=RenderSettings(scene="/s.blend", output="/o_####", extension=".png"),
)
counts = st.integers(min_value=0, max_value=10_000)
slots = st.integers(min_value=1, max_value=500)
seconds = st.floats(min_value=0.01, max_value=10_000)


def a_layer(*, leases: int = 2, mean: float = 10.0, **states: int) -> Layer:
    found = TaskCounts(**states)
    return Layer(
        id="1.1", spec=_SPEC, counts=found, leases=leases, render_seconds=mean * found.succeeded
    )


def eta(*layers: Layer) -> float:
    found = forecast(layers).eta_seconds
    assert found is not None
    return found


def test_waiting_frames_are_shared_by_the_slots() -> None:
    ahead = forecast([a_layer(succeeded=4, ready=20, leases=2, mean=10)])

    assert ahead.eta_seconds == 100
    assert ahead.frames_per_minute == 12


def test_running_frames_are_half_done() -> None:
    assert eta(a_layer(succeeded=1, running=2, leases=2, mean=10)) == 5


def test_one_waiting_frame_takes_a_whole_turn_however_many_slots_there_are() -> None:
    assert eta(a_layer(succeeded=1, ready=1, leases=100, mean=10)) == 10


@pytest.mark.parametrize(
    "layer",
    [
        a_layer(ready=5, leases=2),
        a_layer(ready=5, succeeded=5, leases=0),
        a_layer(ready=5, failed=5, leases=1),
    ],
    ids=["nothing has finished", "no slot serves it", "all have failed so far"],
)
def test_nothing_is_foretold_when_nothing_tells(layer: Layer) -> None:
    assert forecast([layer]).eta_seconds is None


def test_a_job_whose_layers_are_done_is_done() -> None:
    assert eta(a_layer(succeeded=3, failed=1, leases=0)) == 0


def test_the_slowest_layer_tells_the_end() -> None:
    slow, fast = (a_layer(succeeded=1, ready=10, mean=mean) for mean in (50.0, 1.0))

    assert eta(fast, slow) == eta(slow) > eta(fast)


def test_a_layer_that_tells_nothing_leaves_the_end_open() -> None:
    told, untold = a_layer(succeeded=1, ready=1), a_layer(ready=1)

    assert forecast([told, untold]).eta_seconds is None


@given(ready=counts, running=counts, done=counts.filter(bool), leases=slots, mean=seconds)
def test_more_slots_never_end_it_later_and_more_frames_never_sooner(
    ready: int, running: int, done: int, leases: int, mean: float
) -> None:
    states = {"ready": ready, "running": running, "succeeded": done}
    now = eta(a_layer(leases=leases, mean=mean, **states))

    assert eta(a_layer(leases=leases + 1, mean=mean, **states)) <= now
    assert eta(a_layer(leases=leases, mean=mean, **states | {"ready": ready + 1})) >= now
    assert now >= 0
