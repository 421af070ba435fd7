"""Writes a .blend again with other paths in it, and everything else as it was.

It knows no kinds of data: whatever text holds the path of a file that is sent is changed. The same
file with the same paths gives the same bytes, packed as the original was.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from farm.assets.packing import packed, packing_of, unpacked
from farm.assets.telling import printable
from farm.assets.tracing.model import PathText
from farm.assets.tracing.paths import resolve
from farm.model.errors import BadScene

_COPY_BYTES = 1024 * 1024


class NewPath(Protocol):
    """How a path is to be written."""

    def __call__(self, path: str, written: str, *, folder: bool) -> str | None:
        """How to write the absolute `path`, now `written`, of a file, pattern or folder of files;
        `folder`: of the folder alone, whose files are named elsewhere. None: as it is."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _Edit:
    """These bytes instead of so many of the file's."""

    offset: int
    length: int
    data: bytes


def rewrite(blend: str, texts: Iterable[PathText], target: Path, new_path: NewPath) -> bool:
    """Write `blend` to `target` with each of its `texts` as `new_path` says. False, and nothing
    written, when none changes.

    Raises BadScene when a new path does not fit where the old one is, or the file is not any more
    what it was.
    """
    edits = sorted(set(_edits(blend, texts, new_path)))
    if not edits:
        return False
    try:
        with packed(target, packing_of(Path(blend))) as write, unpacked(Path(blend)) as stream:
            for data in _spliced(stream, edits):
                write(data)
    except EOFError as error:
        raise BadScene(
            f"scene {printable(blend)} was cut short while it was read: try again"
        ) from error
    return True


def _edits(blend: str, texts: Iterable[PathText], new_path: NewPath) -> Iterator[_Edit]:
    folder = os.path.dirname(blend)
    for text in texts:
        written = os.fsdecode(text.value)
        changed = new_path(resolve(written, folder), written, folder=text.is_folder)
        if changed is None:
            continue
        if text.is_folder and changed != "//":
            changed += "/"
        yield from _edits_of(blend, text, os.fsencode(changed))


def _edits_of(blend: str, text: PathText, new: bytes) -> Iterator[_Edit]:
    if text.length is not None:
        data = new + bytes(4 - len(new) % 4)  # ends with a zero, and blocks come in fours
        length = text.length.written(len(data))
        yield _Edit(offset=text.start, length=text.room, data=data)
        yield _Edit(offset=text.length.start, length=len(length), data=length)
        return
    if len(new) >= text.room:
        long = printable(os.fsdecode(new))
        raise BadScene(
            f"scene {printable(blend)}: the path {long:.120} is too long for Blender, which takes "
            f"{text.room - 1} bytes here: shorten the names of folders"
        )
    yield _Edit(offset=text.start, length=text.room, data=new.ljust(text.room, b"\0"))


def _spliced(stream: IO[bytes], edits: list[_Edit]) -> Iterator[bytes]:
    """All of `stream`, with `edits` made."""
    at = 0
    for edit in edits:
        yield from _read(stream, edit.offset - at)
        yield edit.data
        for _ in _read(stream, edit.length):
            pass
        at = edit.offset + edit.length
    while data := stream.read(_COPY_BYTES):
        yield data


def _read(stream: IO[bytes], count: int) -> Iterator[bytes]:
    while count > 0:
        data = stream.read(min(count, _COPY_BYTES))
        if not data:
            raise EOFError
        count -= len(data)
        yield data
