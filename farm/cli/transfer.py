"""Files on their way, shown: a bar on a terminal, a line now and then elsewhere, both on stderr."""

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from farm.cli.output import counted, message
from farm.model.sizes import format_size, format_span

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from farm.client import Transfer

Show = Callable[["Transfer"], None]

_WINDOW_SECONDS = 10.0  # the rate is that of the last so many
_LINE_SECONDS = (3.0, 60.0)  # between two lines off a terminal, at first and at last
_WORDS = {
    "tracing": "looking for the scene's files",
    "hashing": "reading",
    "sending": "sending",
    "fetching": "fetching",
}


@contextmanager
def transfers(*, quiet: bool = False) -> Iterator[Show]:
    """A function that shows how far files have come, in the way that fits where stderr goes."""
    if quiet:
        yield lambda _transfer: None
    elif not sys.stderr.isatty():
        yield Lines().show
    else:
        with new_bar() as bar:
            yield Bars(bar).show


class Rate:
    """Bytes per second of late."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def at(self, moved: int, now: float) -> float:
        """The rate now that `moved` bytes have moved."""
        if self._seen and moved < self._seen[-1][1]:
            self._seen.clear()  # another phase
        self._seen.append((now, moved))
        while self._seen[0][0] < now - _WINDOW_SECONDS:
            self._seen.popleft()
        since, before = self._seen[0]
        return (moved - before) / (now - since) if now - since > 0.5 else 0.0


def words(transfer: "Transfer", rate: float) -> str:
    """`3/12 files, 1.2 GiB of 4.5 GiB, 11 MiB/s, 5 min left`."""
    if not transfer.files:
        return transfer.what
    said = [f"{transfer.files_done:,}/{counted(transfer.files, 'file')}"]
    said.append(f"{format_size(transfer.bytes_done)} of {format_size(transfer.bytes)}")
    if rate > 0 and transfer.bytes_done < transfer.bytes:
        said.append(f"{format_size(rate)}/s")
        said.append(f"{format_span((transfer.bytes - transfer.bytes_done) / rate)} left")
    return ", ".join(said)


class Lines:
    """A line now and then, the more rarely the longer it takes already; none for what is quick."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._next = self._began + _LINE_SECONDS[0]
        self._rate = Rate()

    def show(self, transfer: "Transfer") -> None:
        now = time.monotonic()
        rate = self._rate.at(transfer.bytes_moved, now)
        if now < self._next or 0 < transfer.files <= transfer.files_done:
            return
        soonest, latest = _LINE_SECONDS
        self._next = now + min(latest, max(soonest, (now - self._began) / 5))
        said = words(transfer, rate)
        message(f"farm: {_WORDS[transfer.phase]}{': ' if said else ''}{said}")


class Bars:
    """A bar for each phase that has something to do."""

    def __init__(self, bar: "Bar") -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None, words="")
        self._rate = Rate()

    def show(self, transfer: "Transfer") -> None:
        self._bar.update(
            self._task,
            description=_WORDS[transfer.phase],
            total=transfer.bytes or None,
            completed=transfer.bytes_done,
            words=words(transfer, self._rate.at(transfer.bytes_moved, time.monotonic())),
        )


def new_bar() -> "Bar":
    """Bars on stderr, for a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[words]}"))
    return Bar(*columns, console=Console(stderr=True), transient=False)
