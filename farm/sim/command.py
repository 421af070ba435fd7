"""`farm simulate`: the command. It runs the farm's policy in this process and asks no farm."""

import signal
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from farm.cli.errors import FAILED, INTERRUPTED
from farm.cli.output import View, message
from farm.sim.engine import Engine
from farm.sim.outcome import Outcome
from farm.sim.running import DISPATCHERS, engine_for, play
from farm.sim.scenario import DAY, Scenario

_EPILOG = """\b
Examples:
  farm simulate --list
  farm simulate centre-700 --days 1 --out week
  farm simulate centre-700 --against fifo,priority,greedy
  farm simulate centre-700 --set productions.heron.weight=2 --against centre-700
  farm simulate centre-700 --add-nodes plain=50 --against centre-700
  farm simulate centre-700 --days 7 --sleep floor=640,idle=15m,wake=3m
  farm simulate my-work.toml --farm my-nodes.toml --json
  farm simulate --check all
\b
SCENARIO is the name of one that comes with the farm, or a file; docs/simulator.md tells its fields.
Ctrl-C ends a run early and tells what there is so far.
"""
_WORST = 8  #: productions told of


@click.command(epilog=_EPILOG)
@click.argument("scenario", required=False)
@click.option("--farm", metavar="FILE", default="", help="Take the nodes from this file.")
@click.option("--days", type=click.FloatRange(min=0.001, max=366), help="Play so long.")
@click.option("--seed", type=click.IntRange(min=0), help="Another seed is another week.")
@click.option(
    "--set",
    "changes",
    metavar="NAME=VALUE",
    multiple=True,
    help="Change a field: productions.heron.weight=2, limits.houdini=40.",
)
@click.option("--add-nodes", metavar="[KIND=]N", multiple=True, help="So many nodes more.")
@click.option(
    "--sleep",
    metavar="RULES",
    default="",
    help="Compare with nodes that sleep when idle: floor=64,idle=15m,wake=3m (floor in cores).",
)
@click.option(
    "--policy",
    type=click.Choice(list(DISPATCHERS)),
    default="karst",
    show_default=True,
    help="Who decides: this farm, or how others do it.",
)
@click.option(
    "--against",
    metavar="OTHERS",
    default="",
    help="Compare with: fifo, priority, greedy, or another scenario; several with commas.",
)
@click.option("--check", metavar="NAMES", default="", help="Judge scenarios by their bounds: all.")
@click.option("--list", "listed", is_flag=True, help="List the scenarios that come along.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for plots (PNG), a page (HTML) and all numbers (JSON).",
)
@click.option("--all", "everyone", is_flag=True, help="Tell of all productions, not the worst.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--plain", is_flag=True, help="Print tab-separated lines, as into a pipe.")
@click.pass_context
def simulate(
    context: click.Context,
    /,
    *,
    scenario: str | None,
    policy: str,
    against: str,
    check: str,
    listed: bool,
    out: Path | None,
    everyone: bool,
    as_json: bool,
    plain: bool,
    **shape: Any,  # noqa: ANN401 - the options that make a scenario another one
) -> None:
    """Play a farm's days in minutes: the real policy on made-up nodes and work.

    What would 50 nodes more bring? Who waits if heron's weight is 2? Is this policy any good?
    """
    view = View(as_json=as_json, plain=plain)
    if listed:
        _list(view)
    elif check:
        context.exit(_check(view, check, policy))
    elif scenario is None:
        raise click.UsageError("say what to play: farm simulate --list names scenarios", context)
    else:
        runs = _runs(scenario, shape, policy, filter(None, against.split(",")))
        context.exit(_play(view, runs, out, sys.maxsize if everyone else _WORST))


def _runs(
    scenario: str, shape: dict[str, Any], policy: str, others: Iterable[str]
) -> list[tuple[Scenario, str]]:
    """What to play: the scenario as it was asked for, then what it is compared with."""
    from farm.sim.reading import read

    sleep = shape.pop("sleep")
    first = read(scenario, **shape)
    kept = {name: shape[name] for name in ("farm", "days", "seed")}
    asleep = [(one, policy) for one in _sleeping(first, sleep)]
    return [(replace(first, sleep=None) if asleep else first, policy), *asleep] + [
        (first, other) if other in DISPATCHERS else (read(other, **kept), policy)
        for other in others
    ]


