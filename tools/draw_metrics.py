"""Draws docs/metrics.md from the table in farm/model/metrics.py: `python tools/draw_metrics.py`.

The page and the code cannot disagree: a test compares the page with what this prints.
"""

from collections.abc import Iterable
from pathlib import Path

from farm.model.metrics import CATALOGUE, Metric, Source

PAGE = Path(__file__).parent.parent / "docs" / "metrics.md"

_INTRO = """\
# Metrics

What the farm tells Prometheus. This page is drawn from `farm/model/metrics.py` by
`python tools/draw_metrics.py`; change the table there.

Every second of every configured core is in exactly one state:

| state | meaning |
|---|---|
| `busy` | booked by a lease, on a node that is alive |
| `starved` | free, while a task that could run there waits |
| `idle` | free, and nothing waits that could run there |
| `draining` | free, on a node that takes no work: drained, locked, quarantined, asleep, unfit |
| `offline` | of a node that is not heard of |

The states add up to cores times time, so utilization is busy over the sum of all five: it leaves
out neither what is down nor what has no work. Ask counters by `rate` or `increase`; never average
ratios.
"""
_EXEMPLARS = """\
Beside each bucket of these stands one of the observations that were last counted in it, at most one
a second, for scrapers that ask for OpenMetrics, as Prometheus does; plain text leaves it out. It is
no label, and makes no series: [grafana.md](grafana.md) tells how to get from it to a job.

| histogram | labels of its exemplars |
|---|---|
"""
_TITLES = {
    Source.FARM: "## The farm's exporter\n\nPrometheus's job `farm`.\n",
    Source.NODE: (
        "## Each node's exporter\n\n"
        "Prometheus's job `node`, which adds the labels `node` and `pool` to each.\n"
    ),
}


def page() -> str:
    """The whole page, as it must stand in docs/metrics.md."""
    parts = [_INTRO]
    for source, title in _TITLES.items():
        parts += [title, _table(one for one in CATALOGUE if one.source is source)]
        if rows := "".join(_exemplars(one) for one in CATALOGUE if one.source is source):
            parts.append(_EXEMPLARS + rows)
    return "\n".join(parts)


def _exemplars(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.exemplars)
    return f"| `{metric.name}` | {labels} |\n" if labels else ""


def _table(metrics: Iterable[Metric]) -> str:
    rows = [
        f"| `{one.name}` | {one.kind} | {_labels(one)} | {one.unit} | {one.help} |"
        for one in metrics
    ]
    return "\n".join(["| metric | kind | labels | unit | |", "|---|---|---|---|---|", *rows, ""])


def _labels(metric: Metric) -> str:
    told = (
        f"`{label}`" + (f": {', '.join(values)}" if values else "")
        for label, values in metric.labels.items()
    )
    return "; ".join(told)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
