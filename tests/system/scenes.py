"""Small scenes for the tests, each built by real Blender in a child process.

Run as `python -P scenes.py FOLDER NAME...`: writes these scenes into FOLDER. 64 x 36 pixels, few
samples.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

WIDTH, HEIGHT = 64, 36
LAST_FRAME = 10


def build_scenes(folder: Path) -> None:
    """Write the scenes named in `_SCENES` to `folder`/NAME.blend."""
    command = [sys.executable, "-P", __file__, str(folder), *_SCENES]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    whole = (folder / "plain.blend").read_bytes()
    (folder / "truncated.blend").write_bytes(whole[: len(whole) // 2])
    (folder / "texture.png").unlink()
    (folder / "lender.blend").unlink()


def build_plain_with(program: str, folder: Path) -> None:
    """Write plain.blend with the Blender at `program`: an old one cannot read a newer one's."""
    told = ["--", str(folder), "plain"]
    command = [program, "--background", "--factory-startup", "--python", __file__, *told]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def render_directly(scene: Path, frame: int, image: Path) -> None:
    """Render one frame in a fresh Blender, with none of our code."""
    code = (
        "import bpy\n"
        f"bpy.ops.wm.open_mainfile(filepath={str(scene)!r}, load_ui=False)\n"
        "scene = bpy.context.scene\n"
        f"scene.frame_set({frame})\n"
        f"scene.render.filepath = {str(image)!r}\n"
        "bpy.ops.render.render(write_still=True)\n"
    )
    command = [sys.executable, "-P", "-c", code]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def _plain(bpy: Any, folder: Path) -> None:
    """The factory cube, moving, seen by two cameras."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 2
    scene.cycles.use_denoising = False
    scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
    cube = bpy.data.objects["Cube"]
    for frame, x in ((1, 0.0), (LAST_FRAME, 2.0)):
        cube.location.x = x
        cube.keyframe_insert("location", frame=frame)
    above = bpy.data.objects.new("Above", bpy.data.cameras.new("Above"))
    above.location.z = 9.0
    scene.collection.objects.link(above)


def _cropped(bpy: Any, folder: Path) -> None:
    render = bpy.context.scene.render
    render.use_border = render.use_crop_to_border = True
    render.border_min_x, render.border_max_x = 0.1, 0.7
    render.border_min_y, render.border_max_y = 0.3, 0.9


def _exr(bpy: Any, folder: Path) -> None:
    bpy.context.scene.render.image_settings.file_format = "OPEN_EXR"


def _long(bpy: Any, folder: Path) -> None:
    bpy.context.scene.cycles.samples = 1_000_000
    bpy.context.scene.cycles.use_adaptive_sampling = False


def _no_camera(bpy: Any, folder: Path) -> None:
    bpy.context.scene.camera = None


def _dark(bpy: Any, folder: Path) -> None:
    bpy.data.objects.remove(bpy.data.objects["Light"])
    bpy.context.scene.world = None


def _no_texture(bpy: Any, folder: Path) -> None:
    path = folder / "texture.png"
    made = bpy.data.images.new("made", 4, 4)
    made.filepath_raw, made.file_format = str(path), "PNG"
    made.save()
    bpy.data.images.remove(made)
    material = bpy.data.objects["Cube"].active_material
    material.use_nodes = True
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = bpy.data.images.load(str(path))


def _no_library(bpy: Any, folder: Path) -> None:
    lender = folder / "lender.blend"
    bpy.data.libraries.write(str(lender), {bpy.data.objects["Cube"]}, fake_user=True)
    with bpy.data.libraries.load(str(lender), link=True) as (there, here):
        here.objects = list(there.objects)
    bpy.context.scene.collection.objects.link(here.objects[0])


def _unsafe_driver(bpy: Any, folder: Path) -> None:
    driver = bpy.data.objects["Cube"].driver_add("scale", 0).driver
    driver.expression = "__import__('os').getpid() * 0 + 1"


def _own_python(bpy: Any, folder: Path) -> None:
    """A text that is run on loading, if it may: its handler fails."""
    text = bpy.data.texts.new("boot.py")
    text.write(
        "import bpy\n"
        "def fail(*_):\n"
        "    raise ValueError('out of paint')\n"
        "bpy.app.handlers.render_pre.append(fail)\n"
    )
    text.use_module = True


def _no_output(bpy: Any, folder: Path) -> None:
    scene = bpy.context.scene
    scene.use_nodes = True
    scene.node_tree.nodes.clear()


_SCENES = {
    "plain": None,
    "cropped": _cropped,
    "exr": _exr,
    "long": _long,
    "no-camera": _no_camera,
    "dark": _dark,
    "no-texture": _no_texture,
    "no-library": _no_library,
    "unsafe-driver": _unsafe_driver,
    "own-python": _own_python,
    "no-output": _no_output,
}


def _main(folder: Path, *names: str) -> None:
    import bpy  # only in the child: it takes over the process

    for name in names:
        change = _SCENES[name]
        bpy.ops.wm.read_factory_settings()
        _plain(bpy, folder)
        if change:
            change(bpy, folder)
        bpy.ops.wm.save_as_mainfile(filepath=str(folder / f"{name}.blend"), compress=False)


if __name__ == "__main__":
    told = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    _main(Path(told[0]), *told[1:])
