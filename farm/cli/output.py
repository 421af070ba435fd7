"""What commands print: tables for people, tab-separated lines for pipes, JSON for machines.

stdout is data, stderr is messages. rich is loaded only where it is seen: on a terminal.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from farm.model.sizes import format_span

_STYLES = {
    "active": "cyan",
    "running": "cyan",
    "online": "green",
    "succeeded": "green",
    "ok": "green",
    "paused": "yellow",
    "draining": "yellow",
    "warning": "yellow",
    "failed": "bold red",
    "bad": "bold red",
    "offline": "red",
    "cancelled": "dim",
    "skipped": "dim",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How the person, or the pipe, at the other end wants it."""

    as_json: bool = False
    plain: bool = False

    @property
    def for_people(self) -> bool:
        """Is somebody looking at stdout?"""
        return not self.as_json and not self.plain and sys.stdout.isatty()

    def table(self, data: object, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print `rows`; as JSON, print `data` that they were made from."""
        if self.as_json:
            self.json(data)
        elif self.for_people:
            _rich_table(columns, rows)
        else:
            for row in rows:
                click.echo("\t".join(_cell(value) for value in row))

    def fields(self, data: object, rows: Sequence[tuple[str, object]]) -> None:
        """Print one thing's named values; as JSON, print `data`."""
        if self.as_json:
            self.json(data)
            return
        width = max((len(name) for name, _ in rows), default=0) if self.for_people else 0
        for name, value in rows:
            click.echo(
                f"{name:<{width}}  {value}" if self.for_people else f"{_cell(name)}\t{_cell(value)}"
            )

    def done(self, data: object, line: str) -> None:
        """Print that something was done; as JSON, print `data`."""
        if self.as_json:
            self.json(data)
        else:
            click.echo(line)

    def json(self, data: object) -> None:
        """Print `data` as JSON."""
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def message(line: str) -> None:
    """Tell a person something that is not data."""
    click.echo(line, err=True)


def between(early_seconds: float, late_seconds: float) -> str:
    """`1 min 10 s to 2 min 05 s`; one span where both are told alike."""
    early, late = format_span(early_seconds), format_span(late_seconds)
    return early if early == late else f"{early} to {late}"


def roughly(seconds: float) -> str:
    """A guess at a span in one unit: `40 s`, `12 min`, `3 h`, `4 d`."""
    for unit, size, most in (("s", 1, 90), ("min", 60, 90), ("h", 3600, 36)):
        if seconds < size * most:
            return f"{max(1, round(seconds / size))} {unit}"
    return f"{round(seconds / 86_400)} d"


def counted(number: int, noun: str) -> str:
    """`1 frame`, `3 frames`."""
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"


def _cell(value: object) -> str:
    """One cell of a tab-separated line: it can hold neither tab nor line break."""
    return " ".join(str(value).split())


def _rich_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        numeric = bool(rows) and all(_numeric(row[number]) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(cell), style=_STYLES.get(str(cell), "")) for cell in row))
    Console(highlight=False).print(table)


def _numeric(cell: object) -> bool:
    return isinstance(cell, int | float) or (isinstance(cell, str) and cell[:1].isdigit())
