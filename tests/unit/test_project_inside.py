"""What runs inside Blender to trace a scene, held by reading it."""

import ast
import sys
from pathlib import Path

from farm.assets.tracing import blender_map
from tests.unit.test_house import imports

INSIDE = Path(blender_map.__file__).with_name("map_inside.py")


def test_what_asks_blender_for_its_files_needs_only_the_standard_library_and_bpy() -> None:
    foreign = [
        module
        for module in imports(INSIDE)
        if module.partition(".")[0] not in {*sys.stdlib_module_names, "bpy"}
    ]

    assert not foreign


def test_what_asks_blender_for_its_files_is_read_by_pythons_of_some_years_ago() -> None:
    ast.parse(INSIDE.read_text("utf-8"), feature_version=(3, 10))
