"""Removes what nobody needs any more from a content store.

What may go is looked for without stopping anybody; it goes under the lock, a few files at a time,
and only what nobody has touched since: a job that is taken in meanwhile touches all its files.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from farm.files.content import ContentStore
from farm.files.disk import told
from farm.model.errors import BadManifest
from farm.model.manifest import check_digest

FRESH_SECONDS = 24 * 3600.0  #: what was sent, asked for or used since then stays whatever else
PART_SECONDS = 7 * 24 * 3600.0  #: what has come of a file stays so long after the last of it

_AT_ONCE = 256  #: files that go while others wait for the lock


@dataclass(slots=True, kw_only=True)
class Swept:
    """What went, or would go, and what stayed."""

    files: int = 0
    bytes: int = 0
    kept_files: int = 0
    kept_bytes: int = 0
    parts: int = 0


def sweep(
    store: ContentStore, live: Collection[str], live_jobs: Collection[str], *, dry_run: bool
) -> Swept:
    """Remove files whose digests are not `live`, and thumbnails and logs of jobs not `live_jobs`.

    What was touched within a day stays in any case. Raises FarmError when a disk fails.
    """
    swept = Swept()
    with told(store.root):
        _sweep_blobs(store, live, swept, dry_run=dry_run)
        _sweep_jobs(store, live_jobs, swept, dry_run=dry_run)
        _sweep_parts(store, swept, dry_run=dry_run)
        if not dry_run:
            _sweep_strays(store)
            with store.collecting():
                for folder in (store.blobs, store.productions, store.uploads):
                    _remove_empty(folder)
    return swept


def _sweep_blobs(
    store: ContentStore, live: Collection[str], swept: Swept, *, dry_run: bool
) -> None:
    going: list[Path] = []
    for path in _named_by_digest(store.blobs):
        found = _stat(path)
        if found is None:
            continue
        if path.name in live or not _is_old(found, FRESH_SECONDS):
            swept.kept_files += 1
            swept.kept_bytes += found.st_size
            continue
        swept.files += 1
        swept.bytes += found.st_size
        going.append(path)
        if len(going) == _AT_ONCE and not dry_run:
            _remove_blobs(store, going, swept)
            going = []
    if not dry_run:
        _remove_blobs(store, going, swept)


def _remove_blobs(store: ContentStore, paths: list[Path], swept: Swept) -> None:
    """Remove those of `paths` that nobody has touched since they were chosen."""
    with store.collecting():
        productions = list(_entries(store.productions))
        for path in paths:
            found = _stat(path)
            if found is None or not _is_old(found, FRESH_SECONDS):
                size = 0 if found is None else found.st_size
                swept.files -= 1
                swept.bytes -= size
                swept.kept_files += found is not None
                swept.kept_bytes += size
                continue
            # The links first: who dies in between leaves a file that the next sweep finds.
            for production in productions:
                (production / path.parent.name / path.name).unlink(missing_ok=True)
            path.unlink(missing_ok=True)


def _sweep_jobs(
    store: ContentStore, live_jobs: Collection[str], swept: Swept, *, dry_run: bool
) -> None:
    """Remove thumbnails and logs of jobs that are not live."""
    for folder in _entries(store.jobs):
        found = [one for one in map(_stat, _files(folder)) if one is not None]
        size = sum(one.st_size for one in found)
        goes = folder.name not in live_jobs and all(_is_old(one, FRESH_SECONDS) for one in found)
        if goes and not dry_run:
            goes = _remove_job(store, folder)
        if goes:
            swept.files += len(found)
            swept.bytes += size
        else:
            swept.kept_files += len(found)
            swept.kept_bytes += size


def _remove_job(store: ContentStore, folder: Path) -> bool:
    """Remove what is left of a job unless somebody has touched it since; whether it went."""
    with store.collecting():
        found = [one for one in map(_stat, _files(folder)) if one is not None]
        goes = all(_is_old(one, FRESH_SECONDS) for one in found)
        if goes:
            shutil.rmtree(folder, ignore_errors=True)
    return goes


def _sweep_parts(store: ContentStore, swept: Swept, *, dry_run: bool) -> None:
    for path in _files(store.uploads):
        found = _stat(path)
        if found is not None and _is_old(found, PART_SECONDS):
            swept.parts += dry_run or _remove_part(path)


def _remove_part(path: Path) -> bool:
    """Remove the part unless it comes in right now; whether it went."""
    with suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True
    return False


def _sweep_strays(store: ContentStore) -> None:
    """Remove productions' links to files that have gone: they would hold the bytes on the disk."""
    strays = (link for link in _files(store.productions) if _stat(store.path_of(link.name)) is None)
    for link in list(strays):
        with store.collecting():
            if _stat(store.path_of(link.name)) is None:
                link.unlink(missing_ok=True)


def _remove_empty(folder: Path) -> None:
    """Remove folders under `folder` that hold nothing."""
    for below in _entries(folder):
        if below.is_dir() and not below.is_symlink():
            _remove_empty(below)
            with suppress(OSError):  # it is not empty
                below.rmdir()


def _named_by_digest(folder: Path) -> Iterator[Path]:
    """The files under `folder` that are ours; what else somebody has put there stays."""
    for path in _files(folder):
        with suppress(BadManifest):
            check_digest(path.name)
            yield path


def _files(folder: Path) -> Iterator[Path]:
    """All files under `folder`, one at a time."""
    for below in _entries(folder):
        if below.is_dir() and not below.is_symlink():
            yield from _files(below)
        else:
            yield below


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _is_old(found: os.stat_result, seconds: float) -> bool:
    return found.st_mtime < time.time() - seconds
