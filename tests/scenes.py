"""Makes .blend files for tests, in a Blender of its own: bpy never enters the test's process."""

import subprocess
import sys
from pathlib import Path

_PROLOGUE = """
import bpy, sys
bpy.ops.wm.read_factory_settings(use_empty=False)
scene = bpy.context.scene
def save(name, compress=False):
    bpy.ops.wm.save_as_mainfile(filepath=sys.argv[1] + "/" + name, compress=compress)
"""


def make_scenes(folder: Path, script: str) -> Path:
    """Run `script`, which calls `save(name)`, on Blender's default scene; returns `folder`."""
    done = subprocess.run(
        [sys.executable, "-c", _PROLOGUE + script, str(folder)],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return folder
