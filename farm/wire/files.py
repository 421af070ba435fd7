"""Files over HTTP: sent from where the farm's part ends, fetched on from what is there already.

Both ways the digest decides: the service refuses bytes that are not what they were called, and a
fetched file gets its name only when its digest is the one asked for.
"""

import fcntl
import os
import secrets
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO

from farm.files.hashing import BLOCK_BYTES, Hasher, hash_bytes, hash_file
from farm.files.pack import packed, packed_bytes
from farm.model.errors import ServiceUnavailable, WrongDigest
from farm.wire.link import Wire, error_of

OnBytes = Callable[[int], None]

ASKED_AT_ONCE = 5_000
SEND_SECONDS = 300.0  #: a slow disk may sync a large file for long
_SENT_AT_ONCE = 256 * 1024
_MOST_NAME_BYTES = 240  #: that leave room for the dot and the end of a part's name


class FileWire:
    """Files under one address: `/productions/NAME/files` or `/jobs/NUMBER/files`."""

    def __init__(self, wire: Wire, base: str) -> None:
        self._wire = wire
        self._base = base

    def missing(self, files: Sequence[tuple[str, int]]) -> dict[str, int]:
        """Of (digest, size in bytes) pairs, those the farm lacks, and how much it has of each."""
        found: dict[str, int] = {}
        for first in range(0, len(files), ASKED_AT_ONCE):
            asked = [
                {"digest": digest, "size_bytes": size}
                for digest, size in files[first : first + ASKED_AT_ONCE]
            ]
            answer = self._wire.change("POST", f"{self._base}/missing", {"files": asked})
            found |= {row["digest"]: row["offset"] for row in answer["missing"]}
        return found

    def send(
        self,
        source: Path,
        *,
        digest: str,
        size_bytes: int,
        offset: int = 0,
        on_bytes: OnBytes | None = None,
    ) -> None:
        """Send `source` from `offset` on, once.

        Raises WrongDigest when it is not what `digest` says (any more), UploadElsewhere,
        WrongOffset, StorageFull, ServiceUnavailable, OSError.
        """
        target = f"{self._base}/{digest}?offset={offset}&size_bytes={size_bytes}"
        with source.open("rb") as file:
            file.seek(offset)
            headers = {
                "Content-Type": "application/octet-stream",
                "Content-Length": str(max(0, size_bytes - offset)),
                "Idempotency-Key": digest,
            }
            body = _blocks(file, size_bytes - offset, on_bytes)
            with (
                self._wire.stream(
                    "PUT", target, body=body, headers=headers, read_seconds=SEND_SECONDS
                ) as answer,
                self._wire.guard(),
            ):
                _read(answer)

    def send_pack(
        self, files: Sequence[tuple[str, bytes]], *, on_bytes: OnBytes | None = None
    ) -> None:
        """Send small whole files, given as (digest, bytes), in one request, once.

        Those that came before a break are kept. Raises as `send` does.
        """

        def body() -> Iterator[bytes]:
            for block in packed(files):
                if on_bytes is not None:
                    on_bytes(len(block))
                yield block

        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(packed_bytes(files)),
            "Idempotency-Key": secrets.token_hex(16),
        }
        with (
            self._wire.stream(
                "POST",
                f"{self._base}/pack",
                body=body(),
                headers=headers,
                read_seconds=SEND_SECONDS,
            ) as answer,
            self._wire.guard(),
        ):
            _read(answer)

    def fetch(
        self, digest: str, target: Path, *, size_bytes: int, on_bytes: OnBytes | None = None
    ) -> None:
        """Fetch to `target`, going on from what an earlier try left beside it as `.part`.

        Raises NotFound, FilesNotSent, WrongDigest, ServiceUnavailable, OSError (a full disk, say).
        """
        fetch(
            self._wire,
            f"{self._base}/{digest}",
            target,
            digest=digest,
            size_bytes=size_bytes,
            on_bytes=on_bytes,
        )


