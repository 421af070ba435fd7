"""Series in Prometheus' text form: names put together once, values asked at each scrape."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tools.week.books import Histogram

OUTCOMES = ("succeeded", "failed", "timed_out", "out_of_memory", "lost", "cancelled")
TIMED = (*OUTCOMES, "overhead")
INSTANCE = {"job": "farm", "instance": "farm:9750"}
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Family:
    """Series that are read together: their names, and what tells their values in that order."""

    names: tuple[str, ...]
    values: Callable[[], Iterable[float | None]]  #: None: that series is not there now


def series(name: str, labels: Labels, target: Labels = INSTANCE) -> str:
    """`name{a="b"} `, as the text has it before the value; `target` is whom Prometheus asked."""
    told = ",".join(f'{key}="{value}"' for key, value in {**target, **labels}.items())
    return f"{name}{{{told}}} "


def text(families: Iterable[Family], at: int) -> str:
    """One scrape of `families`, as of Unix time `at`."""
    lines = []
    for one in families:
        for name, value in zip(one.names, one.values(), strict=True):
            if value is not None:
                lines.append(f"{name}{value:.3f} {at}\n")
    return "".join(lines)


def histogram(name: str, pool: str, told: Histogram) -> Family:
    """Buckets, sum and count of `name` in `pool`."""
    bounds = [f"{bound:g}" if bound < 1e6 else f"{bound:.6e}" for bound in told.bounds]
    names = [series(f"{name}_bucket", {"pool": pool, "le": one}) for one in [*bounds, "+Inf"]]
    names += [series(f"{name}_{part}", {"pool": pool}) for part in ("sum", "count")]
    return Family(tuple(names), lambda: (*told.counts, told.number, told.total, told.number))
