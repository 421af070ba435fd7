"""A studio's project for the tests: what a shot may refer to, in real files, with real images.

Run as `python -P desk_project.py FOLDER` where there is bpy. Under FOLDER it makes a project (a
scene, a library that links a library, tiles, a sequence, a Chinese name), and beside the project,
named by an absolute path, a texture. Every one of them can be seen in every frame.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

SCENE = "project/shots/010/shot.blend"
TILES = "project/textures/纹理.<UDIM>.png"
LOGO = "elsewhere/logo.png"  #: beside the project, and named by its absolute path


def make_project(folder: Path) -> Path:
    """Make it under `folder`; the scene."""
    command = [sys.executable, "-P", __file__, str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return folder / SCENE


def _image(bpy: Any, path: Path, color: tuple[float, float, float]) -> None:
    image = bpy.data.images.new(path.name, 16, 16)
    image.generated_color = (*color, 1.0)
    image.filepath_raw = str(path)
    image.file_format = "PNG"
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save()
    bpy.data.images.remove(image)


def _panel(bpy: Any, name: str, image: Any, x: float) -> Any:
    """A glowing square that shows nothing but `image`."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    texture = tree.nodes.new("ShaderNodeTexImage")
    texture.image = image
    texture.interpolation = "Closest"
    if image.source == "SEQUENCE":
        texture.image_user.frame_duration = 6
        texture.image_user.use_auto_refresh = True
    glow = tree.nodes.new("ShaderNodeEmission")
    out = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(texture.outputs["Color"], glow.inputs["Color"])
    tree.links.new(glow.outputs[0], out.inputs["Surface"])
    bpy.ops.mesh.primitive_plane_add(size=2, location=(x, 0, 0))
    panel = bpy.context.object
    panel.name = name
    panel.data.materials.append(material)
    if image.source == "TILED":  # over both tiles
        for loop in panel.data.uv_layers[0].data:
            loop.uv.x *= 2
    return panel


def _save(bpy: Any, path: Path, *, relative_remap: bool = True) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(path), relative_remap=relative_remap)


def _load(bpy: Any, path: Path, blend: Path, *, source: str = "FILE", relative: bool = True) -> Any:
    image = bpy.data.images.load(str(path))
    image.source = source
    if relative:
        image.filepath = bpy.path.relpath(str(path), start=str(blend.parent))
    return image


def _link(bpy: Any, kind: str, library: Path, blend: Path, name: str) -> Any:
    with bpy.data.libraries.load(str(library), link=True) as (_, wanted):
        setattr(wanted, kind, [name])
    for one in bpy.data.libraries:
        if one.parent is None:
            one.filepath = bpy.path.relpath(str(library), start=str(blend.parent))
    return getattr(wanted, kind)[0]


def _make_images(bpy: Any, root: Path) -> None:
    for number, color in ((1001, (0.9, 0.1, 0.1)), (1002, (0.1, 0.9, 0.1))):
        _image(bpy, Path(str(root / TILES).replace("<UDIM>", str(number))), color)
    for frame in range(1, 7):
        _image(bpy, root / f"project/plates/plate_{frame:04}.png", (frame / 7, 0.5, 1 - frame / 7))
    _image(bpy, root / LOGO, (0.9, 0.9, 0.1))


def _make_inner(bpy: Any, root: Path, blend: Path) -> None:
    """A library with an object whose texture is in tiles."""
    first = Path(str(root / TILES).replace("<UDIM>", "1001"))
    image = _load(bpy, first, blend, source="TILED")
    image.filepath = bpy.path.relpath(str(root / TILES), start=str(blend.parent))
    image.tiles.new(1002)
    _panel(bpy, "tiles", image, -2.2)
    _save(bpy, blend)


def _make_outer(bpy: Any, root: Path, inner: Path, blend: Path) -> None:
    """A library that links the other one, and has a sequence of images."""
    first = root / "project/plates/plate_0001.png"
    plate = _panel(bpy, "plate", _load(bpy, first, blend, source="SEQUENCE"), 0)
    props = bpy.data.collections.new("props")
    props.objects.link(plate)
    props.objects.link(_link(bpy, "objects", inner, blend, "tiles"))
    bpy.context.scene.collection.children.link(props)
    _save(bpy, blend)


def _make_shot(bpy: Any, root: Path, outer: Path) -> None:
    scene = bpy.context.scene
    shown = bpy.data.objects.new("props", None)
    shown.instance_type = "COLLECTION"
    shown.instance_collection = _link(bpy, "collections", outer, root / SCENE, "props")
    scene.collection.objects.link(shown)
    _panel(bpy, "logo", _load(bpy, root / LOGO, root / SCENE, relative=False), 2.2)
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.type, camera.data.ortho_scale, camera.location = "ORTHO", 7.0, (0, 0, 5)
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.render.engine, scene.cycles.samples = "CYCLES", 8
    scene.cycles.use_denoising = False
    scene.render.resolution_x, scene.render.resolution_y = 140, 44
    scene.view_settings.view_transform = "Standard"
    scene.frame_start, scene.frame_end = 1, 6
    scene.render.filepath = "//frames/shot_"
    _save(bpy, root / SCENE, relative_remap=False)


def _build(bpy: Any, root: Path) -> None:
    inner, outer = root / "project/assets/inner.blend", root / "project/assets/props/outer.blend"
    _make_images(bpy, root)
    for make, words in (
        (_make_inner, (inner,)),
        (_make_outer, (inner, outer)),
        (_make_shot, (outer,)),
    ):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        make(bpy, root, *words)


if __name__ == "__main__":
    import bpy

    _build(bpy, Path(sys.argv[1]))
