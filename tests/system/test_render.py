"""A shot goes through the whole farm, and comes out as Blender alone would have rendered it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.farm_under_test import Farm, tails_on_failure
from tests.system.shots import pixels, submit

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

_ALONE = """
import bpy, sys
scene_file, frame, image = sys.argv[1:]
bpy.ops.wm.open_mainfile(filepath=scene_file)
bpy.context.scene.frame_set(int(frame))
bpy.context.scene.render.filepath = image
bpy.ops.render.render(write_still=True)
"""


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    with Farm(tmp_path) as farm, tails_on_failure(farm):
        farm.add_scheduler("scheduler")
        farm.add_worker("n1", cores=2)
        yield farm


def rendered_alone(scene: Path, frame: int, image: Path) -> str:
    """The pixels of a frame rendered by a fresh Blender that knows nothing of the farm."""
    command = [sys.executable, "-c", _ALONE, str(scene), str(frame), str(image)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60)
    return pixels(image)


def test_ten_frames_come_out_pixel_for_pixel_as_fresh_blenders_render_them(
    farm: Farm, shots: Path, tmp_path: Path
) -> None:
    shot = submit(farm, shots, "quick", 10)

    shot.check()

    assert sorted(path.name for path in shot.image(1).parent.glob("*.png")) == [
        f"quick_{frame:04d}.png" for frame in range(1, 11)
    ]
    assert len({pixels(shot.image(frame)) for frame in range(1, 11)}) == 10
    for frame in (1, 5, 10):
        alone = rendered_alone(shots / "quick.blend", frame, tmp_path / f"{frame}.png")
        assert pixels(shot.image(frame)) == alone
    assert {ending.attempt for ending in shot.endings()} == {1}