def fetch(
    wire: Wire,
    address: str,
    target: Path,
    *,
    digest: str,
    size_bytes: int,
    on_bytes: OnBytes | None = None,
) -> None:
    """Fetch what lies at `address` of the service to `target`; see `FileWire.fetch`.

    Several may fetch to the same `target`: one does, and the others find it there.
    `size_bytes` may be a guess; only the digest decides.
    """
    part = target.with_name(_part_name(target.name))
    with _held(part) as file:
        hasher = _read_whole(file)
        if not hasher.size_bytes and _is_there(target, digest, size_bytes):
            part.unlink()
            return
        while hasher.digest() != digest and not _fetch_rest(wire, address, file, hasher, on_bytes):
            hasher = Hasher()
            file.truncate(0)
        file.flush()
        os.fsync(file.fileno())
        if hasher.digest() != digest:
            part.unlink()
            raise WrongDigest(f"{target.name} came with other bytes than it should: fetch it again")
        part.replace(target)


def _part_name(name: str) -> str:
    """One that file systems take, and that no other file in the folder has for its part."""
    raw = os.fsencode(name)
    return f".{name if len(raw) <= _MOST_NAME_BYTES else hash_bytes(raw)}.part"


@contextmanager
def _held(part: Path) -> Iterator[BinaryIO]:
    """The file at `part`, ours alone as long as it has that name."""
    while True:
        descriptor = os.open(part, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        with open(descriptor, "a+b") as file:  # noqa: PTH123 - a descriptor
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_named(descriptor, part):
                yield file
                return


def _is_named(descriptor: int, path: Path) -> bool:
    """Is the open file still the one at `path`?"""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def _read_whole(file: BinaryIO) -> Hasher:
    hasher = Hasher()
    file.seek(0)
    while block := file.read(BLOCK_BYTES):
        hasher.update(block)
    return hasher


def _is_there(target: Path, digest: str, size_bytes: int) -> bool:
    """Has somebody else just fetched it?"""
    try:
        found = target.lstat()
        whole = stat.S_ISREG(found.st_mode) and found.st_size == size_bytes
        return whole and hash_file(target)[0] == digest
    except OSError:
        return False


def _fetch_rest(
    wire: Wire, address: str, file: BinaryIO, hasher: Hasher, on_bytes: OnBytes | None
) -> bool:
    """Fetch what comes after the part; False when the file ends before it does."""
    headers = {"Range": f"bytes={hasher.size_bytes}-"} if hasher.size_bytes else {}
    with wire.stream("GET", address, headers=headers) as answer, wire.guard():
        if answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and hasher.size_bytes:
            answer.drain_conn()
            return False
        if answer.status >= HTTPStatus.BAD_REQUEST:
            _read(answer)
        if answer.status != HTTPStatus.PARTIAL_CONTENT and hasher.size_bytes:
            raise ServiceUnavailable("the service does not continue downloads: try again")
        for block in answer.stream(BLOCK_BYTES):
            file.write(block)
            hasher.update(block)
            if on_bytes is not None:
                on_bytes(len(block))
    return True


def _blocks(file: BinaryIO, left: int, on_bytes: OnBytes | None) -> Iterator[bytes]:
    """The next `left` bytes; a file that has become shorter ends the request early."""
    while left > 0:
        block = file.read(min(_SENT_AT_ONCE, left))
        if not block:
            raise WrongDigest(f"{file.name} has become shorter while it was sent: send it again")
        left -= len(block)
        if on_bytes is not None:
            on_bytes(len(block))
        yield block


def _read(answer: Any) -> None:  # noqa: ANN401 - urllib3's answer
    """Read all of it, or it would be taken for the next answer; raise the error that it tells."""
    body = answer.read()
    if answer.status >= HTTPStatus.BAD_REQUEST:
        raise error_of(answer.status, body)
