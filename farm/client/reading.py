"""Reading a studio's files: their digests, side by side, and one plain line for what goes wrong.

A digest returned here is of bytes that lay still while they were read.
"""

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from farm.client.crew import Stop, side_by_side
from farm.client.hashes import HashCache, Hashed, Stamp
from farm.client.transfer import Meter, OnTransfer, Phase, show_nobody
from farm.files.hashing import hash_file
from farm.model.errors import BadRequest, BadScene, FarmError, MissingAssets

READERS = min(8, os.cpu_count() or 1)
_TRIES = 3  #: to find a file that lies still
_BATCH_FILES = 64
_BATCH_BYTES = 8 * 1024 * 1024
_PAUSE_SECONDS = 0.5  #: for whoever writes the file
_KEEP_SECONDS = 5.0  #: what is known by then is kept, so that a broken-off run was not for nothing

_WORDS = {
    errno.ENOENT: "it has gone since the scene was looked through: put it back",
    errno.ENOTDIR: "it has gone since the scene was looked through: put it back",
    errno.EACCES: "it may not be read: change its permissions",
    errno.EPERM: "it may not be read: change its permissions",
    errno.ELOOP: "it is a link that leads to itself: mend the link",
    errno.ENAMETOOLONG: "its name is too long for this system: shorten it",
    errno.EIO: "the disk cannot read it",
    errno.ESTALE: "the shared storage has lost it: look again in a moment",
}


def stamp_of(path: Path) -> Stamp:
    """What `path` looks like now. Raises BadRequest, MissingAssets."""
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if not stat.S_ISREG(found.st_mode):
        raise BadRequest(f"{_shown(path)} is no file: point the scene to a file, then submit again")
    return Stamp.of(found)


def check_scene(path: Path) -> None:
    """Raise BadScene for a scene that cannot be read from here."""
    try:
        found = path.stat()
        path.open("rb").close()
    except (OSError, ValueError) as error:
        code = getattr(error, "errno", None)
        why = "there is no such file: check the path"
        if code not in {errno.ENOENT, errno.ENOTDIR}:
            why = _WORDS.get(code or 0, str(error))
        raise BadScene(f"scene {_shown(path)}: {why}") from error
    if not stat.S_ISREG(found.st_mode):
        raise BadScene(f"scene {_shown(path)} is no file: give the path of a .blend")


def unreadable(path: Path, error: OSError | ValueError) -> FarmError:
    """Why `path` cannot be read, as one of our errors."""
    code = getattr(error, "errno", None)
    why = _WORDS.get(code or 0, str(error))
    kind = MissingAssets if code in {errno.ENOENT, errno.ENOTDIR} else BadRequest
    return kind(f"file {_shown(path)} cannot be read: {why}")


def hash_files(
    paths: Sequence[Path],
    *,
    cache: HashCache,
    on_transfer: OnTransfer = show_nobody,
) -> dict[Path, Hashed]:
    """The digest of each of `paths`; those that have not changed are not read.

    Raises BadRequest for a file that cannot be read or does not lie still, MissingAssets.
    """
    stamps = [(path, stamp_of(path)) for path in paths]
    known = cache.known(stamps)
    found = {path: Hashed(path, known[path], stamp) for path, stamp in stamps if path in known}
    left = [(path, stamp) for path, stamp in stamps if path not in known]
    stop = Stop()
    meter = Meter(Phase.HASHING, on_transfer)
    meter.expect(files=len(left), size_bytes=sum(stamp.size_bytes for _, stamp in left))
    fresh: list[Hashed] = []
    batches = side_by_side(
        lambda batch: [read_still(path, stop, meter) for path in batch],
        _batches(left),
        threads=READERS if left else 0,
        stop=stop,
        pulse=meter.show,
    )
    kept, keep_at = 0, time.monotonic() + _KEEP_SECONDS
    try:
        for batch in batches:
            fresh += batch
            if time.monotonic() > keep_at:
                cache.remember(fresh[kept:])
                kept, keep_at = len(fresh), time.monotonic() + _KEEP_SECONDS
    finally:
        cache.remember(fresh[kept:])
    return found | {one.path: one for one in fresh}


def read_still(path: Path, stop: Stop, meter: Meter | None = None) -> Hashed:
    """The digest of `path`, read anew. Raises BadRequest when it goes on changing."""
    name = os.fspath(path)

    def on_bytes(count: int) -> None:
        stop.check()
        if meter is not None:
            meter.move(name, count)

    for _ in range(_TRIES):
        before, read_at = stamp_of(path), time.time()
        if meter is not None:
            meter.reach(name, 0)
        digest = _hashed(path, on_bytes)
        if stamp_of(path) == before:
            if meter is not None:
                meter.finish(name, before.size_bytes)
            return Hashed(path, digest, before, read_at)
        stop.rest(_PAUSE_SECONDS)
    raise changing(path)


def changing(path: Path) -> BadRequest:
    """The error for a file that does not lie still."""
    return BadRequest(
        f"file {_shown(path)} changes while it is read: wait until it is saved, "
        "then give the same command again"
    )


def _hashed(path: Path, on_bytes: Callable[[int], None]) -> str:
    try:
        return hash_file(path, on_bytes)[0]
    except OSError as error:
        raise unreadable(path, error) from error


def _batches(files: Sequence[tuple[Path, Stamp]]) -> Iterator[list[Path]]:
    """The largest first, small ones together: a thread costs more than a small file."""
    batch: list[Path] = []
    held = 0
    for path, stamp in sorted(files, key=lambda file: -file[1].size_bytes):
        batch.append(path)
        held += stamp.size_bytes
        if held >= _BATCH_BYTES or len(batch) == _BATCH_FILES:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def _shown(path: Path) -> str:
    """The path in one printable line."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)[:400]
