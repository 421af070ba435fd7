"""Large numbers, bars and tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from tools.grafana.picture.frame import GRID, INK, QUIET, Box, Scene, color_at, cut, ink_on
from tools.grafana.picture.units import written

_ROW = 24


def stat(scene: Scene) -> None:
    """One large number for each query, on the colour of its threshold."""
    box, count = scene.box, len(scene.answers)
    several = count > 1
    for number, (query, answer) in enumerate(scene.answers):
        wide = box.wide / count
        part = Box(
            left=box.left + number * wide + (2 if number else 0),
            top=box.top,
            right=box.left + (number + 1) * wide,
            bottom=box.bottom,
        )
        value = answer.series[0].last if answer.series else None
        told = scene.nothing if value is None else written(value, scene.unit, scene.decimals)
        color = GRID if value is None else scene.step_color(value)
        scene.canvas.bar(part.left, part.top, part.right, part.bottom, color)
        size = int(part.high * (0.5 if several else 0.66))
        while size > 12 and scene.canvas.text_width(told, size) > part.wide - 14:
            size -= 2
        middle = (part.left + part.right) / 2
        at = part.top + part.high * (0.36 if several else 0.5)
        scene.canvas.text((middle, at), told, size=size, color=ink_on(color), anchor="mm")
        if several:
            name = (middle, part.top + part.high * 0.82)
            scene.canvas.text(name, query.legend, size=18, color=ink_on(color), anchor="mm")


def bars(scene: Scene) -> None:
    """A bar for each series, in the order that they were told."""
    found = scene.named()
    if not found:
        scene.say_nothing()
        return
    box, canvas = scene.box.inside(4, 2, 8, 2), scene.canvas
    high = min(box.high / len(found), 44)
    size = max(11, min(18, int(high * 0.5)))
    texts = [written(one.series.last or 0.0, scene.unit, scene.decimals) for one in found]
    names = min(box.wide * 0.35, max(canvas.text_width(one.name, size) for one in found) + 10)
    values = max(canvas.text_width(text, size) for text in texts) + 10
    most = scene.panel.defaults.get("max") or max(abs(one.series.last or 0) for one in found) or 1
    left, right = box.left + names, box.right - values
    for number, (one, text) in enumerate(zip(found, texts, strict=True)):
        top, value = box.top + number * high, one.series.last or 0.0
        color = one.color if one.name in _fixed(scene) else scene.step_color(value)
        middle = top + high / 2
        name = cut(canvas, one.name, names - 8, size)
        canvas.text((left - 8, middle), name, size=size, color=INK, anchor="rm")
        canvas.bar(left, top + 3, right, top + high - 3, GRID)
        canvas.bar(
            left, top + 3, left + (right - left) * min(1, abs(value) / most), top + high - 3, color
        )
        canvas.text((box.right, middle), text, size=size, color=INK, anchor="rm")


def _fixed(scene: Scene) -> set[str]:
    overrides = scene.panel.raw["fieldConfig"]["overrides"]
    return {one["matcher"]["options"] for one in overrides}


def table(scene: Scene) -> None:
    """A row for each value of the label that the queries share."""
    columns = _columns(scene.panel.raw)
    rows = _rows(scene, columns)
    if not rows:
        scene.say_nothing()
        return
    box, canvas = scene.box.inside(6, 0, 6, 0), scene.canvas
    wide = box.wide / len(columns)
    for number, (_, title) in enumerate(columns):
        at = (box.left + number * wide, box.top + 2)
        canvas.text(at, cut(canvas, title, wide - 6, 13), size=13, color=QUIET)
    for place, row in enumerate(rows[: int((box.high - _ROW) / _ROW)]):
        y = box.top + _ROW * (place + 1)
        canvas.line([(box.left, y), (box.right, y)], GRID, 1)
        for number, (_, title) in enumerate(columns):
            words, color = _cell(scene, title, row[number])
            at = (box.left + number * wide, y + 5)
            canvas.text(at, cut(canvas, words, wide - 6, 14), size=14, color=color)


def _columns(raw: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Field and title of each column, in order."""
    organize = next(one for one in raw["transformations"] if one["id"] == "organize")["options"]
    order = organize["indexByName"]
    return [(name, organize["renameByName"][name]) for name in sorted(order, key=order.__getitem__)]


def _rows(scene: Scene, columns: Sequence[tuple[str, str]]) -> list[list[str | float | None]]:
    by = next(
        one["options"]["byField"]
        for one in scene.panel.raw["transformations"]
        if one["id"] == "joinByField"
    )
    joined: dict[str, dict[str, str | float | None]] = {}
    for query, answer in scene.answers:
        value_name = f"Value #{query.letter}" if len(scene.answers) > 1 else "Value"
        for one in answer.series:
            row = joined.setdefault(one.labels.get(by, ""), {by: one.labels.get(by, "")})
            row.update({key: one.labels[key] for key in one.labels if key not in row})
            row[value_name] = one.last
    rows = [[row.get(name) for name, _ in columns] for row in joined.values()]
    sort = scene.panel.raw["options"]["sortBy"][0]
    at = [title for _, title in columns].index(sort["displayName"])
    down = bool(sort.get("desc"))
    rows.sort(key=lambda row: _key(row[at]) * (-1 if down else 1))
    return rows


def _key(value: str | float | None) -> float:
    return value if isinstance(value, float) else float("-inf")


def _cell(scene: Scene, title: str, value: str | float | None) -> tuple[str, str]:
    if value is None:
        return "", INK
    if isinstance(value, str):
        return value, INK
    own = scene.panel.set_for(title)
    told = written(value, own.get("unit", scene.unit), scene.decimals)
    steps = own.get("thresholds", {}).get("steps")
    return told, color_at(steps, value) if steps else INK
