"""How far each way of measuring utilization is from the truth, asked of one Prometheus.

`python -m tools.week FOLDER --prove`. Errors are in points: parts of the farm times 100.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tools.grafana.prometheus import Prometheus
from tools.week.truth import Truth

HEADLINE = "counter"
BOUND_POINTS = 0.01  #: the headline may be so far from the truth, in any window
_BUSY, _ALL = 'farm_core_seconds_total{state="busy"}', "farm_core_seconds_total"

#: By name: PromQL over a window W. The first is how the farm's rules do it.
ESTIMATORS = {
    HEADLINE: f"sum(rate({_BUSY}[W])) / sum(rate({_ALL}[W]))",
    "gauge each 30 s": (
        'sum(avg_over_time(farm_cores{state="busy"}[W:30s]))'
        " / sum(avg_over_time(farm_cores[W:30s]))"
    ),
    "gauge each 5 min": (
        'sum(avg_over_time(farm_cores{state="busy"}[W:5m])) / sum(avg_over_time(farm_cores[W:5m]))'
    ),
    "credited at the end": (
        'sum(rate(farm_attempt_core_seconds_total{outcome!="overhead"}[W]))'
        f" / sum(rate({_ALL}[W]))"
    ),
    "mean of pools' ratios": (
        f"avg(sum by (pool) (rate({_BUSY}[W])) / sum by (pool) (rate({_ALL}[W])))"
    ),
    "mean of nodes' ratios": (
        "avg(rate(farm_node_busy_core_seconds_total[W]) / on (node) farm_node_cores)"
    ),
    "of what is online": (
        f'sum(rate({_BUSY}[W])) / sum(rate(farm_core_seconds_total{{state!="offline"}}[W]))'
    ),
}
WINDOWS = (300, 3600, 86400)  #: seconds


def over(window_seconds: int, query: str) -> str:
    """`query` with its window, both ends of it included.

    To Prometheus 3, other than to 2, a sample is too old that is as old as the window is long.
    """
    return query.replace("[W", f"[{window_seconds}s1ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """One estimator over windows of one length, each against the truth; in points."""

    estimator: str
    window_seconds: int
    windows: int
    mean: float  #: of the absolute errors
    worst: float
    bias: float  #: mean of the errors with their sign


def errors(prometheus: Prometheus, truth: Truth, window_seconds: int) -> Iterator[Error]:
    """Of all estimators over windows of that length, end to end; of days, one each hour."""
    step = min(window_seconds, 3600)
    begins_at = truth.begins_at + window_seconds
    for name, query in ESTIMATORS.items():
        if ":5m]" in query and window_seconds <= 300:
            continue  # one sample is no average
        asked = over(window_seconds, query)
        (found,) = prometheus.over(asked, begins_at, truth.ends_at, step).series
        off = [
            100 * (value - truth.utilization(int(at), window_seconds)) for at, value in found.points
        ]
        yield Error(
            estimator=name,
            window_seconds=window_seconds,
            windows=len(off),
            mean=sum(map(abs, off)) / len(off),
            worst=max(map(abs, off)),
            bias=sum(off) / len(off),
        )


def headline(prometheus: Prometheus, truth: Truth) -> tuple[float, float]:
    """Utilization of the whole week: as Prometheus has it, and as it was."""
    whole = truth.ends_at - truth.begins_at
    (found,) = prometheus.now(over(whole, ESTIMATORS[HEADLINE]), truth.ends_at).series
    assert found.last is not None
    return found.last, truth.utilization(truth.ends_at, whole)


def table(found: list[Error]) -> str:
    """`found` for people."""
    lines = [f"{'estimator':24}{'window':>8}{'windows':>9}{'mean':>9}{'worst':>9}{'bias':>9}"]
    lines += [
        f"{one.estimator:24}{one.window_seconds // 60:>5} min{one.windows:>7}"
        f"{one.mean:>9.3f}{one.worst:>9.3f}{one.bias:>+9.3f}"
        for one in found
    ]
    return "\n".join(lines)
