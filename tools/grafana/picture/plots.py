"""Lines and stacked areas over time, and heat maps."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil, floor, log10

from tools.grafana.parts import AIM
from tools.grafana.picture.frame import GRID, INK, QUIET, Box, Named, Scene, cut
from tools.grafana.picture.units import written

Points = list[tuple[float, float]]
_LEGEND = 12
#: From dark to bright, after Cividis: even in lightness, for colour-blind eyes too.
_HEAT = ("#00224e", "#35456c", "#666970", "#948e77", "#c8b866", "#fee838")


def lines(scene: Scene) -> None:
    """Draw lines, or areas one on the other."""
    found = scene.named()
    if not [one for one in found if one.name != AIM]:
        scene.say_nothing()
        return
    box = _with_legend(scene, found)
    custom = scene.panel.defaults.get("custom", {})
    stacked = custom.get("stacking", {}).get("mode") == "normal"
    areas = [one for one in found if stacked and one.name != AIM]
    tops = _stacked(areas)
    highest = max(
        [value for top in tops for _, value in top]
        + [value for one in found if one not in areas for _, value in one.series.points]
    )
    low = scene.panel.defaults.get("min", 0.0)
    high = scene.panel.defaults.get("max") or _round_up(highest, scene.unit)
    plot = _Plot(scene, box, low, high)
    plot.axes()
    below: Points = [(at, low) for at, _ in tops[0]] if tops else []
    for one, top in zip(areas, tops, strict=True):
        plot.area(below, top, one.color)
        below = top
    for one in found:
        if one not in areas:
            for stretch in _unbroken(list(one.series.points)):
                plot.curve(stretch, one.color, dashed=one.name == AIM)


class _Plot:
    """Axes, and what is drawn between them."""

    def __init__(self, scene: Scene, box: Box, low: float, high: float) -> None:
        self.scene, self.low, self.high = scene, low, high if high > low else low + 1
        self.box = box.inside(58, 4, 8, 22)

    def at(self, point: tuple[float, float]) -> tuple[float, float]:
        """Where a point lies on the sheet."""
        window = self.scene.window
        across = (point[0] - window.since) / window.length
        up = (min(point[1], self.high) - self.low) / (self.high - self.low)
        return self.box.left + across * self.box.wide, self.box.bottom - up * self.box.high

    def axes(self) -> None:
        """Grid, values at the left, times below."""
        canvas, box = self.scene.canvas, self.box
        for number in range(5):
            value = self.low + (self.high - self.low) * number / 4
            y = self.at((self.scene.window.since, value))[1]
            canvas.line([(box.left, y), (box.right, y)], GRID, 1)
            told = written(value, self.scene.unit)
            canvas.text((box.left - 6, y), told, size=12, color=QUIET, anchor="rm")
        times(self.scene, box)

    def area(self, below: Points, top: Points, color: str) -> None:
        """What lies between two lines."""
        if top:
            around = [self.at(one) for one in top] + [self.at(one) for one in reversed(below)]
            self.scene.canvas.area(around, color)

    def curve(self, points: Points, color: str, *, dashed: bool) -> None:
        """A line through `points`."""
        placed = [self.at(one) for one in points]
        if not dashed:
            self.scene.canvas.line(placed, color, 2)
            return
        (left, y), right = placed[0], placed[-1][0]
        while left < right:
            self.scene.canvas.line([(left, y), (min(left + 10, right), y)], color, 2)
            left += 20


def times(scene: Scene, box: Box) -> None:
    """Times of day below `box`."""
    window = scene.window
    step = next((h for h in (1, 2, 4, 6, 12, 24) if window.length / h / 3600 <= box.wide / 75), 24)
    at = ceil(window.since / (step * 3600)) * step * 3600
    while at <= window.until:
        x = box.left + (at - window.since) / window.length * box.wide
        told = datetime.fromtimestamp(at, UTC)
        words = told.strftime("%a" if step == 24 else "%H:%M")
        scene.canvas.text((x, box.bottom + 5), words, size=12, color=QUIET, anchor="ma")
        at += step * 3600


def _stacked(areas: Sequence[Named]) -> list[Points]:
    """The upper edge of each area, at all instants that any of them has."""
    instants = sorted({at for one in areas for at, _ in one.series.points})
    sums = dict.fromkeys(instants, 0.0)
    tops = []
    for one in areas:
        for at, value in one.series.points:
            sums[at] += value
        tops.append([(at, sums[at]) for at in instants])
    return tops


def _unbroken(points: Points) -> list[Points]:
    """`points` cut where some are missing."""
    steps = sorted(b[0] - a[0] for a, b in pairwise(points))
    usual = steps[len(steps) // 4] if steps else 0.0
    parts: list[Points] = [points[:1]]
    for before, after in pairwise(points):
        if after[0] - before[0] > usual * 1.5:
            parts.append([])
        parts[-1].append(after)
    return parts


def _round_up(value: float, unit: str) -> float:
    """The next number whose quarters are round too."""
    if value <= 0:
        return 1.0
    scale = 1.0
    if unit == "s":
        scale = 3600.0 if value > 4 * 3600 else 60.0 if value > 240 else 1.0
    elif unit == "bytes":
        scale = 1024.0 ** floor(log10(value) / log10(1024))
    size: float = scale * 10.0 ** floor(log10(value / scale))
    return next(size * part for part in (1, 2, 4, 6, 8, 10, 20) if size * part >= value * 0.999)


def _with_legend(scene: Scene, found: Sequence[Named]) -> Box:
    """Draw the legend; what is left for the plot."""
    legend = scene.panel.raw["options"]["legend"]
    calcs = legend["calcs"]
    box, canvas = scene.box, scene.canvas
    if not calcs:
        x = box.left + 4
        for one in found:
            canvas.bar(x, box.bottom - 11, x + 14, box.bottom - 7, one.color)
            canvas.text((x + 19, box.bottom - 16), one.name, size=_LEGEND, color=INK)
            x += 34 + canvas.text_width(one.name, _LEGEND)
        return box.inside(0, 0, 0, 22)
    width = min(110 + 82 * len(calcs), box.wide * 0.45)
    left, y = box.right - width, box.top + 2
    titles = {"mean": "Mean", "max": "Max", "min": "Min", "lastNotNull": "Last"}
    for number, calc in enumerate(calcs):
        x = box.right - 4 - 78 * (len(calcs) - 1 - number)
        canvas.text((x, y), titles[calc], size=_LEGEND, color=QUIET, anchor="ra")
    for one in found[: int((box.high - 20) / 19)]:
        y += 19
        canvas.bar(left, y + 5, left + 14, y + 9, one.color)
        room = width - 24 - 78 * len(calcs)
        canvas.text((left + 19, y), cut(canvas, one.name, room, _LEGEND), size=_LEGEND, color=INK)
        for number, calc in enumerate(calcs):
            x = box.right - 4 - 78 * (len(calcs) - 1 - number)
            told = written(_reduced(one, calc), scene.unit)
            canvas.text((x, y), told, size=_LEGEND, color=INK, anchor="ra")
    return box.inside(0, 0, width + 10, 0)


def _reduced(one: Named, calc: str) -> float:
    values = [value for _, value in one.series.points]
    return {
        "mean": sum(values) / len(values),
        "max": max(values),
        "min": min(values),
        "lastNotNull": values[-1],
    }[calc]


def heat(scene: Scene) -> None:
    """Cells: how many between two bounds in a stretch of time."""
    buckets = sorted(
        (float(one.labels["le"]), dict(one.points))
        for _, answer in scene.answers
        for one in answer.series
    )
    if not buckets:
        scene.say_nothing()
        return
    box = scene.box.inside(66, 4, 8, 22)
    instants = sorted({at for _, points in buckets for at in points})
    most, cells = 0.0, []
    for row, (_, points) in enumerate(buckets):
        below = buckets[row - 1][1] if row else {}
        for at in instants:
            count = points.get(at, 0.0) - below.get(at, 0.0)
            most = max(most, count)
            cells.append((row, at, count))
    wide, high = box.wide / len(instants), box.high / len(buckets)
    order = {at: number for number, at in enumerate(instants)}
    for row, at, count in cells:
        if count > 0.05:
            left, bottom = box.left + order[at] * wide, box.bottom - row * high
            color = _HEAT[min(len(_HEAT) - 1, int((count / most) ** 0.5 * len(_HEAT)))]
            scene.canvas.bar(left, bottom - high, left + wide - 0.6, bottom - 0.6, color)
    for row, (bound, _) in enumerate(buckets):
        told = "more" if bound == float("inf") else written(bound, scene.unit)
        y = box.bottom - (row + 1) * high
        scene.canvas.text((box.left - 6, y), told, size=12, color=QUIET, anchor="rm")
    times(scene, box)
