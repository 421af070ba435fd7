"""Writes the scenes of the benchmarks.

python -m benchmarks.scenes OUT.blend FRAMES SAMPLES [TEXTURE …]

A cube, a light and a camera, Cycles at few samples: about 0.1 s of work a frame, so that starting
Blender is nearly all of the cost of a fresh one. Textures are only referred to, not rendered.
"""

import os
import subprocess
import sys
from pathlib import Path

from PIL import Image

WIDTH, HEIGHT, SAMPLES = 288, 162, 10
TEXTURE_SIZE = (1825, 1825)  #: 10 MB as a BMP


def make_light_scene(out: Path, frames: int) -> None:
    """Write the light scene with `frames` frames to `out`."""
    _run("benchmarks.scenes", str(out), str(frames), str(SAMPLES))


def make_drawn_out_scene(out: Path, frames: int, samples: int) -> None:
    """Write the light scene to `out` with so many samples, all of which are taken."""
    _run("benchmarks.scenes", str(out), str(frames), str(samples))


def make_textured_scene(folder: Path, textures: int) -> Path:
    """Write a scene and `textures` images of 10 MB each, all different, to `folder`; the scene."""
    (folder / "textures").mkdir(parents=True)
    files = [folder / "textures" / f"texture_{number:03}.bmp" for number in range(textures)]
    for file in files:
        Image.frombytes("RGB", TEXTURE_SIZE, os.urandom(3 * TEXTURE_SIZE[0] ** 2)).save(file)
    scene = folder / "shot.blend"
    _run("benchmarks.scenes", str(scene), "1", str(SAMPLES), *map(str, files))
    return scene


def make_demo_scene(out: Path) -> None:
    """Write the scene of `farm demo` to `out`."""
    _run("farm.demo.scene", str(out))


def _run(module: str, *arguments: str) -> None:
    """In a process of its own: bpy holds much memory and does not end well beside others."""
    root = str(Path(__file__).parents[1])
    subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=root, check=True, capture_output=True
    )


def main() -> None:
    """Inside the child."""
    import bpy

    out, frames, samples, *textures = sys.argv[1:]
    scene = bpy.context.scene  # the factory's own: cube, light, camera
    scene.render.engine = "CYCLES"
    scene.cycles.samples = int(samples)
    if int(samples) > SAMPLES:
        scene.cycles.use_adaptive_sampling = False
    scene.cycles.use_denoising = False
    scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
    scene.frame_start, scene.frame_end = 1, int(frames)
    cube = bpy.data.objects["Cube"]
    for frame, angle in ((1, 0.0), (int(frames), 3.0)):
        cube.rotation_euler.z = angle
        cube.keyframe_insert("rotation_euler", frame=frame)
    for texture in textures:
        bpy.data.images.load(texture).use_fake_user = True
    bpy.ops.wm.save_as_mainfile(filepath=out, relative_remap=True)


if __name__ == "__main__":
    main()
