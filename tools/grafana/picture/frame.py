"""A panel's frame: its place on the sheet, its title, its colours; and what all kinds need."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from farm.sim.charts.canvas import Canvas
from tools.grafana.asking import Window
from tools.grafana.palette import SERIES
from tools.grafana.prometheus import Answer, Series
from tools.grafana.reading import Query, Shown

BACK, PANEL, EDGE = "#111217", "#181b1f", "#2c3235"
INK, QUIET, GRID = "#e4e7eb", "#9fa7b3", "#2c3036"
COLUMN, LINE, GAP = 80, 38, 8  #: pixels of the grid, and between panels


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle of the sheet, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def wide(self) -> float:
        """Its width."""
        return self.right - self.left

    @property
    def high(self) -> float:
        """Its height."""
        return self.bottom - self.top

    def inside(self, left: float, top: float, right: float, bottom: float) -> "Box":
        """What is left when so much is taken from each side."""
        return Box(
            left=self.left + left,
            top=self.top + top,
            right=self.right - right,
            bottom=self.bottom - bottom,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A series with the name and the colour that the panel gives it."""

    name: str
    color: str
    series: Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that is needed to draw one panel."""

    canvas: Canvas
    panel: Shown
    answers: Sequence[tuple[Query, Answer]]
    window: Window
    box: Box  #: below the title

    @property
    def unit(self) -> str:
        """Of its values."""
        return str(self.panel.defaults.get("unit", ""))

    @property
    def decimals(self) -> int | None:
        """That its values are written with."""
        found = self.panel.defaults.get("decimals")
        return None if found is None else int(found)

    @property
    def nothing(self) -> str:
        """Said where there is no value."""
        return str(self.panel.defaults.get("noValue", "No data"))

    def step_color(self, value: float) -> str:
        """The colour of `value` by the panel's thresholds."""
        return color_at(self.panel.defaults.get("thresholds", {}).get("steps", []), value)

    def named(self) -> list[Named]:
        """Its series in the order that they were told."""
        found: list[Named] = []
        for query, answer in self.answers:
            for one in answer.series:
                name = name_of(query.legend, one.labels)
                told = self.panel.set_for(name).get("color", {}).get("fixedColor")
                color = told or SERIES[len(found) % len(SERIES)]
                found.append(Named(name=name, color=color, series=one))
        return found

    def say_nothing(self) -> None:
        """Say that there is no value."""
        middle = ((self.box.left + self.box.right) / 2, (self.box.top + self.box.bottom) / 2)
        self.canvas.text(middle, self.nothing, size=16, color=QUIET, anchor="mm")


def color_at(steps: Sequence[Mapping[str, Any]], value: float) -> str:
    """The colour of the last step that `value` reaches."""
    color = INK
    for step in steps:
        if step["value"] is None or value >= step["value"]:
            color = step["color"]
    return color


def name_of(legend: str, labels: Mapping[str, str]) -> str:
    """The name of a series, as its legend has it."""
    if legend in {"", "__auto"}:
        return ", ".join(value for key, value in labels.items() if key != "__name__")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), legend)


def ink_on(color: str) -> str:
    """Black or white, whichever is read better on `color`."""
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return "#111217" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#ffffff"


def cut(canvas: Canvas, words: str, width: float, size: int) -> str:
    """`words`, shortened to so many pixels."""
    if canvas.text_width(words, size) <= width:
        return words
    while words and canvas.text_width(words + "…", size) > width:
        words = words[:-1]
    return words + "…"
