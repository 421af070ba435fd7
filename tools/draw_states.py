"""Draws docs/states.md from the tables in farm/model/states.py: `python tools/draw_states.py`.

The page and the code cannot disagree: a test compares the page with what this prints, and the
meanings are the `#:` comments of the enums themselves.
"""

import inspect
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from farm.model import states
from farm.model.states import EventT, StateT

PAGE = Path(__file__).parent.parent / "docs" / "states.md"

_MEMBER = re.compile(r'^\s+[A-Z_]+ = "(?P<value>\w+)"(?:\s+#: (?P<meaning>.+))?$', re.MULTILINE)

_INTRO = """\
# States

What a task, a job and a node can be, and the only moves between them. This page is drawn from
`farm/model/states.py` by `python tools/draw_states.py`; change the tables there.
The store's atomic steps run on the same tables: a move that is not drawn here does not exist.
"""

Table = Mapping[tuple[str, str], str]


def page() -> str:
    """The whole page, as it must stand in docs/states.md."""
    s = states
    return "\n".join(
        [
            _INTRO,
            _section("Task", s.TaskState, s.TaskEvent, _plain(s.TASK_TRANSITIONS)),
            _section("Job", s.JobState, s.JobEvent, _plain(s.JOB_TRANSITIONS)),
            _section("Node", s.NodeState, s.NodeEvent, _plain(s.NODE_TRANSITIONS)),
            f"## Outcomes of an attempt\n\n{inspect.getdoc(s.Outcome)}\n",
            _meanings("outcome", s.Outcome),
        ]
    )


def _plain(table: Mapping[tuple[StateT, EventT], StateT]) -> Table:
    """`table` with its states and events as plain text."""
    return {(str(b), str(e)): str(a) for (b, e), a in table.items()}


def _section(name: str, state: type[StrEnum], event: type[StrEnum], table: Table) -> str:
    return "\n".join(
        [
            f"## {name}\n",
            _diagram(table),
            _meanings("state", state),
            _meanings("event", event),
            _moves(state, event, table),
        ]
    )


def _diagram(table: Table) -> str:
    """One arrow per pair of states, all its events on it."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (before, event), after in table.items():
        arrows.setdefault((before, after), []).append(event)
    lines = [
        f"    {before} --> {after}: {', '.join(events)}"
        for (before, after), events in arrows.items()
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```", ""])


def _moves(state: type[StrEnum], event: type[StrEnum], table: Table) -> str:
    """Rows are states, columns are events, cells are the states after."""
    lines = [
        f"| while ╲ on | {' | '.join(event)} |",
        f"|---|{'---|' * len(event)}",
        *(f"| **{s}** | {' | '.join(table.get((s, e), '') for e in event)} |" for s in state),
    ]
    return "\n".join([*lines, ""])


def _meanings(word: str, enum: type[StrEnum]) -> str:
    """What each member means, where its name does not say it all."""
    told = {m["value"]: m["meaning"] for m in _MEMBER.finditer(inspect.getsource(enum))}
    rows = [f"| `{value}` | {told[value]} |" for value in enum if told[value]]
    return "\n".join([f"| {word} | meaning |", "|---|---|", *rows, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
