"""What a scene draws on that is not there. Runs inside Blender, where a render would go on without.

Blender leaves out a missing library, and paints a missing texture pink or not at all, and ends
with exit code 0. Nothing newer than Python 3.10: Blender's own Python runs it."""

import contextlib
import os
import re

import bpy


def missing_data() -> list[str]:
    """Every library, texture, cache and volume that is used and cannot be read."""
    return [*_libraries(), *_linked_data(), *_textures(), *_caches()]


def _libraries() -> list[str]:
    """Linked .blend files, save those that only brushes come from: they do not render."""
    return [
        f"library {library.filepath}"
        for library in bpy.data.libraries
        if not _library_there(library)
        and any(not isinstance(one, bpy.types.Brush) for one in library.users_id)
    ]


def _linked_data() -> list[str]:
    """What a library that is there no longer has."""
    collections = (one for one in bpy.data.bl_rna.properties if one.type == "COLLECTION")
    return [
        f"{type(one).__name__.lower()} {one.name} in library {one.library.filepath}"
        for collection in collections
        for one in getattr(bpy.data, collection.identifier)
        if one.library
        and getattr(one, "is_missing", False)
        and not isinstance(one, bpy.types.Brush)
        and _library_there(one.library)
    ]


def _library_there(library: bpy.types.Library) -> bool:
    if getattr(library, "packed_file", None):
        return True
    return readable(bpy.path.abspath(library.filepath, library=library.parent))


def _textures() -> list[str]:
    return [
        f"texture {image.filepath or image.name}"
        for image in bpy.data.images
        if image.users > int(image.use_fake_user)
        and image.source in {"FILE", "SEQUENCE", "MOVIE", "TILED"}
        and not (image.packed_file or len(image.packed_files))
        and not all(_there(path, image.source == "SEQUENCE") for path in _image_paths(image))
    ]


def _caches() -> list[str]:
    kinds = (("cache", bpy.data.cache_files), ("volume", bpy.data.volumes))
    return [
        f"{kind} {one.filepath}"
        for kind, collection in kinds
        for one in collection
        if one.users
        and not getattr(one, "packed_file", None)
        and not _there(bpy.path.abspath(one.filepath, library=one.library), one.is_sequence)
    ]


def _image_paths(image: bpy.types.Image) -> list[str]:
    """The image's file, or one for each of its tiles."""
    path: str = bpy.path.abspath(image.filepath, library=image.library)
    if image.source != "TILED":
        return [path]
    return [
        path.replace("<UDIM>", str(number)).replace(
            "<UVTILE>", f"u{(number - 1001) % 10 + 1}_v{(number - 1001) // 10 + 1}"
        )
        for number in (tile.number for tile in image.tiles)
    ]


def _there(path: str, sequence: bool) -> bool:
    """Is the file there? Of a sequence, any of its files will do."""
    if readable(path) or not sequence:
        return readable(path)
    folder, name = os.path.split(path)
    shape = re.compile(re.sub(r"\d+", r"\\d+", re.escape(name)))
    with contextlib.suppress(OSError):
        return any(shape.fullmatch(other) for other in os.listdir(folder))
    return False


def readable(path: str) -> bool:
    """Is there a file with something in it, and may we read it?"""
    with contextlib.suppress(OSError):
        return os.path.getsize(path) > 0 and os.access(path, os.R_OK)
    return False
