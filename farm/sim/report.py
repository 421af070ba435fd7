"""Runs as tables, side by side: one row per measure, one column per run."""

from collections.abc import Sequence

from farm.model.sizes import format_energy, format_span
from farm.sim.outcome import Outcome

Rows = list[tuple[str, ...]]


def summary(runs: Sequence[Outcome]) -> Rows:
    """What each run came to."""
    rows: Rows = []

    def row(name: str, *cells: str) -> None:
        rows.append((name, *cells))

    def parts(name: str, measure: str) -> None:
        row(name, *(f"{run.value(measure):.1%}" for run in runs))

    def spans(name: str, measure: str) -> None:
        row(name, *(format_span(run.value(measure)) for run in runs))

    row("played", *(format_span(run.played_seconds) for run in runs))
    row("tasks done", *(f"{run.measures.succeeded:,}" for run in runs))
    parts("utilization", "utilization")
    parts("… while work waits", "utilization_while_waiting")
    parts("cores stranded", "stranded_cores")
    parts("memory stranded", "stranded_memory")
    row("task wait, p50", *(format_span(run.waits().p50) for run in runs))
    spans("task wait, p95", "task_wait_p95")
    spans("task wait, longest", "task_wait_max")
    row("job wait, p50", *(format_span(run.waits(jobs=True).p50) for run in runs))
    spans("job wait, p95", "job_wait_p95")
    spans("job wait, longest", "job_wait_max")
    row("jobs never begun", *(f"{run.measures.never_started:,}" for run in runs))
    row(
        "worst production, p95",
        *(f"{format_span(run.worst()[1])} ({run.worst()[0] or '-'})" for run in runs),
    )
    parts("in the wrong hands", "unfairness")
    row("recalls", *(f"{run.measures.recalled:,}" for run in runs))
    parts("cold starts", "cold_starts")
    row("core-hours lost", *(f"{run.value('lost_core_hours'):,.0f}" for run in runs))
    row("refused grants", *(_refused(run) for run in runs))
    row("passes", *(_passes(run) for run in runs))
    row("ends foretold", *(_foretold(run) for run in runs))
    row("speed", *(_speed(run) for run in runs))
    return [*rows, *_power(runs)]


def _refused(run: Outcome) -> str:
    refused = run.measures.refused
    return ", ".join(f"{count:,} {why}" for why, count in sorted(refused.items())) or "0"


def _passes(run: Outcome) -> str:
    passes = run.as_json()["passes"]
    times = " / ".join(
        f"{1000 * passes[key]:.0f}" for key in ("p50_seconds", "p95_seconds", "most_seconds")
    )
    return f"{passes['count']:,}, {times} ms"


def _foretold(run: Outcome) -> str:
    marks = run.marks()
    held = " / ".join(f"{100 * one['held']:.0f}" for one in marks)
    off = " / ".join(f"{100 * one['median_off']:.0f}" for one in marks)
    return f"{held} % of {100 * marks[0]['confidence']:.0f} %; off by {off} %"


def _power(runs: Sequence[Outcome]) -> Rows:
    """Rows for farms whose nodes tell what they draw, or sleep."""
    rows: Rows = []
    if any(run.measures.joules for run in runs):
        rows.append(("energy", *(_energy(run, runs[0]) for run in runs)))
    if any(run.scenario.sleep for run in runs):
        rows.append(("nodes asleep", *(_asleep(run) for run in runs)))
    return rows


def _energy(run: Outcome, first: Outcome) -> str:
    told, other = run.measures.joules, first.measures.joules
    less = f", {1 - told / other:.1%} less" if run is not first and told < other else ""
    return format_energy(told) + less


def _asleep(run: Outcome) -> str:
    hours = run.measures.asleep_node_seconds / 3600
    return f"{run.value('asleep'):.1%}, {hours:,.0f} node-hours, woken {run.measures.wakes:,} times"


def _speed(run: Outcome) -> str:
    hours = run.played_seconds / 3600 / max(run.wall_seconds / 60, 1e-9)
    return f"{hours:,.0f} h/min"


PRODUCTIONS = ("PRODUCTION", "CORE-HOURS", "SHARE/DUE", "TASK P50", "P95", "MAX", "JOB P95")


def productions(run: Outcome, most: int) -> Rows:
    """The productions of a run, those that waited longest first."""
    rows: Rows = []
    for one in sorted(run.as_json()["productions"], key=lambda one: -one["task_wait"]["p95"])[
        :most
    ]:
        rows.append(
            (
                one["name"],
                f"{one['core_hours']:,.0f}",
                f"{one['share_of_due']:.0%}" if one["share_of_due"] else "-",
                *(format_span(one["task_wait"][key]) for key in ("p50", "p95", "most")),
                format_span(one["job_wait"]["p95"]),
            )
        )
    return rows
