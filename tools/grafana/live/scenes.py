"""Small scenes, made in a Blender of their own."""

import subprocess
import sys
from pathlib import Path

#: Some tenths of a second a frame; in "faulty" the scene's own Python fails at frame 3.
_SCRIPT = """
import bpy, sys
bpy.ops.wm.read_factory_settings(use_empty=False)
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.render.resolution_x, scene.render.resolution_y = 64, 36
scene.cycles.use_adaptive_sampling = scene.cycles.use_denoising = False
def save(name, samples):
    scene.cycles.samples = samples
    bpy.ops.wm.save_as_mainfile(filepath=f"{sys.argv[1]}/{name}.blend")
save("steady", 300)
save("long", 4000)
text = bpy.data.texts.new("paint.py")
text.use_module = True
text.write('''
import bpy
def paint(scene, graph=None):
    if scene.frame_current == 3:
        raise ValueError("out of paint")
bpy.app.handlers.frame_change_pre.append(paint)
''')
save("faulty", 80)
"""


def make(folder: Path) -> None:
    """Write steady.blend, long.blend and faulty.blend to `folder`."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the scenes could not be made: {done.stderr.strip()}")
