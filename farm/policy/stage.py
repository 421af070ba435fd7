"""When layers that run side by side are done, on so many slots; and the doubt in that. Pure.

It is played once. The constants were fitted to the simulator's days, as `farm.policy.forecast`
tells.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapreplace
from itertools import cycle
from statistics import NormalDist

from farm.policy.tasktimes import TaskTimes

DEVIATIONS = 1.2815515655446004  #: of a normal law, on both sides, that hold 80 % of it
DRIFT = 0.08  #: by so much of itself the time of what is left is off from what was seen
SLOTS_DOUBT = 0.25  #: by so much of itself the time is off that waits for slots
MOST_PLAYED = 2000  #: tasks of a layer that are played; those before them go at the mean pace
_STANDARD = NormalDist()
#: Parts of 1, as even as can be however many are taken (van der Corput's sequence).
_DEALT = tuple((int(f"{number:09b}"[::-1], 2) + 0.5) / 512 for number in (*range(1, 512), 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """A layer as it is judged."""

    fresh: int  #: tasks that no slot works on yet
    begun: tuple[float, ...]  #: seconds that each of the others has been worked on
    law: TaskTimes

    @property
    def left(self) -> int:
        return self.fresh + len(self.begun)


@dataclass(frozen=True, slots=True)
class Span:
    """A time, and the variance of what is known of it."""

    seconds: float = 0.0
    variance: float = 0.0

    def __add__(self, other: "Span") -> "Span":
        return Span(self.seconds + other.seconds, self.variance + other.variance)


def stage_span(layers: Sequence[Believed], slots: float) -> Span:
    """How long layers take that run side by side on `slots`.

    It is played once: each slot takes the next task when its last one ends. The times that tasks
    take are dealt out evenly over their law.
    """
    ends = sorted(
        layer.law.quantile(part, elapsed=seconds) - seconds
        for layer in layers
        for seconds, part in zip(layer.begun, cycle(_DEALT), strict=False)
    )
    fresh = sum(layer.fresh for layer in layers)
    whole = max(1, int(slots))
    free = ends[max(0, len(ends) - whole) :]
    free = [0.0] * min(whole - len(free), fresh) + free
    stretch = 1 / min(1.0, slots)  #: half a slot is one half of the time
    last = max(layer.law.last_of(layer.begun) for layer in layers)
    for layer in layers:
        times = [stretch * layer.law.quantile(part) for part in _DEALT]
        bulk = max(0, layer.fresh - MOST_PLAYED)
        for at in range(layer.fresh - bulk):
            end = free[0] + times[at % len(times)]
            last = max(last, end)
            heapreplace(free, end)
        later = stretch * layer.law.mean_seconds * bulk / whole
        free, last = [one + later for one in free], last + later
    return Span(last, _variance(layers, last, slots))


def _variance(layers: Sequence[Believed], seconds: float, slots: float) -> float:
    """Of the end of a stage that is foretold to take `seconds`; in seconds²."""
    width = min(slots, float(sum(layer.left for layer in layers)))
    fresh = sum(layer.fresh for layer in layers)
    slow = max(layers, key=lambda one: one.law.mean_seconds)
    law = slow.law
    # The last of so many is met somewhere between these; what is known of the law moves it too.
    many = max(1.0, width)
    low, middle, high = (_STANDARD.inv_cdf(part ** (1 / many)) for part in (0.1, 0.5, 0.9))
    task = math.exp(law.mu + law.sigma * middle)
    of_last = (law.sigma * task * (high - low) / (2 * DEVIATIONS)) ** 2
    since = sum(slow.begun) / len(slow.begun) if slow.begun else 0.0
    of_law = law.doubt * (1 + middle**2 / 2) + DRIFT**2
    of_tasks = sum(
        one.fresh * (one.law.mean_seconds * one.law.spread / many) ** 2 for one in layers
    )
    waits = max(0.0, seconds - law.mean_seconds) if fresh else 0.0
    return of_last + of_tasks + of_law * (seconds + since) ** 2 + (SLOTS_DOUBT * waits) ** 2
