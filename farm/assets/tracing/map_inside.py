"""Asks Blender itself which files scenes name. Runs inside Blender, as a process of its own.

Started as `python map_inside.py -- ANSWER SCENE...` or `blender --python map_inside.py -- …`: opens
each SCENE, runs none of its Python, and writes what it found to ANSWER as JSON. Ends with its
parent. Nothing newer than Python 3.10: Blender's own Python runs it.
"""

import ctypes
import json
import os
import signal
import sys
from typing import Any

import bpy

_OCEAN_PARTS = ("disp", "norm", "foam", "spray")
_FLUID_PARTS = ("config", "data", "guiding", "mesh", "noise", "particles", "script")
_PR_SET_PDEATHSIG = 1


def main(answer: str, *scenes: str) -> None:
    """Write the mentions in each of `scenes`, or why there are none, to the file `answer`."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    told = [look_into(scene) for scene in scenes]
    with open(answer, "w", encoding="ascii") as file:
        json.dump(told, file)


def look_into(scene: str) -> dict[str, Any]:
    """The mentions in `scene`, or why there are none."""
    try:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.context.preferences.filepaths.use_scripts_auto_execute = False
        bpy.ops.wm.open_mainfile(filepath=scene, load_ui=False, use_scripts=False)
        return {"mentions": mentions(scene)}
    except (RuntimeError, AttributeError, TypeError) as error:
        return {"failed": " ".join(str(error).split())}


def mentions(scene: str) -> list[dict[str, Any]]:
    """Every path that matters: what it is for, which data-block of which .blend names it."""
    needed = set(bpy.data.libraries) - _only_for_brushes()
    found = []
    for one, paths in bpy.data.file_path_map(include_libraries=True).items():
        if isinstance(one, (bpy.types.Brush, bpy.types.Text)):
            continue  # neither renders; a text is kept in the scene
        if isinstance(one, bpy.types.Library):
            if one in needed:
                found.append(_library(one, scene))
            continue
        if one.library is not None and one.library not in needed:
            continue
        owners = {one.library.filepath} if one.library else set()
        place = _place(one.library, scene)
        kinds = ((path, _kind(one, path)) for path in sorted(paths - owners))
        found += [_mention(one, path, place, **kind) for path, kind in kinds if kind]
    return found


def _library(one: Any, scene: str) -> dict[str, Any]:
    """Blender writes all libraries' paths from the scene, whichever library names them."""
    written = one.filepath if one.parent is None else _place(one, scene)
    return _mention(one, written, _place(one.parent, scene), "library")


def _only_for_brushes() -> set[Any]:
    """Libraries that nothing but brushes comes from: Blender's own, and they do not render."""
    return {
        library
        for library in bpy.data.libraries
        if library.users_id and all(isinstance(one, bpy.types.Brush) for one in library.users_id)
    }


def _place(library: Any, scene: str) -> str:
    """The .blend that a data-block of `library` lies in."""
    return os.path.normpath(bpy.path.abspath(library.filepath)) if library else scene


def _mention(one: Any, path: str, blend: str, kind: str, **more: Any) -> dict[str, Any]:
    block = f"{one.id_type.lower()} {one.name}"
    return {"kind": kind, "written": path, "blend": blend, "block": block, **more}


def _kind(one: Any, path: str) -> "dict[str, Any] | None":
    """What the file at `path` is to the data-block; None when it does not matter."""
    kind = _LOOKS.get(one.id_type, _node)(one, path)
    if kind and one.users <= int(one.use_fake_user):
        kind["absent"] = kind.get("absent") or "is not there, but no scene uses it"
    return kind


def _image(one: Any, _path: str) -> "dict[str, Any] | None":
    if one.packed_file or len(one.packed_files):
        return None
    if one.source == "TILED":
        return {"kind": "udim", "spread": "tiles", "tiles": [tile.number for tile in one.tiles]}
    if one.source == "SEQUENCE":
        return {"kind": "sequence", "spread": "sequence"}
    return {"kind": "movie" if one.source == "MOVIE" else "image"}


