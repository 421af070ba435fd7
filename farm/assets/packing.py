"""How .blend files are packed: plain, gzip or zstd; the same data always gives the same bytes."""

import gzip
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import IO, cast

from zstandard import ZstdCompressor, ZstdDecompressor

_FRAME_BYTES = 1024 * 1024  # as Blender: it can then jump to any part of the file
_GZIP_LEVEL, _ZSTD_LEVEL = 1, 3  # as Blender


class Packing(Enum):
    """How a .blend is packed, by the bytes that it begins with."""

    PLAIN = b"BLENDER"
    GZIP = b"\x1f\x8b"
    ZSTD = b"\x28\xb5\x2f\xfd"


def packing_of(file: Path) -> Packing | None:
    """How `file` is packed; None when it is no .blend. Raises OSError."""
    with file.open("rb") as opened:
        start = opened.read(8)
    return next((one for one in Packing if start.startswith(one.value)), None)


@contextmanager
def unpacked(file: Path) -> Iterator[IO[bytes]]:
    """The plain bytes of `file`, to be read from front to back."""
    packing = packing_of(file)
    with file.open("rb") as opened:
        if packing is Packing.GZIP:
            with gzip.GzipFile(fileobj=opened) as stream:
                yield cast("IO[bytes]", stream)
        elif packing is Packing.ZSTD:
            with ZstdDecompressor().stream_reader(opened, read_across_frames=True) as stream:
                yield stream
        else:
            yield opened


@contextmanager
def packed(target: Path, packing: Packing | None) -> Iterator[Callable[[bytes], object]]:
    """Write to `target` what the block is given a function for."""
    with target.open("wb") as file:
        if packing is Packing.GZIP:
            with gzip.GzipFile(
                fileobj=file, mode="wb", compresslevel=_GZIP_LEVEL, mtime=0, filename=""
            ) as stream:
                yield stream.write
        elif packing is Packing.ZSTD:
            frames = _Frames(file)
            yield frames.write
            frames.finish()
        else:
            yield file.write


class _Frames:
    """zstd in frames of one size, with a table of them at the end: zstd's "seekable format"."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._compressor = ZstdCompressor(level=_ZSTD_LEVEL)
        self._waiting = bytearray()
        self._table: list[tuple[int, int]] = []

    def write(self, data: bytes) -> None:
        self._waiting += data
        while len(self._waiting) >= _FRAME_BYTES:
            self._frame(bytes(self._waiting[:_FRAME_BYTES]))
            del self._waiting[:_FRAME_BYTES]

    def _frame(self, data: bytes) -> None:
        frame = self._compressor.compress(data)
        self._file.write(frame)
        self._table.append((len(frame), len(data)))

    def finish(self) -> None:
        if self._waiting:
            self._frame(bytes(self._waiting))
        rows = b"".join(struct.pack("<II", *row) for row in self._table)
        foot = struct.pack("<IBI", len(self._table), 0, 0x8F92EAB1)
        self._file.write(struct.pack("<II", 0x184D2A5E, len(rows) + len(foot)) + rows + foot)
