"""Is an mp4 whole, and what was asked for? Told from its boxes, without decoding.

The writer puts the index in last, so a file that was not finished has none. The promise: a film
that passes has the frames, the size and the kind of pixels that every player takes, and all bytes
that its index speaks of.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from workers.images import BadImage

_CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_MOST_INDEX_BYTES = 256 * 1024 * 1024
#: H.264 profiles with 4:2:0 pixels: baseline, main, extended, high.
_PLAYABLE_PROFILES = frozenset({66, 77, 88, 100})


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieFacts:
    """What the index of the video says."""

    frames: int
    width: int
    height: int
    codec: str
    profile: int
    sample_bytes: int  #: of all its frames


def check_movie(path: Path, *, frames: int, size: tuple[int, int]) -> int:
    """Check the film at `path`: so many frames of this size; its size in bytes.

    Raises BadImage with the reason, OSError when the file cannot be read at all.
    """
    facts = read_movie(path)
    if facts.frames != frames:
        raise BadImage(f"the movie has {facts.frames} frames, not {frames}")
    if (facts.width, facts.height) != size:
        raise BadImage(
            f"the movie is {facts.width}x{facts.height}, not {size[0]}x{size[1]} as asked"
        )
    if facts.codec != "avc1" or facts.profile not in _PLAYABLE_PROFILES:
        raise BadImage(f"the movie is {facts.codec} of profile {facts.profile}, not plain H.264")
    return path.stat().st_size


def read_movie(path: Path) -> MovieFacts:
    """Raises BadImage when it is no whole mp4 with one video, OSError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return _read(file)
    except FileNotFoundError as error:
        raise BadImage("no movie was written") from error
    except (struct.error, IndexError, KeyError) as error:
        raise BadImage(f"the movie's index is damaged ({error})") from error


def _read(file: BinaryIO) -> MovieFacts:
    boxes, media_bytes = dict[bytes, bytes](), 0
    end = file.seek(0, os.SEEK_END)
    for kind, begin, size in _boxes(file, 0, end):
        if kind == b"mdat":
            media_bytes += size
        if kind == b"moov":
            if size > _MOST_INDEX_BYTES:
                raise BadImage("the movie's index is damaged")
            boxes = _video(file, begin, begin + size)
    if not boxes:
        raise BadImage("the movie was not finished: it has no index of a video")
    facts = _facts(boxes)
    if facts.sample_bytes > media_bytes:
        raise BadImage("the movie is cut off")
    return facts


def _boxes(file: BinaryIO, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, begin and size of the content of each box between two places."""
    while begin + 8 <= end:
        file.seek(begin)
        size, kind = struct.unpack(">I4s", file.read(8))
        head = 8
        if size == 1:
            (size,), head = struct.unpack(">Q", file.read(8)), 16
        size = size or end - begin
        if size < head or begin + size > end:
            raise BadImage("the movie is cut off")
        yield kind, begin + head, size - head
        begin += size


def _video(file: BinaryIO, begin: int, end: int) -> dict[bytes, bytes]:
    """The boxes that matter of the first video track; empty when there is none."""
    for kind, at, size in _boxes(file, begin, end):
        if kind == b"trak":
            found = dict(_leaves(file, at, at + size))
            if found.get(b"hdlr", b"")[8:12] == b"vide":
                return found
    return {}


def _leaves(file: BinaryIO, begin: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    for kind, at, size in _boxes(file, begin, end):
        if kind in _CONTAINERS:
            yield from _leaves(file, at, at + size)
        else:
            file.seek(at)
            yield kind, file.read(size)


def _facts(boxes: dict[bytes, bytes]) -> MovieFacts:
    described, sizes = boxes[b"stsd"], boxes[b"stsz"]
    codec = described[12:16].decode("ascii", "replace")
    width, height = struct.unpack(">HH", described[40:44])
    same, frames = struct.unpack(">II", sizes[4:12])
    each = struct.unpack(f">{frames}I", sizes[12 : 12 + 4 * frames]) if not same else ()
    settings = described.find(b"avcC")
    return MovieFacts(
        frames=frames,
        width=width,
        height=height,
        codec=codec,
        profile=described[settings + 5] if settings > 0 else 0,
        sample_bytes=same * frames if same else sum(each),
    )
