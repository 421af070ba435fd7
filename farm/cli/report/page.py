"""The report as one HTML page that needs nothing else."""

from collections.abc import Sequence
from html import escape

from farm.cli.report.charts import COLORS, bars_chart, days_chart
from farm.cli.report.figures import Report, hours, names_of, percent
from farm.model.metrics import SERVER_STATES, SPENT
from farm.model.states import Outcome
from farm.model.utilization import TARGET_RATIO, utilization, waste, whole

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 1060px; margin: 2em auto;
  padding: 0 1em; }
h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 2em; }
.big { font-size: 3em; font-weight: 650; line-height: 1.1; } .quiet { color: #616e7c; }
.figures { display: flex; gap: 3em; flex-wrap: wrap; align-items: end; }
table { border-collapse: collapse; margin: 1em 0; }
th, td { text-align: left; padding: .25em 1.2em .25em 0; border-bottom: 1px solid #e4e7eb; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; font: 11px system-ui, sans-serif; fill: #616e7c; }
svg .e { text-anchor: end; } svg .target { stroke: #1f2933; stroke-dasharray: 5 4; fill: none; }
i { display: inline-block; width: .8em; height: .8em; margin: 0 .4em 0 1.2em; }
"""
_MOST_BARS = 25


def as_page(report: Report) -> str:
    """The page."""
    figures, split = report.figures(), report.split()
    share = figures["utilization"]
    told = (
        ("of what work could use", figures["under_demand"]),
        ("available", figures["availability"]),
        ("went into frames that succeeded", figures["goodput"]),
        ("of what ended was wasted", figures["waste"]),
    )
    legend = "".join(f'<i style="background:{COLORS[one]}"></i>{one}' for one in SERVER_STATES)
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Karst, {report.first} to {report.last}</title>
<style>{_STYLE}</style>
<h1>{report.first} to {report.last}</h1>
<div class="figures"><div><div class="big">{percent(share)}</div>
<span class="quiet">of all core time was busy; the target is {TARGET_RATIO:.0%}</span></div>
{
        "".join(
            f'<div><b>{percent(value)}</b><br><span class="quiet">{words}</span></div>'
            for words, value in told
        )
    }</div>
<h2>Where every core-second went{legend}</h2>
{days_chart(report.days())}
{_table(("state", "core-hours", "part"), _states(split))}
<h2>Pools</h2>
{_table(("pool", "core-hours", "utilization"), _pools(report))}
<h2>What it was spent on, by {escape(" and ".join(report.by))}</h2>
{bars_chart(_bars(report))}
{_table((*report.by, "core-hours", *SPENT, "waste"), _spent(report), words=len(report.by))}
<p class="quiet">Days are of UTC. Time of attempts counts on the day on which they ended.
Stranded, a part of idle: {hours(report.stranded_core_seconds())} core-hours.</p>
</html>
"""


def _states(split: dict[str, float]) -> list[tuple[str, ...]]:
    every = whole(split) or 1.0
    return [(one, hours(split[one]), percent(split[one] / every)) for one in SERVER_STATES]


def _pools(report: Report) -> list[tuple[str, ...]]:
    splits = [(pool, report.split(pool)) for pool in report.pools()]
    return [(pool or "-", hours(whole(one)), percent(utilization(one))) for pool, one in splits]


def _bars(report: Report) -> list[tuple[str, float, float]]:
    rows = []
    for row in report.spent[:_MOST_BARS]:
        spent = row["core_seconds"]
        good = spent[Outcome.SUCCEEDED]
        rows.append((", ".join(names_of(row, report.by)), good, sum(spent.values()) - good))
    return rows


def _spent(report: Report) -> list[tuple[str, ...]]:
    return [
        (
            *names_of(row, report.by),
            hours(sum(row["core_seconds"].values())),
            *(hours(row["core_seconds"][how]) for how in SPENT),
            percent(waste(row["core_seconds"])),
        )
        for row in report.spent
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 1) -> str:
    def line(tag: str, cells: Sequence[str]) -> str:
        kind = ["" if number < words else ' class="n"' for number in range(len(cells))]
        inner = "".join(
            f"<{tag}{of}>{escape(cell)}</{tag}>" for of, cell in zip(kind, cells, strict=True)
        )
        return f"<tr>{inner}</tr>"

    return (
        "<table>" + "\n".join([line("th", head), *(line("td", row) for row in rows)]) + "</table>"
    )
