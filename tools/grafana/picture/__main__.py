"""Draws boards: `python -m tools.grafana.picture URL FOLDER [--until SECONDS] [--board UID]`."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from farm.sim.charts.canvas import Canvas
from tools.grafana.asking import Asker, Window
from tools.grafana.picture import figures, plots
from tools.grafana.picture.frame import (
    BACK,
    COLUMN,
    EDGE,
    GAP,
    INK,
    LINE,
    PANEL,
    QUIET,
    Box,
    Scene,
    cut,
)
from tools.grafana.prometheus import Prometheus
from tools.grafana.reading import Sheet, Shown, sheets

_HEAD = 46  #: pixels above the grid, as Grafana has for its own
_TITLE = 28
_DRAWN = {
    "stat": figures.stat,
    "bargauge": figures.bars,
    "table": figures.table,
    "timeseries": plots.lines,
    "heatmap": plots.heat,
}


def drawn(sheet: Sheet, asker: Asker, path: Path, window: Window | None = None) -> None:
    """Write the board as PNG, 1936 pixels wide: the width of a screen."""
    window = window or asker.window(sheet)
    places = [one["gridPos"] for one in sheet.raw["panels"]]
    high = max(at["y"] + at["h"] for at in places) * LINE + _HEAD + GAP
    canvas = Canvas(24 * COLUMN + 2 * GAP, high)
    canvas.bar(0, 0, canvas.width, canvas.height, BACK)
    canvas.text((GAP * 2, 12), sheet.title, size=20, color=INK)
    short = window.length < 3600
    time_shown = (
        f"{window.length / 60:.0f} minutes" if short else f"{window.length / 3600:.0f} hours"
    )
    canvas.text(
        (canvas.width - GAP * 2, 16), f"last {time_shown}", size=14, color=QUIET, anchor="ra"
    )
    for raw in sheet.raw["panels"]:
        if raw["type"] == "row":
            at = (GAP * 2, _HEAD + raw["gridPos"]["y"] * LINE + 9)
            canvas.text(at, raw["title"], size=16, color=INK)
    for panel in sheet.panels:
        _panel(canvas, panel, asker, window)
    canvas.save(path)


def _panel(canvas: Canvas, panel: Shown, asker: Asker, window: Window) -> None:
    x, y, w, h = panel.place
    left, top = GAP + x * COLUMN, _HEAD + y * LINE
    right, bottom = left + w * COLUMN - GAP, top + h * LINE - GAP
    canvas.bar(left, top, right, bottom, EDGE)
    canvas.bar(left + 1, top + 1, right - 1, bottom - 1, PANEL)
    canvas.text(
        (left + 9, top + 6), cut(canvas, panel.title, right - left - 18, 15), size=15, color=INK
    )
    scene = Scene(
        canvas=canvas,
        panel=panel,
        answers=[(query, asker.answer(panel, query, window)) for query in panel.queries],
        window=window,
        box=Box(left=left + 6, top=top + _TITLE, right=right - 6, bottom=bottom - 6),
    )
    _DRAWN[panel.kind](scene)


def main(words: Sequence[str]) -> None:
    """Draw what is asked for."""
    parser = argparse.ArgumentParser(description="Draw the dashboards from a Prometheus.")
    parser.add_argument("url", help="of a Prometheus, as http://127.0.0.1:9090")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--until", type=float, default=time.time(), help="Unix seconds; now")
    parser.add_argument("--last", type=float, default=0.0, help="seconds; what each board shows")
    parser.add_argument("--board", action="append", default=[], help="its uid; all")
    given = parser.parse_args(words)
    given.folder.mkdir(parents=True, exist_ok=True)
    asker = Asker(prometheus=Prometheus(given.url), until=given.until, seconds=given.last)
    for sheet in sheets():
        if sheet.uid in given.board or not given.board:
            path = given.folder / f"{sheet.uid}.png"
            drawn(sheet, asker, path)
            print(path)


if __name__ == "__main__":
    main(sys.argv[1:])
