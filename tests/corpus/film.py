"""A shot whose files lie everywhere, named by absolute paths. Runs inside Blender.

`python -P film.py FOLDER` writes FOLDER/film/shots/010/shot.blend, some of its files in
FOLDER/film, the rest in FOLDER/store. `python -P film.py --render SCENE IMAGE` renders it.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[2]))

from tests.corpus import caches, media, pictures
from tests.corpus.scenery import any_file, clear


def build(bpy: Any, folder: Path) -> None:
    film, store = folder / "film", folder / "store"
    clear(bpy)
    media.library(bpy, store / "props")  # its own neighbours are named relatively
    for kind in (pictures.image, media.ies, media.strip_images, caches.nodes_import):
        _add(bpy, film, kind)
    for kind in (
        pictures.udim_tiles,
        pictures.image_sequence,
        pictures.world_image,
        media.font,
        media.strip_movie,
        caches.simulation_bake,
        caches.volume,
    ):
        _add(bpy, store, kind)
    _look(bpy)
    (film / "shots" / "010").mkdir(parents=True)
    bpy.ops.wm.save_as_mainfile(
        filepath=str(film / "shots" / "010" / "shot.blend"), compress=True, relative_remap=False
    )


def _add(bpy: Any, folder: Path, kind: Callable[[Any, Path], list[str]]) -> None:
    """What the corpus has of this kind, with its files in a folder of their own."""
    place = folder / kind.__name__
    place.mkdir(parents=True, exist_ok=True)
    for name in kind(bpy, place):
        if not (place / name).exists():
            any_file(place / name)


def _look(bpy: Any) -> None:
    """See all planes from above."""
    scene = bpy.context.scene
    for number, plane in enumerate(one for one in scene.objects if one.type == "MESH"):
        plane.location = (2.2 * number, 0, 0)
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.location, camera.data.type, camera.data.ortho_scale = (6, 0, 5), "ORTHO", 16
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 2
    scene.world.cycles.sampling_method = "NONE"  # else its sky is mapped first: seconds
    scene.render.resolution_x, scene.render.resolution_y = 96, 32
    scene.render.use_sequencer = False
    scene.render.filepath = "//../../renders/frame_####"


def render(bpy: Any, scene: str, image: str) -> None:
    bpy.ops.wm.open_mainfile(filepath=scene, load_ui=False)
    bpy.context.scene.render.filepath = image
    bpy.ops.render.render(write_still=True)


if __name__ == "__main__":
    import bpy

    if sys.argv[1] == "--render":
        render(bpy, *sys.argv[2:])
    else:
        build(bpy, Path(sys.argv[1]))
