"""The farm's content store as a node reaches it, for one job: over HTTP, or as a folder it sees.

Files come from it by digest and are never believed before they were verified; images go to it, and
become a frame's image only by the settle that names their digest.
"""

import contextlib
from http import HTTPStatus
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlencode

from farm.files.content import ContentStore
from farm.files.hashing import hash_file
from farm.model.errors import (
    NotFound,
    ServiceUnavailable,
    StorageFull,
    UploadElsewhere,
    WrongDigest,
    WrongOffset,
)
from farm.wire import FileWire, Wire
from farm.wire.link import error_of
from workers.orders import Orders
from workers.renderer import Tell

RETRY_SECONDS = 0.5
SHORT_SECONDS = 20.0  #: for a thumbnail or a log, without which a frame is a frame all the same
_WRONG_TRIES = 3  #: so often bytes may get damaged on their way


class JobFiles(Protocol):
    """The files of one job. Methods raise FarmError, OSError."""

    def path_of(self, digest: str) -> Path | None:
        """Where this node sees the file; None when it has to be fetched."""
        ...

    def wire_of(self) -> FileWire:
        """By which files are fetched, where this node sees none."""
        ...

    def keep(self, image: Path, orders: Orders, tell: Tell) -> str:
        """Bring an image to the farm, however long that takes; its digest. Raises Stopped."""
        ...

    def put_thumbnail(self, layer: str, frame: int, data: bytes) -> None:
        """Let a frame have this small JPEG."""
        ...

    def get_thumbnail(self, layer: str, frame: int) -> bytes | None:
        """A frame's small JPEG, if it has one."""
        ...

    def put_log(self, layer: str, frame: int, attempt: int, data: bytes) -> None:
        """Let people read what an attempt's renderer wrote."""
        ...


class SeenFiles:
    """Of a node that sees the content store's folder."""

    def __init__(self, store: ContentStore, job: str) -> None:
        self._store = store
        self._job = job

    def path_of(self, digest: str) -> Path:
        return self._store.path_of(digest)

    def wire_of(self) -> FileWire:
        raise AssertionError("files that are seen are not fetched")

    def keep(self, image: Path, orders: Orders, tell: Tell) -> str:
        while True:
            try:
                return self._store.add_file(image)
            except StorageFull as error:
                tell(f"waiting: {error}")
                orders.heed_kill(RETRY_SECONDS)

    def put_thumbnail(self, layer: str, frame: int, data: bytes) -> None:
        self._store.put(self._store.thumbnail_path(self._job, layer, frame), data)

    def get_thumbnail(self, layer: str, frame: int) -> bytes | None:
        with contextlib.suppress(FileNotFoundError):
            return self._store.thumbnail_path(self._job, layer, frame).read_bytes()
        return None

    def put_log(self, layer: str, frame: int, attempt: int, data: bytes) -> None:
        self._store.put(self._store.log_path(self._job, layer, frame, attempt), data)


class WiredFiles:
    """Of a node that reaches the farm's service only."""

    def __init__(self, wire: Wire, job: str) -> None:
        self._wire = wire
        self._base = f"/jobs/{quote(job, safe='')}"
        self._files = FileWire(wire, f"{self._base}/files")

    def path_of(self, digest: str) -> Path | None:  # noqa: ARG002 - wherever it is, not here
        return None

    def wire_of(self) -> FileWire:
        return self._files

    def keep(self, image: Path, orders: Orders, tell: Tell) -> str:
        wrong = 0
        digest, size = hash_file(image)
        while True:
            try:
                self._send(image, digest, size, orders)
            except (ServiceUnavailable, StorageFull) as error:
                tell(f"waiting to send the image: {error}")
                orders.heed_kill(RETRY_SECONDS)
            except (UploadElsewhere, WrongOffset):  # an earlier try of ours, not heard of its end
                orders.heed_kill(RETRY_SECONDS)
            except WrongDigest:
                wrong += 1
                if wrong >= _WRONG_TRIES:
                    raise
            else:
                return digest

    def _send(self, image: Path, digest: str, size: int, orders: Orders) -> None:
        there = self._files.missing([(digest, size)])
        if digest in there:
            self._files.send(
                image,
                digest=digest,
                size_bytes=size,
                offset=there[digest],
                on_bytes=lambda _: orders.heed_kill(),
            )

    def put_thumbnail(self, layer: str, frame: int, data: bytes) -> None:
        self._put(f"frames/{frame}/thumbnail?{urlencode({'layer': layer})}", data, "image/jpeg")

    def get_thumbnail(self, layer: str, frame: int) -> bytes | None:
        target = f"{self._base}/frames/{frame}/thumbnail?{urlencode({'layer': layer})}"
        with (
            self._wire.stream("GET", target, read_seconds=SHORT_SECONDS) as answer,
            self._wire.guard(),
        ):
            data = answer.read()
            if answer.status < HTTPStatus.BAD_REQUEST:
                return bytes(data)
        error = error_of(answer.status, data)
        if isinstance(error, NotFound):
            return None
        raise error

    def put_log(self, layer: str, frame: int, attempt: int, data: bytes) -> None:
        asked = urlencode({"layer": layer, "attempt": attempt})
        self._put(f"frames/{frame}/log?{asked}", data, "text/plain; charset=utf-8")

    def _put(self, target: str, data: bytes, kind: str) -> None:
        headers = {"Content-Type": kind, "Idempotency-Key": target}
        path = f"{self._base}/{target}"
        with (
            self._wire.stream(
                "PUT", path, body=data, headers=headers, read_seconds=SHORT_SECONDS
            ) as answer,
            self._wire.guard(),
        ):
            told = answer.read()  # else the line cannot be used again
            if answer.status >= HTTPStatus.BAD_REQUEST:
                raise error_of(answer.status, told)
