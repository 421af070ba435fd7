"""Give a file a second place without a second copy, where the disk can do that.

Best is a reflink, which shares blocks and leaves the two files apart; then a hard link, which is
the same file under two names; then a copy. Whichever it is, the new name is there whole or not at
all.
"""

import contextlib
import errno
import fcntl
import os
import secrets
from enum import StrEnum
from pathlib import Path

_FICLONE = 0x40049409  # Linux: let one file share another's blocks
_COPIED_AT_ONCE = 64 * 1024 * 1024
_READ_ONLY = 0o444
#: What a disk says that cannot link: it has no links, too many of them, or it is another disk.
_NO_LINK = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV})


class Placed(StrEnum):
    REFLINK = "reflink"  #: two files that share their blocks until one is written to
    LINK = "link"  #: one file with two names
    COPY = "copy"  #: two files


def place(source: Path, target: Path) -> Placed:
    """Let `target` have the bytes and the time of `source`, read-only; how that was done.

    What lies at `target` is replaced, a link there is never followed. Raises OSError.
    """
    draft = target.with_name(f".{secrets.token_hex(8)}.draft")
    try:
        placed = _reflink(source, draft) or _link(source, draft) or _copy(source, draft)
        draft.replace(target)  # two names of one file: this does nothing, and the draft stays
    finally:
        draft.unlink(missing_ok=True)
    return placed


def _reflink(source: Path, draft: Path) -> Placed | None:
    with source.open("rb") as file, draft.open("xb") as made:
        try:
            fcntl.ioctl(made.fileno(), _FICLONE, file.fileno())
        except OSError:  # each file system has its own way of saying that it cannot
            draft.unlink()
            return None
        _dress(made.fileno(), file.fileno())
    return Placed.REFLINK


def _link(source: Path, draft: Path) -> Placed | None:
    try:
        os.link(source, draft)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        return None
    return Placed.LINK


def _copy(source: Path, draft: Path) -> Placed:
    with source.open("rb") as file, draft.open("xb") as made:
        _copy_bytes(file.fileno(), made.fileno())
        _dress(made.fileno(), file.fileno())
    return Placed.COPY


def _copy_bytes(source: int, target: int) -> None:
    """By the kernel where it can, which may spare the way through our memory."""
    with contextlib.suppress(OSError):
        while os.copy_file_range(source, target, _COPIED_AT_ONCE):
            pass
        if os.fstat(target).st_size == os.fstat(source).st_size:
            return
    os.lseek(source, 0, os.SEEK_SET)
    os.ftruncate(target, 0)
    os.lseek(target, 0, os.SEEK_SET)
    while block := os.read(source, _COPIED_AT_ONCE // 16):
        while block:
            block = block[os.write(target, block) :]


def _dress(target: int, source: int) -> None:
    found = os.fstat(source)
    os.fchmod(target, _READ_ONLY)
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))
