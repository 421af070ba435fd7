"""The figures that a split of time comes to. One place: the service, reports and the demo agree.

A split maps each of `SERVER_STATES` to core-seconds (or any other amount of time times machines).
Nothing is left out of the whole: what was offline or drained counts against utilization too.
"""

from collections.abc import Mapping

from farm.model.metrics import SERVER_STATES
from farm.model.states import Outcome

TARGET_RATIO = 0.8  #: of the farm's time that should be busy


def _part(share: float, whole: float) -> float | None:
    return share / whole if whole > 0 else None


def whole(split: Mapping[str, float]) -> float:
    """All of it."""
    return sum(split.get(state, 0.0) for state in SERVER_STATES)


def utilization(split: Mapping[str, float]) -> float | None:
    """The part that was busy, 0 to 1; None where there was no time at all."""
    return _part(split.get("busy", 0.0), whole(split))


def under_demand(split: Mapping[str, float]) -> float | None:
    """Of what work could have used, the part that it had: the scheduler's own score."""
    busy = split.get("busy", 0.0)
    return _part(busy, busy + split.get("starved", 0.0))


def availability(split: Mapping[str, float]) -> float | None:
    """The part that was neither offline nor drained."""
    away = split.get("offline", 0.0) + split.get("draining", 0.0)
    return _part(whole(split) - away, whole(split))


def goodput(spent: Mapping[str, float], split: Mapping[str, float]) -> float | None:
    """The part of all time that went into attempts that succeeded, `spent` being core-seconds by
    how they were spent (`SPENT`). It is known only as attempts end: look at hours, not minutes.
    """
    return _part(spent.get(Outcome.SUCCEEDED, 0.0), whole(split))


def waste(spent: Mapping[str, float]) -> float | None:
    """Of what ended, the part that did not succeed, overhead included."""
    every = sum(spent.values())
    return _part(every - spent.get(Outcome.SUCCEEDED, 0.0), every)