def _sleeping(scenario: Scenario, rules: str) -> list[Scenario]:
    """The same with nodes that sleep by `rules`; none without any."""
    from farm.sim.changes import sleep_table
    from farm.sim.parts import sleep_rules

    if not rules:
        return []
    told = sleep_rules(sleep_table(rules), "--sleep")
    return [replace(scenario, name=f"{scenario.name}, sleeping", sleep=told)]


def _list(view: View) -> None:
    from farm.sim.reading import read, shipped

    found = [read(name) for name in shipped()]
    view.table(
        [{"name": one.name, "about": one.about} for one in found],
        ("SCENARIO", "ABOUT"),
        [(one.name, one.about) for one in found],
    )


def _check(view: View, names: str, policy: str) -> int:
    from farm.sim.checking import check, chosen

    found = [verdict for name in chosen(names.split(",")) for verdict in check(name, policy)]
    view.table(
        [one.as_json() for one in found],
        ("VERDICT", "SCENARIO", "BOUND", "FOUND", "WHY"),
        [
            (
                "PASS" if one.holds else "FAIL",
                one.scenario,
                one.wanted,
                f"{one.value:.4g}",
                one.bound.why,
            )
            for one in found
        ],
    )
    return 0 if all(one.holds for one in found) else FAILED


def _play(view: View, runs: Sequence[tuple[Scenario, str]], out: Path | None, most: int) -> int:
    stopped = False
    outcomes: list[Outcome] = []
    for scenario, policy in runs:
        engine = engine_for(scenario, policy)
        before = signal.signal(signal.SIGINT, lambda *_, engine=engine: _stop(engine))
        try:
            outcomes.append(play(engine, Progress(engine)))
        finally:
            signal.signal(signal.SIGINT, before)
        stopped = engine.stopped
        if stopped:
            message("farm: stopped; these are the numbers of what was played")
            break
    _tell(view, outcomes, most)
    if out is not None:
        from farm.sim.charts.page import write

        message(f"farm: look at {write(out, outcomes)}")
    return INTERRUPTED if stopped else 0


def _stop(engine: Engine) -> None:
    if engine.stopped:
        raise KeyboardInterrupt
    engine.stopped = True


def _tell(view: View, runs: Sequence[Outcome], most: int) -> None:
    from farm.sim.report import PRODUCTIONS, productions, summary

    if view.as_json:
        view.json([run.as_json() for run in runs])
        return
    names = [f"{run.scenario.name}: {run.dispatcher}" for run in runs]
    rows = summary(runs)
    view.table(None, ("", *names), rows if view.for_people else [("run", *names), *rows])
    if view.for_people:
        click.echo(f"\nThe productions that waited longest under {names[0]}:")
        view.table(None, PRODUCTIONS, productions(runs[0], most))
    elif most > _WORST:
        view.table(None, PRODUCTIONS, productions(runs[0], most))


class Progress:
    """How far a run is, on stderr: one line that renews itself, or one now and then in a log."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._began = self._told = time.monotonic()
        self._every = 0.5 if sys.stderr.isatty() else 20.0

    def __call__(self, now: float) -> None:
        at = time.monotonic()
        if at - self._told < self._every:
            return
        self._told = at
        scenario, measures = self._engine.scenario, self._engine.measures
        pace = now / 3600 / ((at - self._began) / 60)
        line = (
            f"farm: {scenario.name}, {self._engine.dispatcher.name}: day {now / DAY:.2f} of "
            f"{scenario.seconds / DAY:g}, {measures.busy_cores / scenario.cores:.0%} busy, "
            f"{measures.waiting:,} tasks wait, {pace:,.0f} h/min"
        )
        if sys.stderr.isatty():
            click.echo(f"\r{line}\x1b[K", nl=False, err=True)
            if now >= scenario.seconds - scenario.sample_seconds:
                click.echo("\r\x1b[K", nl=False, err=True)
        else:
            message(line)
