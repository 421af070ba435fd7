"""How far files have come on their way to the farm or back: counted in threads, told from one."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """What a submit or a pull is at."""

    TRACING = "tracing"  #: looking which files a scene needs
    HASHING = "hashing"  #: reading files that have changed
    SENDING = "sending"
    FETCHING = "fetching"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """How far it is."""

    phase: Phase
    what: str = ""  #: in words, where they say more than the numbers
    files_done: int = 0
    files: int = 0  #: in all; 0 while nobody knows
    bytes_done: int = 0
    bytes: int = 0  #: in all
    bytes_moved: int = 0  #: just now; the rest of `bytes_done` was there before


OnTransfer = Callable[[Transfer], None]


def show_nobody(_transfer: Transfer) -> None:
    """For programs that do not want to see it."""


class Meter:
    """Counts what many threads move; `show` tells it."""

    def __init__(self, phase: Phase, on_transfer: OnTransfer = show_nobody) -> None:
        self._phase = phase
        self._on_transfer = on_transfer
        self._lock = threading.Lock()
        self._files = self._files_done = 0
        self._bytes = self._bytes_done = self._bytes_moved = 0
        self._reached: dict[str, int] = {}

    def expect(self, *, files: int, size_bytes: int) -> None:
        """So much more is to do."""
        with self._lock:
            self._files += files
            self._bytes += size_bytes

    def reach(self, name: str, position: int) -> None:
        """Of file `name` so many bytes are done, whoever did it; less than before if need be."""
        with self._lock:
            self._bytes_done += position - self._reached.get(name, 0)
            self._reached[name] = position

    def move(self, name: str, count: int) -> None:
        """So many bytes more of file `name` are done, just now."""
        with self._lock:
            self._bytes_moved += count
            self._bytes_done += count
            self._reached[name] = self._reached.get(name, 0) + count

    def finish(self, name: str, size_bytes: int) -> None:
        """File `name` is done."""
        self.reach(name, size_bytes)
        with self._lock:
            self._files_done += 1
            self._reached.pop(name, None)

    def told(self) -> Transfer:
        """How far it is."""
        with self._lock:
            return Transfer(
                phase=self._phase,
                files_done=self._files_done,
                files=self._files,
                bytes_done=self._bytes_done,
                bytes=self._bytes,
                bytes_moved=self._bytes_moved,
            )

    def show(self) -> None:
        """Tell how far it is."""
        self._on_transfer(self.told())
