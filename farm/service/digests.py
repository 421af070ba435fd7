"""Digests of files that lie in place: read once, and again when their size or time has changed."""

import os
import threading
from pathlib import Path

from farm.files.hashing import hash_file
from farm.model.errors import NotFound

_MOST_KNOWN = 10_000

_Stamp = tuple[int, int, int]


class KnownDigests:
    """Safe to use from many threads."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[_Stamp, str]] = {}
        self._lock = threading.Lock()

    def of(self, path: Path, *, what: str) -> str:
        """The digest of the file at `path`. Raises NotFound, which says `what` is not there."""
        try:
            stamp = _stamp(path)
            known = self._known.get(path)
            if known is not None and known[0] == stamp:
                return known[1]
            digest, _ = hash_file(path)
        except OSError as error:
            why = os.strerror(error.errno).lower() if error.errno else str(error)
            raise NotFound(f"{what} is not there ({why}): was it removed, or not made?") from error
        with self._lock:
            while len(self._known) >= _MOST_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[path] = (stamp, digest)
        return digest


def _stamp(path: Path) -> _Stamp:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino
