"""What ended work has left in the node's own folder, which goes when its disk runs full.

    results/<lease>              images and logs of a sent job, on their way or not to be sent
    tmp/<lease>.<index>.<n>.jpg  thumbnails
    tmp/karst-blender-…          a Blender's temporary files
    tmp/stills-…                 the frames of a movie

Each is cleared by whoever made it. What is still here was left by one that could not. Names that
nobody here makes are left alone; so is all that lies elsewhere, final images before all.
"""

import contextlib
import logging
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from farm.model.sizes import format_size

log = logging.getLogger("karst.worker")

YOUNG_SECONDS = 600.0  #: a temporary folder may be that old before the process that uses it starts

_LEASE = re.compile(r"[0-9a-f]{16}")
_THUMBNAIL = re.compile(r"([0-9a-f]{16})\.\d+\.\d+\.jpg")
_OF_BLENDER, _OF_MOVIE = "karst-blender-", "stills-"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leftover:
    path: Path
    at: float  #: when it was last changed
    lease: str = ""  #: whose it is; "": its name does not tell


class Leftovers:
    """Of one worker's folder, which no other worker uses."""

    def __init__(self, *, results: Path, temporary: Path) -> None:
        """`results` and `temporary` are the folders in which the worker works."""
        self._results = results
        self._temporary = temporary

    def clear(
        self, served: Callable[[], Collection[str]], has_room: Callable[[], bool]
    ) -> tuple[int, int]:
        """Remove what no lease of `served` uses, oldest first, until there is room.

        How many things went, and their bytes.
        """
        found = sorted(self._found(), key=lambda one: one.at)
        leases = served()  # asked after the look: what was made since then is not among `found`
        used = _folders_in_use() if found else set()
        count = size_bytes = 0
        for one in found:
            if has_room():
                break
            if self._is_over(one, leases, used):
                size_bytes += _remove(one.path)
                count += 1
        return count, size_bytes

    def _found(self) -> Iterator[_Leftover]:
        for path in (*_listed(self._results), *_listed(self._temporary)):
            with contextlib.suppress(OSError):
                lease = self._lease_of(path)
                if lease is not None and not path.is_symlink():
                    yield _Leftover(path=path, at=path.stat().st_mtime, lease=lease)

    def _lease_of(self, path: Path) -> str | None:
        """Whose it is, "" when the name does not tell; None for what nobody here has made."""
        if path.parent == self._results:
            return path.name if _LEASE.fullmatch(path.name) else None
        if thumbnail := _THUMBNAIL.fullmatch(path.name):
            return thumbnail[1]
        return "" if path.name.startswith((_OF_BLENDER, _OF_MOVIE)) else None

    @staticmethod
    def _is_over(one: _Leftover, leases: Collection[str], used: Collection[str]) -> bool:
        if one.lease:
            return one.lease not in leases
        if one.path.name.startswith(_OF_MOVIE):
            return not leases
        return str(one.path) not in used and time.time() - one.at > YOUNG_SECONDS


def told(count: int, size_bytes: int) -> str:
    """What went, for the log."""
    return f"freed {format_size(size_bytes)} that ended work had left, {count} removed"


def _listed(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return list(folder.iterdir())
    return []


def _folders_in_use() -> set[str]:
    """The temporary folders of all processes that this user may look at."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            for line in (process / "environ").read_bytes().split(b"\0"):
                if line.startswith(b"TMPDIR="):
                    found.add(line.removeprefix(b"TMPDIR=").decode("utf-8", "surrogateescape"))
    return found


def _remove(path: Path) -> int:
    """Bytes of the disk that this freed."""
    before = _size_bytes(path)
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
    return before - _size_bytes(path)


def _size_bytes(path: Path) -> int:
    size = 0
    for one in (path, *path.rglob("*")):
        with contextlib.suppress(OSError):
            size += one.lstat().st_blocks * 512
    return size
