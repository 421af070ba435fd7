"""The pictures: how full the farm was, who had what, who waited, and what was stranded."""

from collections.abc import Sequence
from math import ceil
from pathlib import Path

from farm.sim.charts.canvas import COLORS, INK, QUIET, Canvas, paler
from farm.sim.charts.panel import Panel, percent, steps
from farm.sim.outcome import Outcome

WIDTH = 1100
_LEFT, _RIGHT = 62, WIDTH - 24
_SEEN = 120  #: productions in one picture


def name_of(run: Outcome) -> str:
    return f"{run.scenario.name}, {run.dispatcher}"


def utilization(path: Path, runs: Sequence[Outcome]) -> None:
    """How full the farm was over time, and how many tasks waited."""
    canvas = Canvas(WIDTH, 300 * len(runs) + 16)
    most = max(max(run.measures.samples.waiting, default=0) for run in runs)
    for at, run in enumerate(runs):
        samples, top = run.measures.samples, 300 * at + 40
        panel = Panel(canvas, _LEFT, top, _RIGHT, top + 160, run.played_seconds, 1.0)
        whole = run.value("utilization_while_waiting")
        panel.title(
            f"Cores, {name_of(run)}",
            f"{run.value('utilization'):.1%} booked, {whole:.1%} while work waited",
        )
        stuck = [a + b for a, b in zip(samples.busy, samples.stranded_cores, strict=True)]
        zero = [0.0] * len(samples.at)
        panel.band(samples.at, zero, samples.online, "#f1f3f5")
        panel.band(samples.at, samples.busy, stuck, paler(COLORS[3], 0.35))
        panel.band(samples.at, zero, samples.busy, paler(COLORS[0], 0.45))
        panel.hours(run.scenario.start_seconds)
        panel.rows((0, 0.25, 0.5, 0.75, 1), percent)
        panel.curve(samples.at, samples.busy, COLORS[0], 1.5)
        panel.curve(samples.at, samples.online, QUIET, 1)
        panel.frame()
        below = Panel(canvas, _LEFT, top + 196, _RIGHT, top + 246, run.played_seconds, most or 1)
        below.rows(steps(most, 2), lambda value: f"{value:,.0f}")
        zero = [0.0] * len(samples.at)
        below.band(samples.at, zero, [float(one) for one in samples.waiting], "#cbd2d9")
        below.frame()
        canvas.text((_RIGHT, top + 200), "tasks that wait", size=11, color=QUIET, anchor="rs")
    canvas.save(path)


def shares(path: Path, run: Outcome) -> None:
    """Each production's share over time (area) and what it was due (line)."""
    samples = run.measures.samples
    names = sorted(run.productions, key=lambda name: -sum(samples.has[name]))[:_SEEN]
    columns = 10 if len(names) > 40 else 5
    wide, high = (WIDTH - 24) / columns, 84
    canvas = Canvas(WIDTH, 56 + high * max(1, ceil(len(names) / columns)))
    canvas.text((16, 12), f"Share of the farm, {name_of(run)}", size=16)
    told = "area: what it had; line: what it was due; each on a scale of its own, its top is told"
    canvas.text((16, 34), told, size=11, color=QUIET)
    for at, name in enumerate(names):
        left, top = 12 + wide * (at % columns), 56 + high * (at // columns)
        most = max(*samples.has[name], *samples.due[name], 1e-6)
        panel = Panel(
            canvas, left + 4, top + 18, left + wide - 6, top + high - 10, run.played_seconds, most
        )
        canvas.text((left + 4, top + 3), name, size=10)
        canvas.text((left + wide - 6, top + 3), percent(most), size=10, color=QUIET, anchor="ra")
        zero = [0.0] * len(samples.at)
        panel.band(samples.at, zero, samples.has[name], paler(COLORS[0], 0.45))
        panel.curve(samples.at, samples.due[name], COLORS[1], 1.2)
        canvas.line([(panel.left, panel.bottom), (panel.right, panel.bottom)], "#cbd2d9", 1)
    canvas.save(path)


def waits(path: Path, runs: Sequence[Outcome]) -> None:
    """How long tasks waited, per production: half of them (bar), 95 of 100 (pale bar), the last."""
    canvas = Canvas(WIDTH, 300 * len(runs) + 10)
    most = max(60.0, *(run.waits().most for run in runs))
    for number, run in enumerate(runs):
        color, top = COLORS[number % len(COLORS)], 300 * number + 44
        found = sorted((run.waits(name) for name in run.productions), key=lambda one: one.p95)
        panel = Panel(
            canvas, _LEFT, top, _RIGHT, top + 220, max(1, len(found)), most, y_least=1.0, y_log=True
        )
        told = "bar: half waited less; pale: 95 of 100; dot: the longest; a column per production"
        panel.title(f"Task waits, {name_of(run)}", told)
        panel.span_rows()
        step = (panel.right - panel.left) / max(1, len(found))
        for at, one in enumerate(found):
            x, width = panel.left + step * at, step * 0.7
            canvas.bar(x, panel.y(one.p95), x + width, panel.bottom, paler(color, 0.6))
            canvas.bar(x, panel.y(one.p50), x + width, panel.bottom, color)
            canvas.dot((x + width / 2, panel.y(one.most)), 2.2, INK)
        panel.frame()
    canvas.save(path)


def stranded(path: Path, runs: Sequence[Outcome]) -> None:
    """What was free and of no use to anything that waited."""
    canvas = Canvas(WIDTH, 520)
    for row, what in enumerate(("memory", "cores")):
        top = 250 * row + 48
        columns = [getattr(run.measures.samples, f"stranded_{what}") for run in runs]
        most = max((max(one, default=0.0) for one in columns), default=0.0) or 0.01
        panel = Panel(canvas, _LEFT, top, _RIGHT, top + 170, runs[0].played_seconds, most * 1.05)
        other = "the cores are" if what == "memory" else "the memory is"
        panel.title(f"Stranded {what}", f"free where nothing that waits fits: {other} full there")
        panel.hours(runs[0].scenario.start_seconds)
        panel.rows(steps(most), percent)
        for number, (run, values) in enumerate(zip(runs, columns, strict=True)):
            panel.curve(run.measures.samples.at, values, COLORS[number % len(COLORS)], 1.6)
        panel.frame()
        _legend(canvas, [name_of(run) for run in runs], top - 20)
    canvas.save(path)


def fairness(path: Path, runs: Sequence[Outcome]) -> None:
    """The part of the booked farm that somebody had who was not due it."""
    canvas = Canvas(WIDTH, 270)
    most = max(max(run.measures.samples.unfair, default=0.0) for run in runs) or 0.01
    panel = Panel(canvas, _LEFT, 48, _RIGHT, 218, runs[0].played_seconds, most * 1.05)
    panel.title("In the wrong hands", "part of what is booked")
    panel.hours(runs[0].scenario.start_seconds)
    panel.rows(steps(most), percent)
    for number, run in enumerate(runs):
        samples = run.measures.samples
        panel.curve(samples.at, samples.unfair, COLORS[number % len(COLORS)], 1.6)
    panel.frame()
    _legend(canvas, [name_of(run) for run in runs], 28)
    canvas.save(path)


def _legend(canvas: Canvas, names: Sequence[str], y: float) -> None:
    x = float(_RIGHT)
    for number, name in reversed(list(enumerate(names))):
        x -= canvas.text_width(name, 11) + 30
        canvas.bar(x, y + 4, x + 14, y + 8, COLORS[number % len(COLORS)])
        canvas.text((x + 19, y), name, size=11)
