"""What one look of `farm top` found, and what the farm did since the looks before."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from farm.model.metrics import SERVER_STATES

Answer = dict[str, Any]
WINDOW_SECONDS = 60.0  #: that "of late" means


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The service's answers, as `farm.client.usage` has them."""

    usage: Answer
    nodes: list[Answer]
    longest: list[Answer]

    def as_json(self) -> Answer:
        return {"usage": self.usage, "nodes": self.nodes, "longest": self.longest}


@dataclass(slots=True)
class Window:
    """The looks of the last minute: the farm's counters only grow, so two of them tell a rate."""

    _past: deque[tuple[float, dict[str, dict[str, float]]]] = field(default_factory=deque)

    def add(self, usage: Answer) -> None:
        """Take one in; a farm that began anew forgets the others."""
        at, counted = usage["at"], _counted(usage)
        if self._past and _fell(self._past[-1][1], counted):
            self._past.clear()
        self._past.append((at, counted))
        while len(self._past) > 2 and self._past[1][0] <= at - WINDOW_SECONDS:
            self._past.popleft()

    def of_late(self, pool: str | None = None) -> dict[str, float]:
        """Core-seconds by state within the window, of `pool` or of the farm; {} at first."""
        if len(self._past) < 2:
            return {}
        first, last = (
            counted.get(_name(pool), {}) for counted in (self._past[0][1], self._past[-1][1])
        )
        return {state: last.get(state, 0.0) - first.get(state, 0.0) for state in SERVER_STATES}


def _name(pool: str | None) -> str:
    return "farm" if pool is None else f"pool {pool}"


def _counted(usage: Answer) -> dict[str, dict[str, float]]:
    pools = {_name(pool["pool"]): pool["core_seconds"] for pool in usage["pools"]}
    return {_name(None): usage["farm"]["core_seconds"], **pools}


def _fell(before: dict[str, dict[str, float]], after: dict[str, dict[str, float]]) -> bool:
    return sum(after["farm"].values()) < sum(before["farm"].values())
