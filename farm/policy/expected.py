"""What a job that has no slots may expect: on how many it will run, and from when on. Pure.

The plan that the farm decides by tells it: what its production is due, and how many of its
production's tasks come first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from farm.model.snapshot import LayerView
from farm.policy.waiting import Reason
from farm.policy.why import Outlook

LEAST_CORES = 0.25  #: a slot that books none counts as so many
TURN = 0.5  #: of a task's time: until the first slot is free for it
_NEVER = (Reason.NO_FIT, Reason.NO_NODE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The slots of a job to come."""

    slots: float
    starts_in_seconds: float


def usual_seconds(production: str, seen: Outlook) -> float | None:
    """What a task of `production` takes, by its layers that wait: the middle of their means."""
    known = [
        one.task_seconds
        for one in seen.views.values()
        if one.production == production and one.task_seconds
    ]
    return median(known) if known else None


def expected(layers: Iterable[str], seen: Outlook) -> Expected | None:
    """What a job may expect of whose layers none has a slot; None where nothing tells."""
    views = [seen.views[one] for one in layers if one in seen.views]
    if not seen.leads or not views:
        return None
    view = max(views, key=lambda one: one.wanted)
    reasons = seen.waiting.get(view.id, ())
    seconds = view.task_seconds or usual_seconds(view.production, seen)
    if seconds is None or any(one.reason in _NEVER for one in reasons):
        return None
    due = _due_cores(view, seen) / max(LEAST_CORES, view.resources.cores)
    bounds = [float(one.most) for one in reasons if one.reason is Reason.LIMIT and one.most]
    slots = max(1.0, min([due, *bounds]))
    ahead = max((one.ahead for one in reasons), default=0)
    return Expected(
        slots=slots, starts_in_seconds=seconds * (ahead / slots + (TURN if reasons else 0.0))
    )


def _due_cores(view: LayerView, seen: Outlook) -> float:
    """Of its pool; what may run in any pool is due that of all."""
    return sum(
        due
        for (production, pool), due in seen.dues.items()
        if production == view.production and view.pool in ("", pool)
    )
