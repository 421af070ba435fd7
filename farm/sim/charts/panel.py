"""A part of a sheet with axes: it turns values into places, and draws what tells their scale."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from farm.model.sizes import format_span
from farm.sim.charts.canvas import GRID, INK, QUIET, Canvas, Point
from farm.sim.scenario import DAY, HOUR

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SPANS = (1.0, 10.0, 60.0, 600.0, 3600.0, 6 * HOUR, DAY, 7 * DAY)


@dataclass(slots=True)
class Panel:
    """Where values lie on `canvas`."""

    canvas: Canvas
    left: float
    top: float
    right: float
    bottom: float
    x_most: float
    y_most: float
    x_least: float = 0.0
    y_least: float = 0.0
    x_log: bool = False
    y_log: bool = False

    def x(self, value: float) -> float:
        part = _part(value, self.x_least, self.x_most, log=self.x_log)
        return self.left + part * (self.right - self.left)

    def y(self, value: float) -> float:
        part = _part(value, self.y_least, self.y_most, log=self.y_log)
        return self.bottom - part * (self.bottom - self.top)

    def points(self, xs: Sequence[float], ys: Sequence[float]) -> list[Point]:
        return [(self.x(x), self.y(y)) for x, y in zip(xs, ys, strict=True)]

    def curve(self, xs: Sequence[float], ys: Sequence[float], color: str, width: float) -> None:
        """A line through the values."""
        self.canvas.line(self.points(xs, ys), color, width)

    def band(
        self, xs: Sequence[float], low: Sequence[float], high: Sequence[float], color: str
    ) -> None:
        """All that lies between two curves."""
        self.canvas.area(self.points(xs, high) + self.points(xs, low)[::-1], color)

    def title(self, words: str, told: str = "") -> None:
        """What it shows, above it."""
        self.canvas.text((self.left, self.top - 9), words, size=14, anchor="ls")
        if told:
            x = self.left + self.canvas.text_width(words, 14) + 12
            self.canvas.text((x, self.top - 9), told, size=11, color=QUIET, anchor="ls")

    def rows(self, values: Sequence[float], tell: Callable[[float], str]) -> None:
        """Lines across, each with its value."""
        for value in values:
            if self.y_least <= value <= self.y_most * 1.0001:
                y = self.y(value)
                self.canvas.line([(self.left, y), (self.right, y)], GRID, 1)
                self.canvas.text((self.left - 7, y), tell(value), size=11, color=QUIET, anchor="rm")

    def span_rows(self) -> None:
        """Lines across for times, on a scale of powers."""
        self.rows(_SPANS, short_span)

    def span_columns(self) -> None:
        """The same, upright."""
        for value in _SPANS:
            if self.x_least <= value <= self.x_most:
                self._column(self.x(value), short_span(value))

    def hours(self, start_seconds: float) -> None:
        """Lines for the hours of the week, so few that their names have room."""
        span = self.x_most - self.x_least
        steps = (HOUR / 12, HOUR / 4, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 7 * DAY)
        step = next((one for one in steps if span / one <= 12), 7 * DAY)
        for number in range(ceil(start_seconds / step), floor((start_seconds + span) / step) + 1):
            at = number * step
            clock = f"{int(at // HOUR) % 24:02d}:{int(at // 60) % 60:02d}"
            day = _DAYS[int(at // DAY) % 7]
            words = day if step >= DAY else f"{day} {clock}" if clock == "00:00" else clock
            self._column(self.x(at - start_seconds), words)

    def frame(self) -> None:
        """The line that it stands on."""
        self.canvas.line([(self.left, self.bottom), (self.right, self.bottom)], INK, 1)

    def _column(self, x: float, words: str) -> None:
        self.canvas.line([(x, self.top), (x, self.bottom)], GRID, 1)
        self.canvas.text((x, self.bottom + 6), words, size=11, color=QUIET, anchor="ma")


def percent(value: float) -> str:
    return f"{100 * value:.3g} %"


def short_span(seconds: float) -> str:
    """1 s, 10 min, 6 h."""
    return (
        format_span(seconds)
        .replace(" 00 min", "")
        .replace(" 00 s", "")
        .replace(".0", "")
        .replace(" 00 h", "")
    )


def steps(most: float, count: int = 4) -> list[float]:
    """Round values from 0 to `most`, about `count` of them."""
    if most <= 0:
        return [0.0]
    raw = most / count
    power = 10 ** floor(log10(raw))
    step = next(one * power for one in (1, 2, 2.5, 5, 10) if one * power >= raw)
    return [step * at for at in range(floor(most / step + 1e-9) + 1)]


def _part(value: float, least: float, most: float, *, log: bool) -> float:
    if log:
        value, least, most = (log10(max(one, 1e-9)) for one in (max(value, least), least, most))
    return min(1.0, max(0.0, (value - least) / (most - least))) if most > least else 0.0
