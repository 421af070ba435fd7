"""A week of a centre told by Prometheus: how far from its truth, and how soon."""

import sys
import tempfile
import time
from pathlib import Path

import yaml

from benchmarks.table import Report, Row, Target, percentile, run
from tools.grafana.asking import Asker, Told
from tools.grafana.prometheus import Prometheus
from tools.grafana.reading import sheets
from tools.week.__main__ import tell
from tools.week.make import make
from tools.week.proof import BOUND_POINTS, HEADLINE, WINDOWS, errors, headline
from tools.week.server import serve
from tools.week.truth import Truth

RULES = Path(__file__).parents[1] / "deploy" / "prometheus"
SLOW_SECONDS = 0.1
DAYS, QUICK_DAYS = 7.0, 0.25


def measure(quick: bool) -> Report:
    """The whole week, or a morning of it."""
    days = QUICK_DAYS if quick else DAYS
    with tempfile.TemporaryDirectory(prefix="week-") as scratch:
        week = Path(scratch) / "week"
        began = time.monotonic()
        truth = make(week, days=days, tell=tell)
        print(file=sys.stderr)
        made = time.monotonic() - began
        with serve(week) as url:
            prometheus = Prometheus(url)
            rows = [*_headline(prometheus, truth), *_errors(prometheus, truth)]
            rows += [*_queries(prometheus, truth)]
    return Report(
        name="week",
        title=f"{days:g} days of 720 nodes and 120 productions, told by Prometheus",
        rows=(*rows, Row(what="played, written, made into blocks", unit="s", values=(made,))),
        notes=("errors are in points, of all windows of a length against the truth",),
    )


def _headline(prometheus: Prometheus, truth: Truth) -> list[Row]:
    told, was = headline(prometheus, truth)
    return [
        Row(what="utilization in truth", unit="%", values=(was * 100,)),
        Target(
            what="utilization by Prometheus: error",
            unit="points",
            values=(abs(told - was) * 100,),
            bound=BOUND_POINTS,
        ),
    ]


def _errors(prometheus: Prometheus, truth: Truth) -> list[Row]:
    rows: list[Row] = []
    length = truth.ends_at - truth.begins_at
    for window in (one for one in WINDOWS if one < length):
        for one in errors(prometheus, truth, window):
            what = f"{one.estimator}, {window // 60} min: worst error"
            if one.estimator == HEADLINE:
                rows.append(
                    Target(what=what, unit="points", values=(one.worst,), bound=BOUND_POINTS)
                )
            else:
                rows.append(Row(what=what, unit="points", values=(one.worst,)))
    return rows


def _queries(prometheus: Prometheus, truth: Truth) -> list[Row]:
    """Every query of the dashboards, and every rule as Prometheus evaluates it."""
    asker = Asker(prometheus=prometheus, until=truth.ends_at, slow_seconds=SLOW_SECONDS)
    told = list(asker.everything(sheets()))
    slowest = max(told, key=lambda one: one.seconds)
    rules = [_rule_seconds(prometheus, expr, truth.ends_at) for expr in _exprs()]
    return [
        Row(what="queries of dashboards", unit="", values=(len(told),)),
        Row(what="dashboards, median", unit="ms", values=(_median_ms(told),)),
        Target(
            what=f"dashboards, slowest ({slowest.board}: {slowest.panel})",
            unit="ms",
            values=(slowest.seconds * 1000,),
            bound=SLOW_SECONDS * 1000,
        ),
        Target(
            what="rules and alerts, slowest",
            unit="ms",
            values=(max(rules) * 1000,),
            bound=SLOW_SECONDS * 1000,
        ),
    ]


def _median_ms(told: list[Told]) -> float:
    return percentile([one.seconds * 1000 for one in told], 0.5)


def _exprs() -> list[str]:
    return [
        rule["expr"]
        for name in ("rules.yml", "alerts.yml")
        for group in yaml.safe_load((RULES / name).read_text("utf-8"))["groups"]
        for rule in group["rules"]
    ]


def _rule_seconds(prometheus: Prometheus, expr: str, at: float) -> float:
    """The quickest of three: what the machine does besides is not the query's."""
    return min(prometheus.now(expr, at).seconds for _ in range(3))


if __name__ == "__main__":
    run(measure)
