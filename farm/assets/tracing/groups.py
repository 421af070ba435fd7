"""A .blend as its data-blocks: each with the parts that were saved behind it.

What one data-block points to, and what its parts hold, is read by the layout that the file itself
describes. So it holds for every Blender, and for kinds of data nobody has named yet.
"""

import functools
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from blender_asset_tracer.blendfile import BlendFile, BlendFileBlock
from blender_asset_tracer.blendfile.dna import Field, Struct

from farm.assets.blocks import SHORTEST_PATH_FIELD

_LONGEST_TEXT = 4096
_ID = b"ID"
#: Pointers to data-blocks that are declared as pointers to nobody knows what.
_UNTYPED = {(b"IDPropertyData", b"pointer"), (b"Object", b"data")}


@dataclass(slots=True)
class Group:
    """A data-block and its parts."""

    head: BlendFileBlock
    parts: list[BlendFileBlock] = field(default_factory=list)
    _by_address: dict[int, BlendFileBlock] = field(default_factory=dict)

    def blocks(self) -> Iterator[BlendFileBlock]:
        yield self.head
        yield from self.parts

    def of_type(self, name: bytes) -> Iterator[BlendFileBlock]:
        """Its blocks that hold structs of type `name`."""
        return (block for block in self.blocks() if block.dna_type_id == name)

    def at(self, address: int) -> BlendFileBlock | None:
        """Its part that was at `address`. Addresses hold within a data-block only."""
        if not self._by_address:
            self._by_address = {part.addr_old: part for part in self.parts}
        return self._by_address.get(address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What matters of a struct: where it points to data-blocks, and where it holds text."""

    pointers: tuple[int, ...] = ()  #: offsets of pointers to data-blocks
    arrays: tuple[int, ...] = ()  #: offsets of pointers to arrays of those
    texts: tuple[tuple[int, int], ...] = ()  #: offset and room of text that may be a path
    text_pointers: tuple[int, ...] = ()  #: offsets of pointers to text


@dataclass(frozen=True, slots=True)
class Text:
    """A text in a .blend that may be a path."""

    block: BlendFileBlock
    offset: int  #: in the block
    room: int  #: bytes that it can have, with the zero at its end; 0: it fills the block
    value: bytes


class Groups:
    """All data-blocks of an open .blend."""

    def __init__(self, blend: BlendFile) -> None:
        self.blend = blend
        self.by_address: dict[int, Group] = {}
        self.all: list[Group] = []
        for block in blend.blocks:
            if block.code != b"DATA":
                self.all.append(Group(block))
                self.by_address[block.addr_old] = self.all[-1]
            elif self.all:
                self.all[-1].parts.append(block)
        endian = blend.header.endian_str.decode()
        self._pointer = struct.Struct(endian + ("Q" if blend.header.pointer_size == 8 else "I"))
        self.layout = functools.cache(self._layout)

    def targets(self, group: Group) -> Iterator[Group]:
        """The data-blocks that `group` points to."""
        for address in self._addresses(group):
            found = self.by_address.get(address)
            if found is not None and found is not group:
                yield found

    def _addresses(self, group: Group) -> Iterator[int]:
        for block in group.blocks():
            layout = self.layout(block.sdna_index)
            if not layout.pointers and not layout.arrays:
                continue
            data = block.raw_data()
            for base in self._bases(block, data):
                for offset in layout.pointers:
                    yield self._read(data, base + offset)
                for offset in layout.arrays:
                    array = group.at(self._read(data, base + offset))
                    if array is not None:
                        yield from self._array(array)

    def _array(self, array: BlendFileBlock) -> Iterator[int]:
        data = array.raw_data()
        whole = len(data) - len(data) % self._pointer.size
        return (address for (address,) in self._pointer.iter_unpack(data[:whole]))

    def texts(self, group: Group) -> Iterator[Text]:
        """Every text of `group` that has the room of a path."""
        seen: set[int] = set()
        for block in group.blocks():
            layout = self.layout(block.sdna_index)
            if not layout.texts and not layout.text_pointers:
                continue
            data = block.raw_data()
            for base in self._bases(block, data):
                for offset, room in layout.texts:
                    at = base + offset
                    yield Text(block, at, room, data[at : at + room].split(b"\0", 1)[0])
                for offset in layout.text_pointers:
                    seen.add(self._read(data, base + offset))
        for part in group.parts:
            if part.addr_old in seen and part.size <= _LONGEST_TEXT:
                yield Text(part, 0, 0, part.as_bytes_string())

    def _read(self, data: bytes, offset: int) -> int:
        return int(self._pointer.unpack_from(data, offset)[0])

    def _bases(self, block: BlendFileBlock, data: bytes) -> range:
        """Where each struct of `block` begins."""
        size = max(1, block.dna_type.size)
        return range(0, count_of(block) * size if len(data) == block.size else 0, size)

    def _layout(self, index: int) -> Layout:
        if index == 0 and self.blend.structs[0].dna_type_id != _ID:
            return Layout()  # plain bytes, whatever the file's first struct is
        return self._of_struct(self.blend.structs[index], 0)

    def _of_struct(self, dna: Struct, base: int) -> Layout:
        found: list[Layout] = [
            self._of_field(dna, one, base + one.offset) for one in dna.fields if one.size
        ]
        return Layout(
            pointers=tuple(offset for one in found for offset in one.pointers),
            arrays=tuple(offset for one in found for offset in one.arrays),
            texts=tuple(text for one in found for text in one.texts),
            text_pointers=tuple(offset for one in found for offset in one.text_pointers),
        )

    def _of_field(self, dna: Struct, one: Field, base: int) -> Layout:
        if one.name.is_method_pointer:
            return Layout()
        if one.offset + one.size > dna.size:
            raise ValueError(f"{one} is larger than the {dna} that it is part of")
        if one.name.is_pointer:
            return self._of_pointer(dna, one, base)
        kind = one.dna_type
        if kind.dna_type_id == b"char":
            wide = one.size >= SHORTEST_PATH_FIELD
            return Layout(texts=((base, one.size),)) if wide else Layout()
        if not kind.fields:
            return Layout()
        inner = [self._of_struct(kind, base + at) for at in range(0, one.size, kind.size)]
        return Layout(
            pointers=tuple(offset for each in inner for offset in each.pointers),
            arrays=tuple(offset for each in inner for offset in each.arrays),
            texts=tuple(text for each in inner for text in each.texts),
            text_pointers=tuple(offset for each in inner for offset in each.text_pointers),
        )

    def _of_pointer(self, dna: Struct, one: Field, base: int) -> Layout:
        kind, name = one.dna_type, one.name.name_full
        offsets = tuple(range(base, base + one.size, self._pointer.size))
        if name.startswith(b"**"):
            return Layout(arrays=offsets) if _is_data_block(kind) else Layout()
        if kind.dna_type_id == b"char":
            return Layout(text_pointers=offsets)
        untyped = (dna.dna_type_id, one.name.name_only) in _UNTYPED
        return Layout(pointers=offsets) if untyped or _is_data_block(kind) else Layout()


def count_of(block: BlendFileBlock) -> int:
    """How many structs `block` holds, whatever a damaged file claims."""
    size = block.dna_type.size
    return int(min(block.count, block.size // size)) if size else 0


def _is_data_block(kind: Struct) -> bool:
    """Is it ID, or a struct that begins with one?"""
    first = kind.fields[0] if kind.fields else None
    return kind.dna_type_id == _ID or (
        first is not None and first.dna_type.dna_type_id == _ID and first.name.name_full == b"id"
    )
