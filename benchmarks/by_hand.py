"""Renders a range of a scene in one go, as `blender -b SCENE -s FIRST -e LAST -a` does.

Run inside Blender, or with the bpy module: `by_hand.py -- SCENE FIRST LAST OUT_#### REPORT`. All
threads, and the scene's own settings. REPORT gets the seconds spent rendering, without starting
Blender and reading the scene. Standard library and bpy only.
"""

import sys
import time
from pathlib import Path

import bpy


def main() -> None:
    """Open, render, and say how long the rendering took."""
    scene_path, first, last, out, report = sys.argv[sys.argv.index("--") + 1 :]
    bpy.ops.wm.open_mainfile(filepath=scene_path, load_ui=False)
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = int(first), int(last)
    scene.render.filepath = out
    scene.render.threads_mode = "AUTO"
    begun = time.monotonic()
    bpy.ops.render.render(animation=True)
    Path(report).write_text(f"{time.monotonic() - begun}", "ascii")


if __name__ == "__main__":
    main()
