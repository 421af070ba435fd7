"""The figures of a report, from the service's answers to values: no I/O."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from farm.model.metrics import SERVER_STATES, SPENT
from farm.model.utilization import (
    TARGET_RATIO,
    availability,
    goodput,
    under_demand,
    utilization,
    waste,
)

Answer = dict[str, Any]
HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A stretch of days, both ends included."""

    first: date
    last: date
    by: tuple[str, ...]  #: what `spent` is told by
    history: Sequence[Answer]  #: a row for each day and pool
    spent: Sequence[Answer]  #: core-seconds credited, the most first

    def split(self, pool: str | None = None) -> dict[str, float]:
        """Core-seconds by state, of `pool` or of the farm."""
        rows = [row for row in self.history if pool is None or row["pool"] == pool]
        return {state: sum(row["core_seconds"][state] for row in rows) for state in SERVER_STATES}

    def stranded_core_seconds(self) -> float:
        return float(sum(row["stranded_core_seconds"] for row in self.history))

    def pools(self) -> list[str]:
        return sorted({row["pool"] for row in self.history})

    def spent_in_all(self) -> dict[str, float]:
        """Core-seconds by how they were spent."""
        return {how: sum(row["core_seconds"][how] for row in self.spent) for how in SPENT}

    def days(self) -> list[tuple[str, dict[str, float]]]:
        """Core-seconds by state of each day, over all pools."""
        found: dict[str, dict[str, float]] = {}
        for row in self.history:
            into = found.setdefault(row["day"], dict.fromkeys(SERVER_STATES, 0.0))
            for state in SERVER_STATES:
                into[state] += row["core_seconds"][state]
        return sorted(found.items())

    def figures(self) -> dict[str, float | None]:
        """The ratios, each 0 to 1; None where there is nothing to tell it from."""
        split, spent = self.split(), self.spent_in_all()
        return {
            "utilization": utilization(split),
            "under_demand": under_demand(split),
            "availability": availability(split),
            "goodput": goodput(spent, split),
            "waste": waste(spent),
        }

    def as_json(self) -> Answer:
        """All of it, with units in the names."""
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "target": TARGET_RATIO,
            **self.figures(),
            "core_seconds": self.split(),
            "stranded_core_seconds": self.stranded_core_seconds(),
            "pools": {pool: self.split(pool) for pool in self.pools()},
            "days": [{"day": day, "core_seconds": split} for day, split in self.days()],
            "by": list(self.by),
            "spent": list(self.spent),
        }


def names_of(row: Mapping[str, Any], by: Iterable[str]) -> tuple[str, ...]:
    """What a row of `spent` is told by, as text."""
    return tuple(str(row[one]) or "-" for one in by)


def hours(core_seconds: float) -> str:
    """Core-hours: `12,345`, `3.2`."""
    amount = core_seconds / HOUR
    return f"{amount:,.0f}" if amount >= 100 else f"{amount:,.3g}"


def percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.2%}"
