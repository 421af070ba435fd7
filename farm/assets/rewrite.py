"""Writes a .blend again with other paths in it, and everything else as it was.

It knows no kinds of data: whatever text field, by the layout that the file itself describes, holds
the path of a file that is sent, is changed. The same file with the same paths gives the same
bytes, packed as the original was.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from blender_asset_tracer.blendfile import BlendFile, BlendFileBlock

from farm.assets.blend import opened_blend
from farm.assets.packing import packed, packing_of
from farm.assets.tracing.groups import Groups, Text
from farm.assets.tracing.mentions import READ_TYPES
from farm.assets.tracing.paths import is_pathlike, resolve
from farm.model.errors import BadScene

_COPY_BYTES = 1024 * 1024
_STRIP = b"Strip"


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


def rewrite(blend: str, target: Path, new_path: NewPath) -> bool:
    """Write `blend` to `target` with each path as `new_path` says. False, and nothing written,
    when no path changes.

    Raises BadScene, also when a new path does not fit where the old one is.
    """
    with opened_blend(Path(blend)) as opened:
        edits = sorted(set(_edits(opened, blend, new_path)))
        if not edits:
            return False
        with packed(target, packing_of(Path(blend))) as write:
            for data in _spliced(opened, edits):
                write(data)
    return True


def _edits(opened: BlendFile, blend: str, new_path: NewPath) -> Iterator[_Edit]:
    folder = os.path.dirname(blend)
    groups = Groups(opened)
    for group in groups.all:
        if group.head.code == b"GLOB":  # where the file was saved, of no matter
            continue
        for text in groups.texts(group):
            if not text.value or not _counts(text):
                continue
            written = os.fsdecode(text.value)
            is_strip = text.block.dna_type_id == _STRIP
            changed = new_path(resolve(written, folder), written, folder=is_strip)
            if changed is not None:
                new = os.fsencode(changed.rstrip("/") + "/" if is_strip else changed)
                yield from _edits_of(opened, text, b"//" if new == b"/" else new, blend)


def _counts(text: Text) -> bool:
    """May this text be a path that Blender opens?"""
    kind = text.block.dna_type_id
    if kind == b"Library":  # its other path is set anew when it is loaded
        return bool(text.offset == text.block.dna_type.field_from_path(8, b"name")[1])
    return is_pathlike(text.value) or kind in READ_TYPES


def _edits_of(opened: BlendFile, text: Text, new: bytes, blend: str) -> Iterator[_Edit]:
    start = text.block.file_offset + text.offset
    if text.room:
        if len(new) >= text.room:
            raise BadScene(
                f"scene {blend}: the path {os.fsdecode(new):.120} is too long for Blender, "
                f"which takes {text.room - 1} bytes here: shorten the names of folders"
            )
        yield _Edit(offset=start, length=text.room, data=new.ljust(text.room, b"\0"))
        return
    data = new + bytes(4 - len(new) % 4)  # ends with a zero, and blocks come in fours
    yield _Edit(offset=start, length=text.block.size, data=data)
    yield _length_of(opened, text.block, len(data))


def _length_of(opened: BlendFile, block: BlendFileBlock, size: int) -> _Edit:
    """The edit that says in the head of `block` how long it is now."""
    head = opened.block_header_struct
    start = block.file_offset - head.size
    if opened.header.file_format_version:  # code, kind, address, then the length in 8 bytes
        return _Edit(offset=start + 16, length=8, data=struct.pack("<q", size))
    data = struct.pack(opened.header.endian_str.decode() + "i", size)
    return _Edit(offset=start + 4, length=4, data=data)


def _spliced(opened: BlendFile, edits: list[_Edit]) -> Iterator[bytes]:
    """The unpacked bytes of the file, with `edits` made."""
    file = opened.fileobj
    at = 0
    for edit in edits:
        yield from _copied(file, at, edit.offset - at)
        yield edit.data
        at = edit.offset + edit.length
    yield from _copied(file, at, file.seek(0, os.SEEK_END) - at)


def _copied(file: IO[bytes], start: int, count: int) -> Iterator[bytes]:
    file.seek(start)
    while count > 0:
        data = file.read(min(count, _COPY_BYTES))
        if not data:
            raise EOFError
        count -= len(data)
        yield data
