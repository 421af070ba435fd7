"""The screen of `farm top`, from one look at the farm to lines of text: no clock, no I/O."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from farm.cli.output import roughly
from farm.cli.top.seen import Look, Window
from farm.model.metrics import SERVER_STATES
from farm.model.utilization import TARGET_RATIO, under_demand, utilization, whole

STYLES: Mapping[str, str] = {
    "busy": "green",
    "starved": "magenta",
    "idle": "bright_black",
    "draining": "yellow",
    "offline": "red",
}
_HEIGHTS = " ▁▂▃▄▅▆▇█"
_AWAY = {"draining": "▒", "offline": "x"}
_BAR = 40  #: characters at most
_LATE = 10.0  #: seconds since the last plan, from which on it is worth a warning


def screen(look: Look, window: Window, *, width: int, height: int) -> Group:
    """All of it, cut to `height` lines of `width` characters."""
    usage = look.usage
    parts: list[tuple[RenderableType, int]] = [
        (_head(usage, window, width), 5),
        (_pools(usage, window, width), 1 + len(usage["pools"])),
        (Text(), 1),
    ]
    left = height - sum(lines for _, lines in parts)
    chart = list(_node_map(look.nodes, width, most_lines=max(1, left // 3)))
    parts += [(line, 1) for line in chart]
    left -= len(chart)
    productions = usage["productions"][: max(1, left // 2 - 2)]
    parts.append((_productions(productions), 2 + len(productions)))
    parts.append((Text(), 1))
    left -= 3 + len(productions)
    if left > 2:
        parts.append((_longest(look.longest[: left - 2]), 0))
    return Group(*(part for part, _ in parts))


def _head(usage: dict[str, Any], window: Window, width: int) -> Text:
    farm = usage["farm"]
    cores, nodes = whole(farm["cores"]), whole(farm["nodes"])
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append("karst", style="bold")
    text.append(f"  {nodes:,.0f} nodes, {cores:,.10g} cores, ")
    text.append_text(_planned(usage))
    text.append("\n")
    text.append_text(bar(farm["cores"], min(width, 2 * _BAR)))
    text.append("\n")
    for state in SERVER_STATES:
        share = farm["cores"][state] / cores if cores else 0.0
        text.append(f"{state} {share:.1%}   ", style=STYLES[state])
    text.append("\n")
    late = window.of_late()
    for words, split in (("last minute", late), ("ever", farm["core_seconds"])):
        text.append(f"{words} ")
        text.append_text(_percent(utilization(split)))
        text.append(f" busy ({_plain(under_demand(split))} while work waits)   ")
    text.append(f"target {TARGET_RATIO:.0%}\n")
    return text


def _planned(usage: dict[str, Any]) -> Text:
    if usage["planned_at"] is None:
        return Text("no scheduler has planned yet", style="bold red")
    ago = max(0.0, usage["at"] - usage["planned_at"])
    return Text(f"planned {roughly(ago)} ago", style="bold red" if ago > _LATE else "")


def _percent(share: float | None) -> Text:
    good = share is not None and share >= TARGET_RATIO
    return Text(_plain(share), style="bold green" if good else "bold yellow")


def _plain(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def bar(split: Mapping[str, float], width: int) -> Text:
    """`width` characters, shared by the states as their amounts are; the largest rests go up."""
    every = whole(split)
    if not every:
        return Text("·" * width, style="dim")
    exact = {state: split[state] / every * width for state in SERVER_STATES}
    cells = {state: int(amount) for state, amount in exact.items()}
    rests = sorted(SERVER_STATES, key=lambda state: cells[state] - exact[state])
    for state in rests[: width - sum(cells.values())]:
        cells[state] += 1
    text = Text()
    for state in SERVER_STATES:
        text.append("█" * cells[state], style=STYLES[state])
    return text


def _pools(usage: dict[str, Any], window: Window, width: int) -> Table:
    table = _table("POOL", "NODES", "CORES", "NOW", "BUSY", "STARVED", "READY", "WAITS FOR", "FOR")
    for pool in usage["pools"]:
        cores = whole(pool["cores"])
        late = window.of_late(pool["pool"])
        busy = utilization(late) if late else utilization(pool["cores"])
        starved = pool["cores"]["starved"] / cores if cores else 0.0
        table.add_row(
            pool["pool"] or "-",
            f"{whole(pool['nodes']):,.0f}",
            f"{cores:,.10g}",
            bar(pool["cores"], min(_BAR, max(6, width - 90))),
            _percent(busy),
            Text(f"{starved:.1%}", style=STYLES["starved"] if starved > 0.01 else "dim"),
            f"{pool['tasks'].get('ready', 0):,}",
            _reasons(pool["waiting"]),
            "-" if pool["oldest_ready_seconds"] is None else roughly(pool["oldest_ready_seconds"]),
        )
    return _pinned(table, "WAITS FOR", width)


def _reasons(waiting: Mapping[str, int]) -> str:
    ranked = sorted(waiting.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{why} {count:,}" for why, count in ranked[:2]) or "-"


def _node_map(nodes: Sequence[dict[str, Any]], width: int, *, most_lines: int) -> Iterator[Text]:
    """A character for each node: its height is its busy part, its colour what the rest does."""
    room = width * most_lines
    ranked = sorted(nodes, key=lambda node: (node["pool"], node["node"]))
    shown = ranked if len(ranked) <= room else ranked[: room - 1]
    for first in range(0, len(shown), width):
        line = Text(no_wrap=True)
        for node in shown[first : first + width]:
            mark, style = _cell(node)
            line.append(mark, style=style)
        yield line
    if len(shown) < len(ranked):
        yield Text(f"and {len(ranked) - len(shown):,} more nodes", style="dim")
    yield Text()


def _cell(node: dict[str, Any]) -> tuple[str, str]:
    split, cores = node["by_state"], node["cores"] or 1
    worst = max(SERVER_STATES, key=lambda state: split[state])
    busy = split["busy"] / cores
    if not split["busy"] and worst in _AWAY:
        return _AWAY[worst], STYLES[worst]
    rest = max(SERVER_STATES[1:], key=lambda state: split[state])
    style = STYLES["busy"] if busy >= 1 - 1e-9 or rest == "idle" else STYLES[rest]
    return (_HEIGHTS[max(1, round(busy * 8))] if busy else "·"), style


def _productions(productions: Sequence[dict[str, Any]]) -> Table:
    table = _table("PRODUCTION", "CORES", "DUE", "RUNNING", "READY", "DONE", "FAILED", "WASTE")
    for one in productions:
        tasks, spent = one["tasks"], one["spent_core_seconds"]
        every = sum(spent.values())
        lost = 1 - spent["succeeded"] / every if every else 0.0
        due = one["due_cores"]
        table.add_row(
            one["production"],
            f"{one['booked_cores']:,.10g}",
            "-" if due is None else f"{due:,.1f}",
            *(f"{tasks[state]:,}" for state in ("running", "ready", "succeeded")),
            Text(f"{tasks['failed']:,}", style="red" if tasks["failed"] else "dim"),
            Text(f"{lost:.1%}", style="yellow" if lost > 0.1 else ""),
        )
    return table


def _longest(found: Sequence[dict[str, Any]]) -> Table:
    table = _table("LONGEST", "JOB", "FRAME", "PRODUCTION", "NODE", "TRY")
    for one in found:
        frames = f"{one['frame']}" + (f" +{one['frames'] - 1}" if one["frames"] > 1 else "")
        table.add_row(
            roughly(one["seconds"]),
            f"{one['job']} {one['layer']}",
            frames,
            one["production"],
            one["node"],
            f"{one['attempt']}",
        )
    return table


def _pinned(table: Table, loose: str, width: int) -> Table:
    """Where `width` is too little only the column `loose` gives way."""
    room = width
    for column in table.columns:
        if column.header != loose:
            cells = [cell if isinstance(cell, Text) else Text(str(cell)) for cell in column.cells]
            column.width = max(len(str(column.header)), *(cell.cell_len for cell in cells))
            room -= column.width + 2
    for column in table.columns:
        if column.header == loose:
            column.max_width = max(len(loose), room)
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", expand=False)
    words = {"POOL", "NOW", "WAITS FOR", "PRODUCTION", "JOB", "NODE"}
    for column in columns:
        table.add_column(
            column,
            justify="left" if column in words else "right",
            no_wrap=True,
            overflow="ellipsis",
        )
    return table
