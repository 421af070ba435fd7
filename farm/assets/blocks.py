"""The list of blocks in a .blend, read fast and without trusting it.

A mesh with weights has a block for each of its points: millions that hold nothing but numbers.
Those are stepped over, so that the largest scenes are read in seconds and in little memory.
"""

from array import array
from dataclasses import dataclass, field
from typing import IO

from blender_asset_tracer.blendfile import BlendFile, BlendFileBlock
from blender_asset_tracer.blendfile.dna import Struct

SHORTEST_PATH_FIELD = 200  #: bytes; Blender's own hold 255 and more
_WINDOW_BYTES = 256 * 1024
_RAW = 0  # the number that plain bytes have in place of a struct's


@dataclass(slots=True)
class _Heads:
    """Where each block's head is, and which struct it holds; flat, for there may be millions."""

    places: "array[int]" = field(default_factory=lambda: array("q"))
    kinds: "array[int]" = field(default_factory=lambda: array("i"))
    plain: "array[int]" = field(default_factory=lambda: array("b"))  #: is it a DATA block?


def load_blocks(blend: BlendFile) -> int:
    """Fill `blend`'s lists of blocks and structs; returns where its last block ends.

    Raises ValueError, or what the reader raises, for a damaged file.
    """
    heads, end = _heads(blend)
    for place, plain in zip(heads.places, heads.plain, strict=True):
        if not plain:
            block = _block_at(blend, place)
            if block.code == b"DNA1":
                blend.decode_structs(block)
            elif block.code == b"GLOB":
                blend.decode_glob(block)
    wanted = _wanted(blend.structs)
    for place, kind, plain in zip(heads.places, heads.kinds, heads.plain, strict=True):
        if not plain or kind in wanted:
            block = _block_at(blend, place)
            blend.blocks.append(block)
            blend.code_index[block.code].append(block)
            blend.block_from_addr[block.addr_old] = block
    return end


def _block_at(blend: BlendFile, place: int) -> BlendFileBlock:
    blend.fileobj.seek(place)
    return BlendFileBlock(blend)


def _heads(blend: BlendFile) -> tuple[_Heads, int]:
    """The heads of all blocks, and where the last one ends."""
    head = blend.block_header_struct
    large = blend.header.file_format_version > 0
    code_at, kind_at, size_at = (0, 1, 3) if large else (0, 3, 1)
    found, window, start = _Heads(), b"", 0
    place: int = blend.fileobj.tell()
    while True:
        if not start <= place <= start + len(window) - head.size:
            start, window = place, _read_at(blend.fileobj, place)
            if len(window) < head.size:
                return found, place
        row = head.unpack_from(window, place - start)
        code = row[code_at]
        if code == b"ENDB":
            return found, place
        if row[size_at] < 0:  # stepping over it would lead back to itself
            raise ValueError(f"block of {row[size_at]} bytes")
        found.places.append(place)
        found.kinds.append(row[kind_at])
        found.plain.append(code == b"DATA")
        place += head.size + row[size_at]


def _read_at(file: IO[bytes], place: int) -> bytes:
    file.seek(place)
    return file.read(_WINDOW_BYTES)


def _wanted(structs: list[Struct]) -> frozenset[int]:
    """The numbers of those structs that point to something or may hold a path, and of bytes."""
    known: dict[int, bool] = {}
    told = {number for number, one in enumerate(structs) if _tells(one, known)}
    return frozenset(told | {_RAW})


def _tells(struct: Struct, known: dict[int, bool]) -> bool:
    key = id(struct)
    if key not in known:
        known[key] = False  # one that holds itself is damaged, and no endless matter
        known[key] = any(
            one.name.is_pointer
            or (one.dna_type.dna_type_id == b"char" and one.size >= SHORTEST_PATH_FIELD)
            or _tells(one.dna_type, known)
            for one in struct.fields
        )
    return known[key]
