"""Steps on a disk that others use too: told in plain lines, whole or not at all, there to stay."""

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from farm.files.hashing import BLOCK_BYTES, Hasher
from farm.model.errors import FarmError, StorageFull
from farm.model.sizes import format_size

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV})
_FICLONE = 0x40049409  # Linux: let one file share another's blocks
_TRIES = 10


def trouble(folder: Path, error: OSError) -> FarmError:
    """`error`, met while working under `folder`, in one plain line."""
    why = (os.strerror(error.errno) if error.errno else str(error)).lower()
    if error.errno in _FULL:
        return StorageFull(
            f"the farm's files folder {folder} takes no more ({why}): make room there, or let "
            "`farm files collect` do it; what has come so far is kept"
        )
    return FarmError(
        f"the farm's files folder {folder} cannot be used ({why}): mend it, or give another "
        "with --files or FARM_FILES"
    )


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Raise what goes wrong under `folder` as StorageFull, or as FarmError when it is not full."""
    try:
        yield
    except OSError as error:
        raise trouble(folder, error) from error


def check_room(descriptor: int, size_bytes: int, folder: Path) -> None:
    """Raise StorageFull when the disk of the open file has no room for so much more."""
    disk = os.fstatvfs(descriptor)
    free = disk.f_bavail * disk.f_frsize
    if size_bytes > free:
        raise StorageFull(
            f"the farm's files folder {folder} has room for {format_size(free)}, and "
            f"{format_size(size_bytes)} of the file are to come: make room there, or let "
            "`farm files collect` do it"
        )


def open_in(path: Path, flags: int) -> int:
    """Open `path`, whose folder is made when it is not there. Raises OSError."""
    for _ in range(_TRIES):  # somebody may remove the folder while it is empty
        with suppress(FileNotFoundError):
            return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        make_folder(path.parent)
    return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)


def make_folder(folder: Path) -> None:
    """Make `folder` and its parents, each there to stay. Raises OSError."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Return once the names in `folder` are on disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes | bytearray | memoryview) -> None:
    """Write all of `data`. Raises OSError when some of it may not have been."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_whole(path: Path, data: bytes) -> None:
    """Write a small file so that it is whole under its name, or not there. Raises OSError."""
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    descriptor = open_in(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        write_all(descriptor, data)
        part.replace(path)
    finally:
        os.close(descriptor)
        part.unlink(missing_ok=True)


def link_or_move(source: Path, target: Path) -> None:
    """Give `source` the name `target` too; move it where files have one name only.

    Raises FileExistsError, OSError.
    """
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if target.exists():
            raise FileExistsError(errno.EEXIST, "it is there already") from error
        source.replace(target)


def link_or_mark(source: Path, target: Path) -> None:
    """Let `target` be another name of `source`, or an empty file where files have one name only.

    Raises OSError.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        target.touch()


def copy_hashed(source: int, target: int) -> Hasher:
    """Copy one open file to another, sharing its blocks where the disk can; its digest.

    What is hashed is the copy, so that a file that changes meanwhile does no harm. Raises OSError.
    """
    hasher = Hasher()
    with suppress(OSError):
        fcntl.ioctl(target, _FICLONE, source)
        source = -1
    while block := os.read(target if source < 0 else source, BLOCK_BYTES):
        if source >= 0:
            write_all(target, block)
        hasher.update(block)
    return hasher