def _clip(one: Any, _path: str) -> dict[str, Any]:
    return {"kind": "clip", "spread": "sequence" if one.source == "SEQUENCE" else "file"}


def _cache(one: Any, _path: str) -> dict[str, Any]:
    return {"kind": "cache", "spread": "sequence" if one.is_sequence else "file"}


def _volume(one: Any, _path: str) -> "dict[str, Any] | None":
    if one.packed_file:
        return None
    return {"kind": "volume", "spread": "sequence" if one.is_sequence else "file"}


def _sound(one: Any, _path: str) -> "dict[str, Any] | None":
    return None if one.packed_file else {"kind": "sound"}


def _font(one: Any, path: str) -> "dict[str, Any] | None":
    return None if one.packed_file or path == "<builtin>" else {"kind": "font"}


def _scene(one: Any, path: str) -> "dict[str, Any] | None":
    """A strip's file. Sounds have data-blocks of their own; a strip's path may be an old one."""
    editor = one.sequence_editor
    every: Any = getattr(editor, "strips_all", None) or getattr(editor, "sequences_all", ())
    for strip in every:
        if strip.type == "MOVIE" and strip.filepath == path:
            return {"kind": "movie"}
        if strip.type == "IMAGE" and path.startswith(strip.directory):
            return {"kind": "image"}
    return None


def _object(one: Any, path: str) -> "dict[str, Any] | None":
    """Caches of modifiers: a file, or a folder."""
    for modifier in one.modifiers:
        domain = getattr(modifier, "domain_settings", None)
        if domain is not None and getattr(domain, "cache_directory", None) == path:
            return _folder(_FLUID_PARTS, "is not there: it was not baked, or not here")
        if getattr(modifier, "filepath", None) == path:
            if modifier.type != "OCEAN":
                return {"kind": "cache"}
            return _folder(_OCEAN_PARTS) if modifier.is_cached else None
    for cache in _point_caches(one):
        if cache.use_external and cache.filepath == path:
            return _folder((cache.name + "_",))
    return None  # the path of a cache that is in the scene


def _folder(parts: "tuple[str, ...]", absent: str = "") -> dict[str, Any]:
    return {"kind": "cache", "spread": "folder", "parts": parts, "absent": absent}


def _point_caches(one: Any) -> list[Any]:
    owners = [*one.particle_systems, *one.modifiers, one.soft_body]
    for modifier in one.modifiers:
        owners += getattr(getattr(modifier, "canvas_settings", None), "canvas_surfaces", ())
    return [owner.point_cache for owner in owners if getattr(owner, "point_cache", None)]


def _mesh(_one: Any, _path: str) -> dict[str, Any]:
    return {"kind": "cache"}


def _camera(_one: Any, _path: str) -> dict[str, Any]:
    return {"kind": "osl"}


def _node(one: Any, path: str) -> dict[str, Any]:
    """What a node of this data-block reads."""
    tree = one if isinstance(one, bpy.types.NodeTree) else getattr(one, "node_tree", None)
    kinds = {"TEX_IES": "ies", "SCRIPT": "osl"}
    for node in tree.nodes if tree else ():
        if getattr(node, "filepath", None) == path and node.type in kinds:
            return {"kind": kinds[node.type]}
    return {"kind": "geometry" if getattr(tree, "type", "") == "GEOMETRY" else "image"}


_LOOKS = {
    "IMAGE": _image,
    "MOVIECLIP": _clip,
    "CACHEFILE": _cache,
    "VOLUME": _volume,
    "SOUND": _sound,
    "FONT": _font,
    "SCENE": _scene,
    "OBJECT": _object,
    "MESH": _mesh,
    "CAMERA": _camera,
}


if __name__ == "__main__":
    main(*sys.argv[sys.argv.index("--") + 1 :])
