"""Files over HTTP: sent from where the farm's part ends, fetched on from what is there already.

Both ways the digest decides: the service refuses bytes that are not what they were called, and a
fetched file gets its name only when its digest is the one asked for.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO

from farm.files.hashing import BLOCK_BYTES, Hasher
from farm.model.errors import ServiceUnavailable, UploadElsewhere, WrongDigest
from farm.wire.link import Wire, error_of

OnBytes = Callable[[int], None]

ASKED_AT_ONCE = 5_000
SEND_SECONDS = 300.0  #: a slow disk may sync a large file for long
_SENT_AT_ONCE = 256 * 1024
_PAUSE_SECONDS = 0.5


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
                _check(answer.status, answer)

    def send_until_there(
        self, source: Path, *, digest: str, size_bytes: int, may_go_on: Callable[[], bool]
    ) -> None:
        """Send `source` however often the line breaks. Raises what `send` raises for good.

        ServiceUnavailable leaves only when `may_go_on` says no.
        """
        while True:
            try:
                there = self.missing([(digest, size_bytes)])
                if digest not in there:
                    return
                self.send(source, digest=digest, size_bytes=size_bytes, offset=there[digest])
            except (ServiceUnavailable, UploadElsewhere):
                if not may_go_on():
                    raise
                time.sleep(_PAUSE_SECONDS)

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
    """Fetch what lies at `address` of the service to `target`; see `FileWire.fetch`."""
    part = target.with_name(f".{target.name[:200]}.part")
    hasher = Hasher()
    with part.open("a+b") as file:
        file.seek(0)
        while block := file.read(BLOCK_BYTES):
            hasher.update(block)
        if hasher.size_bytes > size_bytes:
            hasher = Hasher()
            file.truncate(0)
        if hasher.size_bytes < size_bytes:
            _fetch_rest(wire, address, file, hasher, on_bytes)
        file.flush()
        os.fsync(file.fileno())
    if hasher.digest() != digest:
        part.unlink(missing_ok=True)
        raise WrongDigest(f"{target.name} came with other bytes than it should: fetch it again")
    part.replace(target)


def _fetch_rest(
    wire: Wire, address: str, file: BinaryIO, hasher: Hasher, on_bytes: OnBytes | None
) -> None:
    headers = {"Range": f"bytes={hasher.size_bytes}-"} if hasher.size_bytes else {}
    with wire.stream("GET", address, headers=headers) as answer, wire.guard():
        _check(answer.status, answer)
        if answer.status != HTTPStatus.PARTIAL_CONTENT and hasher.size_bytes:
            raise ServiceUnavailable("the service does not continue downloads: try again")
        for block in answer.stream(BLOCK_BYTES):
            file.write(block)
            hasher.update(block)
            if on_bytes is not None:
                on_bytes(len(block))


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


def _check(status: int, answer: Any) -> None:  # noqa: ANN401 - urllib3's answer
    """Raise the error that the answer tells, if it tells one."""
    if status >= 400:
        raise error_of(status, answer.read())
