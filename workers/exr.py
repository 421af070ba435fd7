"""Is an OpenEXR file whole? Told from its header and its table of chunks, without decoding pixels.

A writer fills the table in last, so a table with a hole, or a chunk that ends after the file does,
is a file that was not finished. Reads scan line, tiled, deep and multi-part files."""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_MAGIC = 20000630
_TILED, _LONG_NAMES, _DEEP, _MULTIPART = 0x200, 0x400, 0x800, 0x1000
#: Lines in a chunk, by the number of the compression: none, RLE, ZIPS, ZIP, PIZ, PXR24, B44, …
_LINES = (1, 1, 1, 16, 32, 16, 32, 32, 32, 256, 32, 256)
_LONGEST_ATTRIBUTE = 64 * 1024 * 1024


class BrokenExr(Exception):
    """The file is not a whole OpenEXR image; the message says in what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExrFacts:
    """What the header says."""

    data_size: tuple[int, int]
    display_size: tuple[int, int]
    channels: tuple[str, ...]
    parts: int


def read_exr(path: Path) -> ExrFacts:
    """Check that the file is whole. Raises BrokenExr, or OSError when it cannot be read."""
    with path.open("rb") as file:
        try:
            magic, flags = struct.unpack("<II", _take(file, 8))
            if magic != _MAGIC:
                raise BrokenExr("is not an OpenEXR file")
            parts = _headers(file, multipart=bool(flags & _MULTIPART))
            starts = [_check_chunks(file, part, flags) for part in parts]
            for part, start in zip(parts, starts, strict=True):
                _check_last_chunk(file, start, part, flags)
            first = parts[0]
            return ExrFacts(
                data_size=_window(first, "dataWindow"),
                display_size=_window(first, "displayWindow"),
                channels=_channels(first.get("channels", b"")),
                parts=len(parts),
            )
        except (struct.error, KeyError, IndexError, ZeroDivisionError) as error:
            raise BrokenExr(f"has a broken header ({error})") from error


def _headers(file: BinaryIO, *, multipart: bool) -> list[dict[str, bytes]]:
    parts: list[dict[str, bytes]] = []
    while True:
        header = _header(file)
        if not header:  # an empty one ends a multi-part file's headers
            break
        parts.append(header)
        if not multipart:
            break
    if not parts:
        raise BrokenExr("has no header")
    return parts


def _header(file: BinaryIO) -> dict[str, bytes]:
    attributes: dict[str, bytes] = {}
    while name := _text(file):
        _text(file)  # its type
        (length,) = struct.unpack("<I", _take(file, 4))
        if length > _LONGEST_ATTRIBUTE:
            raise BrokenExr("has a broken header")
        attributes[name] = _take(file, length)
    return attributes


def _text(file: BinaryIO) -> str:
    found = bytearray()
    while (byte := _take(file, 1)) != b"\0":
        found += byte
        if len(found) > 255:
            raise BrokenExr("has a broken header")
    return found.decode("utf-8", "replace")


def _take(file: BinaryIO, length: int) -> bytes:
    data = file.read(length)
    if len(data) < length:
        raise BrokenExr("is cut off")
    return data


def _window(header: Mapping[str, bytes], name: str) -> tuple[int, int]:
    left, top, right, bottom = struct.unpack("<4i", header[name])
    if right < left or bottom < top:
        raise BrokenExr(f"has an empty {name}")
    return right - left + 1, bottom - top + 1


def _channels(data: bytes) -> tuple[str, ...]:
    names = []
    while data and data[0]:
        name, _, rest = data.partition(b"\0")
        names.append(name.decode("utf-8", "replace"))
        data = rest[16:]  # pixel type, flags and sampling of the channel
    return tuple(names)


def _chunk_count(header: Mapping[str, bytes], flags: int) -> int:
    if "chunkCount" in header:
        (count,) = struct.unpack("<i", header["chunkCount"])
        return int(count)
    width, height = _window(header, "dataWindow")
    if flags & _TILED:
        tile_width, tile_height, mode = struct.unpack("<IIB", header["tiles"])
        if mode & 0xF:  # levels of detail: at least the full-size one must be whole
            return 1
        across, down = math.ceil(width / tile_width), math.ceil(height / tile_height)
        return int(across * down)
    lines: int = _LINES[header["compression"][0]]
    return math.ceil(height / lines)


def _check_chunks(file: BinaryIO, header: Mapping[str, bytes], flags: int) -> int:
    """Each chunk has its place in the file. Returns where the last one begins."""
    count = _chunk_count(header, flags)
    if count < 1:
        raise BrokenExr("has a broken header")
    offsets: tuple[int, ...] = struct.unpack(f"<{count}Q", _take(file, 8 * count))
    if not all(offsets):
        raise BrokenExr(f"was not finished: {offsets.count(0)} of its {count} chunks are missing")
    return max(offsets)


def _check_last_chunk(file: BinaryIO, start: int, header: Mapping[str, bytes], flags: int) -> None:
    """The chunk ends where the file does, or before."""
    kind = header.get("type", b"")
    before = 4 * bool(flags & _MULTIPART)  # the part's number
    before += 16 if flags & _TILED or kind.startswith((b"tiled", b"deeptile")) else 4  # its place
    file.seek(start + before)
    if flags & _DEEP or kind.startswith(b"deep"):
        table, pixels = struct.unpack("<QQ", _take(file, 16))
        length = 8 + table + pixels
    else:
        (length,) = struct.unpack("<I", _take(file, 4))
    if file.tell() + length > file.seek(0, 2):
        raise BrokenExr("is cut off")
