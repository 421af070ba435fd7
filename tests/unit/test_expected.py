"""What a job without slots may expect."""

from dataclasses import replace
from typing import Any

import pytest

from farm.model.job import Layer, TaskCounts
from farm.model.snapshot import LayerView
from farm.policy.expected import Expected, expected, usual_seconds
from farm.policy.forecast import forecast, paces
from farm.policy.waiting import Reason, Waiting
from farm.policy.why import Outlook
from tests.makers import a_layer as a_layer_spec
from tests.makers import some_resources


def a_view(id_: str = "1.1", **fields: Any) -> LayerView:
    usual: dict[str, Any] = {
        "id": id_,
        "production": "heron",
        "priority": 50,
        "created_at": 0.0,
        "resources": some_resources(cores=2),
        "wanted": 40,
        "task_seconds": 60.0,
        "pool": "cpu",
    }
    return LayerView(**usual | fields)


def an_outlook(*views: LayerView, reason: Reason = Reason.BEHIND, **numbers: Any) -> Outlook:
    one = Waiting(layer="1.1", production="heron", tasks=40, reason=reason, **numbers)
    dues = {("heron", "cpu"): 20.0, ("heron", "gpu"): 4.0, ("kite", "cpu"): 80.0}
    return Outlook(at=0, waiting={"1.1": [one]}, views={one.id: one for one in views}, dues=dues)


def test_it_runs_on_what_its_production_is_due_after_those_that_come_first() -> None:
    told = expected(["1.1"], an_outlook(a_view(), ahead=30))

    assert told == Expected(slots=10, starts_in_seconds=60 * 3.5)


def test_what_may_run_in_any_pool_is_due_that_of_all() -> None:
    told = expected(["1.1"], an_outlook(a_view(pool="")))

    assert told is not None
    assert told.slots == 12


def test_a_limit_bounds_it() -> None:
    told = expected(["1.1"], an_outlook(a_view(), reason=Reason.LIMIT, most=3))

    assert told is not None
    assert told.slots == 3


@pytest.mark.parametrize("reason", [Reason.NO_FIT, Reason.NO_NODE])
def test_nothing_is_expected_of_what_no_node_could_run(reason: Reason) -> None:
    assert expected(["1.1"], an_outlook(a_view(), reason=reason)) is None


def test_nothing_is_expected_where_nothing_was_measured_or_planned() -> None:
    assert expected(["1.1"], an_outlook(a_view(task_seconds=None))) is None
    assert expected(["1.1"], Outlook(at=0)) is None
    assert expected(["1.1"], replace(an_outlook(a_view()), leads=False)) is None


def test_others_of_its_production_tell_how_long_its_tasks_take() -> None:
    seen = an_outlook(
        a_view(task_seconds=None),
        a_view("2.1", task_seconds=100.0),
        a_view("3.1", production="kite", task_seconds=9.0),
    )
    left = Layer(id="1.1", spec=a_layer_spec(), counts=TaskCounts(ready=40))
    usual = usual_seconds("heron", seen)
    told = expected(["1.1"], seen)

    assert usual == 100
    assert told is not None
    found = forecast(
        paces([left], usual_seconds=usual),
        expected_slots=told.slots,
        starts_in_seconds=told.starts_in_seconds,
    )
    assert found.eta_seconds == pytest.approx(450, rel=0.35)
    assert found.eta_early_seconds is not None
    assert found.eta_late_seconds is not None
    assert found.eta_late_seconds > 2.5 * found.eta_early_seconds
