"""Every text in a .blend that may be a path, and where in the file it stands."""

from collections.abc import Iterator

from blender_asset_tracer.blendfile import BlendFile, BlendFileBlock

from farm.assets.tracing.groups import Groups, Text
from farm.assets.tracing.mentions import READ_TYPES
from farm.assets.tracing.model import LengthField, PathText
from farm.assets.tracing.paths import is_pathlike

_STRIP = b"Strip"


def path_texts(groups: Groups) -> Iterator[PathText]:
    """All of them, in no order."""
    for group in groups.all:
        if group.head.code == b"GLOB":  # where the file was saved, of no matter
            continue
        for text in groups.texts(group):
            if text.value and _counts(text):
                block = text.block
                yield PathText(
                    value=text.value,
                    start=block.file_offset + text.offset,
                    room=text.room or block.size,
                    length=None if text.room else _length_of(groups.blend, block),
                    is_folder=block.dna_type_id == _STRIP,
                )


def _counts(text: Text) -> bool:
    """May this text be a path that Blender opens?"""
    kind = text.block.dna_type_id
    if kind == b"Library":  # its other path is set anew when it is loaded
        return bool(text.offset == text.block.dna_type.field_from_path(8, b"name")[1])
    return is_pathlike(text.value) or kind in READ_TYPES


def _length_of(blend: BlendFile, block: BlendFileBlock) -> LengthField:
    head = block.file_offset - blend.block_header_struct.size
    if blend.header.file_format_version:  # code, kind, address, then the length in 8 bytes
        return LengthField(start=head + 16, form="<q")
    return LengthField(start=head + 4, form=blend.header.endian_str.decode() + "i")
