"""How well ends were foretold: promised against held, error over progress, told against true."""

from collections.abc import Sequence
from math import log
from pathlib import Path
from statistics import NormalDist

from farm.policy.forecast import CONFIDENCE
from farm.sim.calibration import MARKS, Told
from farm.sim.charts.canvas import COLORS, INK, QUIET, Canvas, paler
from farm.sim.charts.panel import Panel, percent
from farm.sim.outcome import Outcome, part_of
from farm.sim.scenario import DAY

WIDTH = 1240
_LEVELS = tuple(number / 20 for number in range(1, 20))
_TOP, _BOTTOM = 62, 352
_DOTS = 4000
_ERRORS = (1 / 4, 1 / 2, 1.0, 2.0, 4.0)


def forecasts(path: Path, run: Outcome) -> None:
    """Three panels: the spans, the middles, and each forecast by itself."""
    canvas = Canvas(WIDTH, 400)
    known = [one for one in run.told if one.forecast.eta_seconds]
    _held(canvas, known)
    _off(canvas, known)
    _each(canvas, known, run.played_seconds)
    for number, mark in enumerate(MARKS):
        x = 62 + 96 * number
        canvas.bar(x, 20, x + 14, 24, COLORS[number])
        canvas.text((x + 19, 16), f"at {mark:.0%} done", size=11)
    canvas.save(path)


def _held(canvas: Canvas, known: Sequence[Told]) -> None:
    """Spans of every width: how often each should hold, and did."""
    panel = Panel(canvas, 62, _TOP, 362, _BOTTOM, 1.0, 1.0)
    panel.title("Promised and held", "across promised, upright held")
    panel.rows((0, 0.2, 0.4, 0.6, 0.8, 1), percent)
    canvas.line([(panel.left, panel.bottom), (panel.right, panel.top)], QUIET, 1)
    canvas.line([(panel.x(CONFIDENCE), panel.bottom), (panel.x(CONFIDENCE), panel.top)], QUIET, 1)
    for number, mark in enumerate(MARKS):
        off = [abs(_deviations(one)) for one in known if one.mark == mark]
        if off:
            held = [_part_below(off, NormalDist().inv_cdf((1 + one) / 2)) for one in _LEVELS]
            panel.curve([0.0, *_LEVELS], [0.0, *held], COLORS[number], 2)
    for one in (0.2, 0.4, 0.6, 0.8):
        canvas.text((panel.x(one), panel.bottom + 6), percent(one), size=11, anchor="ma")
    panel.frame()


def _off(canvas: Canvas, known: Sequence[Told]) -> None:
    """What came over what was told, as the job goes on: half of all and 80 % of all."""
    panel = Panel(
        canvas,
        450,
        _TOP,
        740,
        _BOTTOM,
        1.0,
        _ERRORS[-1],
        y_least=_ERRORS[0],
        y_log=True,
    )
    panel.title("Error over progress", "true over told; dark: half, pale: 80 %")
    panel.rows(_ERRORS, _times)
    parts: list[list[float]] = []
    for mark in MARKS:
        over = sorted(
            one.truth_seconds / (one.forecast.eta_seconds or 1.0)
            for one in known
            if one.mark == mark
        )
        shown = [part_of(over, part) or 1.0 for part in (0.1, 0.25, 0.5, 0.75, 0.9)]
        parts.append([min(_ERRORS[-1], max(_ERRORS[0], one)) for one in shown])
    for low, high, strength in ((0, 4, 0.75), (1, 3, 0.45)):
        columns = [one[low] for one in parts], [one[high] for one in parts]
        panel.band(MARKS, *columns, paler(COLORS[0], strength))
    panel.curve((0.0, 1.0), (1.0, 1.0), QUIET, 1)
    panel.curve(MARKS, [one[2] for one in parts], INK, 2)
    for mark in MARKS:
        canvas.text((panel.x(mark), panel.bottom + 6), percent(mark), size=11, anchor="ma")
        told = f"{sum(one.mark == mark for one in known):,}"
        canvas.text((panel.x(mark), panel.bottom + 22), told, size=10, color=QUIET, anchor="ma")
    panel.frame()


def _each(canvas: Canvas, known: Sequence[Told], played_seconds: float) -> None:
    most = max(DAY, played_seconds)
    panel = Panel(
        canvas,
        840,
        _TOP,
        WIDTH - 24,
        _BOTTOM,
        most,
        most,
        x_least=1,
        y_least=1,
        x_log=True,
        y_log=True,
    )
    panel.title("Told and true", "time left: across told, upright true")
    panel.span_rows()
    panel.span_columns()
    canvas.line([(panel.left, panel.bottom), (panel.right, panel.top)], QUIET, 1)
    for each in known[:: max(1, len(known) // _DOTS)]:
        told = min(most, each.forecast.eta_seconds or 1.0)
        place = (panel.x(max(1.0, told)), panel.y(max(1.0, each.truth_seconds)))
        canvas.dot(place, 1.3, COLORS[MARKS.index(each.mark)])
    panel.frame()


def _deviations(one: Told) -> float:
    """By how many of its standard deviations the end was off, in the law that was told."""
    early, late = one.forecast.eta_early_seconds or 1.0, one.forecast.eta_late_seconds or 1.0
    told = log(late / early) / 2 / NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    return log(max(1e-9, one.truth_seconds) / (one.forecast.eta_seconds or 1.0)) / max(1e-9, told)


def _part_below(values: Sequence[float], most: float) -> float:
    return sum(one <= most for one in values) / len(values)


def _times(value: float) -> str:
    if value == 1:
        return "as told"
    return f"{value:g} times" if value >= 1 else f"1/{1 / value:g}"
