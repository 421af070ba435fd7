"""Files in the node's cache, each under its digest, verified when it came.

A file that nobody touched has the size it should and one certain time; whatever has another is
hashed again, and fetched anew when it is not what its name says. So no list has to be kept beside
the files, and a worker killed at any moment leaves a cache that the next one can use.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from farm.files.hashing import hash_file
from farm.model.manifest import ManifestEntry, check_digest
from farm.wire import FileWire

UNTOUCHED_NS = 946_684_800 * 10**9  #: the time of every file here: the first second of 2000
_READ_ONLY = 0o444
_WAIT_SECONDS = 0.2
_PART = ".part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A file in the cache, as eviction sees it."""

    digest: str
    size_bytes: int  #: on disk
    used_at: float  #: seconds since 1970


class Blobs:
    """The folder of files by digest. Safe to use from many threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._coming: set[str] = set()  #: what some thread fetches now
        self._changed = threading.Condition()

    def path_of(self, digest: str) -> Path:
        """Where the file is, if it is here. Raises BadManifest for what is no digest."""
        return self._folder / check_digest(digest)[:2] / digest

    def has(self, digest: str, size_bytes: int | None = None) -> bool:
        """Is the file here, and what it should be? One that has been touched is hashed again."""
        path = self.path_of(digest)
        try:
            found = path.lstat()
        except FileNotFoundError:
            return False
        if is_untouched(found) and size_bytes in (None, found.st_size):
            return True
        if not path.is_symlink() and hash_file(path)[0] == digest:
            _dress(path)
            return size_bytes in (None, found.st_size)
        path.unlink()
        return False

    def fetch(self, entry: ManifestEntry, wire: FileWire, on_bytes: Callable[[int], None]) -> None:
        """Fetch a file, unless it has come meanwhile; `on_bytes` may raise to break it off.

        Raises what `FileWire.fetch` raises.
        """
        path = self.path_of(entry.digest)
        with self._alone(entry.digest, on_bytes):
            if self.has(entry.digest, entry.size_bytes):
                on_bytes(entry.size_bytes)
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            wire.fetch(entry.digest, path, size_bytes=entry.size_bytes, on_bytes=on_bytes)
            self._settle(entry.digest)

    def fetch_unmeasured(self, digest: str, wire: FileWire) -> None:
        """Fetch a file of which only the digest is known. Raises what `FileWire.fetch` raises."""
        path = self.path_of(digest)
        with self._alone(digest, lambda _: None):
            if not self.has(digest):
                path.parent.mkdir(parents=True, exist_ok=True)
                wire.fetch(digest, path, size_bytes=0)
                self._settle(digest)

    def _settle(self, digest: str) -> None:
        """The file has come and was verified: from now on any change shows."""
        _dress(self.path_of(digest))

    @contextlib.contextmanager
    def _alone(self, digest: str, on_bytes: Callable[[int], None]) -> Iterator[None]:
        """Two threads that fetch the same file would mix its bytes."""
        with self._changed:
            while digest in self._coming:
                self._changed.wait(_WAIT_SECONDS)
                on_bytes(0)
            self._coming.add(digest)
        try:
            yield
        finally:
            with self._changed:
                self._coming.remove(digest)
                self._changed.notify_all()

    def use(self, digest: str) -> None:
        """Note that it is used now."""
        with contextlib.suppress(OSError):
            os.utime(self.path_of(digest), ns=(time.time_ns(), UNTOUCHED_NS))

    def all(self) -> list[Blob]:
        """Every whole file, and what came of others: those under the digest they are to get."""
        found = []
        for folder in _listed(self._folder):
            for path in _listed(folder):
                with contextlib.suppress(OSError):
                    facts = path.lstat()
                    is_part = path.name.endswith(_PART)
                    found.append(
                        Blob(
                            digest=path.name.removesuffix(_PART).lstrip("."),
                            size_bytes=facts.st_blocks * 512,
                            used_at=facts.st_mtime if is_part else facts.st_atime,
                        )
                    )
        return found

    def remove(self, digest: str) -> None:
        """Let it go, and what came of it. Not for what is being fetched."""
        with self._changed:
            if digest in self._coming:
                return
            path = self.path_of(digest)
            path.unlink(missing_ok=True)
            path.with_name(f".{digest}{_PART}").unlink(missing_ok=True)


def is_untouched(found: os.stat_result) -> bool:
    """Has nobody written to this file since it was verified, as far as its time tells?"""
    return found.st_mtime_ns == UNTOUCHED_NS


def _dress(path: Path) -> None:
    path.chmod(_READ_ONLY)
    os.utime(path, ns=(time.time_ns(), UNTOUCHED_NS))


def _listed(folder: Path) -> list[Path]:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return list(folder.iterdir())
    return []
