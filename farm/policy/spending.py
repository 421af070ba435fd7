"""What was credited on many days, summed by what somebody asks for."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from farm.model.metrics import SPENT
from farm.model.usage import DayUsage


class By(StrEnum):
    """What spending can be told by."""

    DAY = "day"
    PRODUCTION = "production"
    USER = "user"
    POOL = "pool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """A sum; what it is not told by is None."""

    day: date | None
    production: str | None
    user: str | None
    pool: str | None
    core_seconds: dict[str, float]  #: by each of SPENT

    @property
    def total_core_seconds(self) -> float:
        return sum(self.core_seconds.values())


_Key = tuple[date | None, str | None, str | None, str | None]


def spending(rows: Iterable[DayUsage], by: Collection[By]) -> list[Spending]:
    """The sums of `rows` by each of `by`: in order of days, and the most spent of a day first.

    Their sums over all entries are those of `rows`, whatever `by` is.
    """
    sums: dict[_Key, dict[str, float]] = {}
    for row in rows:
        key = (
            row.day if By.DAY in by else None,
            row.production if By.PRODUCTION in by else None,
            row.user if By.USER in by else None,
            row.pool if By.POOL in by else None,
        )
        into = sums.setdefault(key, dict.fromkeys(SPENT, 0.0))
        into[row.how] += row.core_seconds
    found = [
        Spending(day=day, production=production, user=user, pool=pool, core_seconds=spent)
        for (day, production, user, pool), spent in sums.items()
    ]
    return sorted(found, key=_place)


def _place(one: Spending) -> tuple[date, float, str, str, str]:
    names = (one.production or "", one.user or "", one.pool or "")
    return one.day or date.min, -one.total_core_seconds, *names
