"""How far the demo's shots are: bars on a terminal, a sparse line now and then elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

_LINE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HowFar:
    """One shot, now."""

    production: str
    done: int
    running: int
    total: int
    eta_seconds: float | None


class Show(Protocol):
    """Is told again and again how far everything is."""

    def update(self, shots: list[HowFar]) -> None: ...


@contextmanager
def a_show() -> Iterator[Show]:
    """The show that suits where standard error goes."""
    if sys.stderr.isatty():
        with _bars() as show:
            yield show
    else:
        yield _Lines()


class _Lines:
    """For logs: a line when something changed, at most every few seconds, and at the end."""

    def __init__(self) -> None:
        self._started_at = time.monotonic()
        self._next_at = 0.0
        self._last = ""

    def update(self, shots: list[HowFar]) -> None:
        line = ", ".join(f"{shot.production} {shot.done}/{shot.total}" for shot in shots)
        now = time.monotonic()
        ended = all(shot.done == shot.total for shot in shots)
        if line != self._last and (ended or now >= self._next_at):
            sys.stderr.write(f"{now - self._started_at:6.1f} s  {line}\n")
            self._last, self._next_at = line, now + _LINE_SECONDS


@contextmanager
def _bars() -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    progress = Progress(
        TextColumn("{task.description:<10}"),
        BarColumn(bar_width=40),
        TextColumn("{task.completed:>3.0f}/{task.total:.0f}  {task.fields[now]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
    rows: dict[str, TaskID] = {}

    class Bars:
        def update(self, shots: list[HowFar]) -> None:
            for shot in shots:
                if shot.production not in rows:
                    rows[shot.production] = progress.add_task(
                        shot.production, total=shot.total, now=""
                    )
                progress.update(rows[shot.production], completed=shot.done, now=_now(shot))

    with progress:
        yield Bars()


def _now(shot: HowFar) -> str:
    if shot.done == shot.total:
        return "done".ljust(24)
    left = "" if shot.eta_seconds is None else f", {shot.eta_seconds:.0f} s left"
    return f"{shot.running} in work{left}".ljust(24)
