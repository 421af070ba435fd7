"""Which digest a file had when it was last read: a file that has not changed is not read again.

A file counts as unchanged while size, time of change and inode are the same. The number of its
device is not looked at: network file systems get a new one with each mount.
"""

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from farm.client.book import Book, cache_folder

FRESH_SECONDS = 2.0  #: a file this young may change again within the same tick of its clock
MOST_FILES = 1_000_000
KEPT_SECONDS = 180 * 86_400.0

_SCHEMA = """CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, inode INTEGER, digest TEXT, used INTEGER
) WITHOUT ROWID; CREATE INDEX IF NOT EXISTS by_use ON files (used)"""
_VERSION = 1
_ASK = "SELECT size, mtime_ns, inode, digest, used FROM files WHERE path = ?"
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells that a file has not changed."""

    size_bytes: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, found: os.stat_result) -> "Stamp":
        return cls(found.st_size, found.st_mtime_ns, found.st_ino & (2**63 - 1))


@dataclass(frozen=True, slots=True)
class Hashed:
    """A file as it was when it was read."""

    path: Path
    digest: str
    stamp: Stamp
    read_at: float = 0.0  #: when reading began, in seconds since 1970

    @property
    def size_bytes(self) -> int:
        return self.stamp.size_bytes

    @property
    def is_settled(self) -> bool:
        """Was the file old enough that a later change shows in its time?"""
        return self.stamp.mtime_ns / 1e9 < self.read_at - FRESH_SECONDS


class HashCache:
    """Digests by path. Safe with several processes; only ever a loss of time when it fails."""

    def __init__(self, path: Path | None = None) -> None:
        self._book = Book(
            path or cache_folder() / "hashes.sqlite", schema=_SCHEMA, version=_VERSION
        )

    def known(self, files: Sequence[tuple[Path, Stamp]]) -> dict[Path, str]:
        """The digests of those `files` that have not changed since they were read."""
        found: dict[Path, str] = {}
        seldom: list[tuple[int, bytes]] = []
        today = int(time.time()) // _DAY_SECONDS
        for path, stamp in files:
            for size, mtime_ns, inode, digest, used in self._book.rows(_ASK, (os.fsencode(path),)):
                if stamp == Stamp(size, mtime_ns, inode):
                    found[path] = digest
                    seldom += [(today, os.fsencode(path))] if used < today else []
        if seldom:
            self._book.write("UPDATE files SET used = ? WHERE path = ?", seldom)
        return found

    def remember(self, files: Iterable[Hashed]) -> None:
        """Keep the digests of `files`, but for those that may change unseen."""
        today = int(time.time()) // _DAY_SECONDS
        rows = [
            (
                os.fsencode(one.path),
                one.stamp.size_bytes,
                one.stamp.mtime_ns,
                one.stamp.inode,
                one.digest,
                today,
            )
            for one in files
            if one.is_settled
        ]
        if rows:
            self._book.write("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)", rows)

    def forget(self, paths: Iterable[Path]) -> None:
        """Read these again next time."""
        self._book.write("DELETE FROM files WHERE path = ?", [(os.fsencode(p),) for p in paths])

    def prune(self, *, most: int = MOST_FILES) -> None:
        """Drop what was not used for long, and the least used of what is too many."""
        oldest = (int(time.time()) - int(KEPT_SECONDS)) // _DAY_SECONDS
        self._book.write("DELETE FROM files WHERE used < ?", [(oldest,)])
        count = self._book.rows("SELECT count(*) FROM files")
        if count and count[0][0] > most:
            spare = (count[0][0] - most,)
            self._book.write(
                "DELETE FROM files WHERE path IN (SELECT path FROM files ORDER BY used LIMIT ?)",
                [spare],
            )

    def close(self) -> None:
        """Close the file."""
        self._book.close()
