"""Makes the corpus: for each kind of file a scene that needs it, and a list of what it needs.

Run by any Python that has bpy: `python -P make.py FOLDER [KIND...]`. Writes FOLDER/KIND/shot.blend
and FOLDER/needs.json. `python -P make.py --small FOLDER` makes the few files that are kept beside
this script for a Blender that tests rarely have.

Each kind is a function that changes the empty scene at hand and returns the names of the files
beside it that the scene then needs. What Blender looks into it writes itself; what is only named
may hold anything.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.append(str(Path(__file__).parents[2]))

from tests.corpus import caches, media, pictures
from tests.corpus.scenery import any_file, clear, link, on_a_plane, save

Kind = Callable[[Any, Path], list[str]]


def kinds() -> dict[str, Kind]:
    """All kinds, by name."""

    def of(module: ModuleType) -> dict[str, Kind]:
        found = {name: thing for name, thing in vars(module).items() if name[0] != "_"}
        return {
            name: thing
            for name, thing in found.items()
            if "folder" in getattr(thing, "__annotations__", {})
            and thing.__module__ == module.__name__
        }

    return {**of(pictures), **of(media), **of(caches)}


def make(bpy: Any, folder: Path, name: str) -> list[str]:
    """Write the scene of this kind, and what it needs."""
    place = folder / name
    place.mkdir(parents=True)
    clear(bpy)
    needed = kinds()[name](bpy, place)
    save(bpy, place / "shot.blend")
    for one in needed:
        if not (place / one).exists():
            any_file(place / one)
    return sorted(needed)


def make_small(bpy: Any, folder: Path) -> None:
    """A scene, a library, and a library of that one, whose material has a texture."""
    pictures.image(bpy, folder / "textures")
    _write(bpy, folder / "lib" / "materials.blend", bpy.data.materials)
    clear(bpy)
    link(bpy, folder / "lib" / "materials.blend", "materials")
    on_a_plane(bpy, bpy.data.materials[0])
    _write(bpy, folder / "lib" / "props.blend", bpy.data.objects)
    clear(bpy)
    link(bpy, folder / "lib" / "props.blend", "objects")
    bpy.context.scene.collection.objects.link(bpy.data.objects[0])
    _write(bpy, folder / "shot.blend", bpy.data.scenes)


def _write(bpy: Any, file: Path, things: Any) -> None:
    """Write `things` and what they need alone: no windows, no brushes, a third of the size."""
    file.parent.mkdir(parents=True, exist_ok=True)
    bpy.data.libraries.write(str(file), set(things), path_remap="RELATIVE_ALL", compress=True)


def main(*words: str) -> None:
    import bpy  # only in a process of its own: it takes over

    if words[0] == "--small":
        clear(bpy)
        make_small(bpy, Path(words[1]))
        return
    folder, *names = words
    needs = {name: make(bpy, Path(folder), name) for name in names or kinds()}
    (Path(folder) / "needs.json").write_text(json.dumps(needs), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
