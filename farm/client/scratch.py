"""Folders for what a submit makes on its way: rewritten scenes, a manifest. Gone when it ends.

What a killed submit left is removed by the next one.
"""

import contextlib
import errno
import fcntl
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from farm.client.book import cache_folder
from farm.model.errors import FarmError, StorageFull

_LOCK = "lock"
_YOUNG_SECONDS = 60.0  #: one that is just being made is not locked yet


@contextmanager
def scratch_folder(folder: Path | None = None) -> Iterator[Path]:
    """A folder of our own, empty. Raises StorageFull, FarmError when there is no room for one."""
    folder = folder or cache_folder() / "scratch"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sweep(folder)
        ours = Path(tempfile.mkdtemp(dir=folder))
        lock = (ours / _LOCK).open("wb")
    except OSError as error:
        raise no_room(folder, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH)
            work = ours / "files"
            work.mkdir()
            yield work
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise no_room(folder, error) from error
            raise
        finally:
            shutil.rmtree(ours, ignore_errors=True)


def no_room(folder: Path, error: OSError) -> FarmError:
    """Why nothing can be written to `folder`."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFull(f"the disk of {folder} is full: make room there, then go on")
    return FarmError(f"nothing can be written to {folder}: {error.strerror or error}")


def _sweep(folder: Path) -> None:
    """Remove folders whose submit has died."""
    for old in folder.iterdir():
        with contextlib.suppress(OSError), (old / _LOCK).open("rb") as lock:
            if time.time() - old.stat().st_mtime < _YOUNG_SECONDS:
                continue
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(old, ignore_errors=True)
