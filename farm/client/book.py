"""Small tables in the studio's cache folder: they make a repeat quick, and are missed by nobody.

Several processes share a book. One that is broken, locked or cannot be written reads as empty and
takes nothing: that costs time, never a command.
"""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

_BUSY_SECONDS = 2.0
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def cache_folder() -> Path:
    """Where what can be made again is kept: $XDG_CACHE_HOME/karst, or ~/.cache/karst."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if named.startswith("/") else Path.home() / ".cache") / "karst"


class Book:
    """The tables of `schema` in one file. `version` is another one when they change."""

    def __init__(self, path: Path, *, schema: str, version: int) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._tables: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._tables = _opened(path, schema, version)
        except (OSError, RuntimeError):  # RuntimeError: somebody without a home
            pass
        except sqlite3.Error as error:
            self._give_up(error)
            if _code(error) in _BROKEN:  # it has been removed: begin a new one
                with contextlib.suppress(sqlite3.Error):
                    self._tables = _opened(path, schema, version)

    def rows(self, question: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """What the book answers; nothing where it cannot."""
        if self._tables is None:
            return []
        try:
            with self._lock:
                return self._tables.execute(question, values).fetchall()
        except sqlite3.Error as error:
            self._give_up(error)
            return []

    def write(self, change: str, rows: Iterable[Sequence[Any]]) -> None:
        """Make `change` for each of `rows`, all or none."""
        if self._tables is None:
            return
        try:
            with self._lock, self._tables:
                self._tables.executemany(change, rows)
        except sqlite3.Error as error:
            self._give_up(error)

    def close(self) -> None:
        """Close the file; whoever asks afterwards finds the book empty."""
        if self._tables is not None:
            with contextlib.suppress(sqlite3.Error):
                self._tables.close()
        self._tables = None

    def _give_up(self, error: sqlite3.Error) -> None:
        """Do without the book from now on, unless somebody else only had it locked."""
        if _code(error) in _LOCKED and self._tables is not None:
            return
        self.close()
        if _code(error) in _BROKEN:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)


def _opened(path: Path, schema: str, version: int) -> sqlite3.Connection:
    tables = sqlite3.connect(path, timeout=_BUSY_SECONDS, check_same_thread=False)
    try:
        found = tables.execute("PRAGMA user_version").fetchone()[0]
        if found != version:
            _clear(tables)
            tables.executescript(f"BEGIN IMMEDIATE; {schema}; PRAGMA user_version = {version}; END")
    except BaseException:
        tables.close()
        raise
    return tables


def _clear(tables: sqlite3.Connection) -> None:
    """Drop what another version left."""
    names = tables.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (name,) in names:
        tables.execute(f'DROP TABLE "{name}"')


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
