"""What is known of the week from its events alone: who held what, who was silent, and when.

This is not how the farm counts. The farm adds up as it goes; here every lease and every silence is
a spell with two ends, and any window's truth is the sum of their overlaps with it.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple


class Spell(NamedTuple):
    """So many cores of a pool were in `state` from `begun` to `ended`, in seconds of the week."""

    pool: str
    state: str
    cores: float
    begun: float
    ended: float


class Area:
    """Core-seconds until any instant: the integral of a step function."""

    def __init__(self, steps: Iterable[tuple[float, float]]) -> None:
        ordered = sorted(steps)
        self._at = [at for at, _ in ordered]
        self._cores = list(accumulate(cores for _, cores in ordered))
        self._moment = list(accumulate(at * cores for at, cores in ordered))

    def until(self, at: float) -> float:
        """Sum of cores x (at - begun) over all that has begun, less the same of what has ended."""
        last = bisect_right(self._at, at) - 1
        return self._cores[last] * at - self._moment[last] if last >= 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The week's truth at every step of `step_seconds`, in core-seconds since its beginning."""

    begins_at: int  #: Unix time
    step_seconds: int
    configured: dict[str, float]  #: cores, by pool
    busy: dict[str, list[float]]
    offline: dict[str, list[float]]

    @property
    def ends_at(self) -> int:
        steps = len(next(iter(self.busy.values()))) - 1
        return self.begins_at + steps * self.step_seconds

    def utilization(self, at: int, seconds: int) -> float:
        """Busy over configured core-seconds in the window of `seconds`, whole steps, up to `at`."""
        assert seconds % self.step_seconds == 0
        busy = sum(self._within(one, at, seconds) for one in self.busy.values())
        return busy / (sum(self.configured.values()) * seconds)

    def _within(self, sums: list[float], at: int, seconds: int) -> float:
        last = (at - self.begins_at) // self.step_seconds
        return sums[last] - sums[last - seconds // self.step_seconds]

    def save(self, path: Path) -> None:
        """As JSON."""
        told = {name: getattr(self, name) for name in self.__slots__}
        path.write_text(json.dumps(told), "utf-8")

    @classmethod
    def read(cls, path: Path) -> "Truth":
        """What `save` wrote."""
        return cls(**json.loads(path.read_text("utf-8")))


def truth_of(
    spells: Iterable[Spell],
    configured: dict[str, float],
    *,
    begins_at: int,
    seconds: int,
    step_seconds: int = 60,
) -> Truth:
    """The truth of a week whose events were `spells`."""
    steps: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for one in spells:
        own = steps.setdefault((one.pool, one.state), [])
        own.append((one.begun, one.cores))
        own.append((one.ended, -one.cores))

    def sums(state: str) -> dict[str, list[float]]:
        found = {}
        for pool in configured:
            area = Area(steps.get((pool, state), []))
            found[pool] = [area.until(at) for at in range(0, seconds + 1, step_seconds)]
        return found

    return Truth(
        begins_at=begins_at,
        step_seconds=step_seconds,
        configured=configured,
        busy=sums("busy"),
        offline=sums("offline"),
    )
