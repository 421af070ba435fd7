"""The demo, on a scene small enough for a test: all of it is there, and nothing is left running."""

import os
import re
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from PIL import Image

from tests.made import made_once
from tests.scenes import make_scenes
from workers.reels.mp4 import read_movie

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

SMALL = """
scene.render.engine = "CYCLES"
scene.cycles.samples = 1
scene.render.resolution_x, scene.render.resolution_y = 64, 36
scene.frame_start, scene.frame_end = 1, 3
save("small.blend")
image = bpy.data.images.new("gone", 8, 8)
image.source, image.filepath, image.use_fake_user = "FILE", "//gone.png", True
material = bpy.data.objects["Cube"].data.materials[0]
material.use_nodes = True
node = material.node_tree.nodes.new("ShaderNodeTexImage")
node.image = image
bsdf = material.node_tree.nodes["Principled BSDF"]
material.node_tree.links.new(node.outputs[0], bsdf.inputs[0])
save("broken.blend")
"""


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "demo", lambda folder: make_scenes(folder, SMALL))


def demo(scene: Path, out: Path) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FARM_")}
    return subprocess.run(
        [sys.executable, "-m", "farm.cli.main", "demo", "--scene", scene, "--out", out],
        capture_output=True,
        text=True,
        env=kept,
        timeout=110,
        check=False,
    )


def size_of(image: Path) -> tuple[int, int]:
    with Image.open(image) as opened:
        return opened.size


def runs_in(out: Path) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(out) in " ".join(process.info.get("cmdline") or [])
    ]


def test_the_demo_leaves_images_sheets_and_figures_and_no_process(
    scenes: Path, tmp_path: Path
) -> None:
    ran = demo(scenes / "small.blend", tmp_path)

    assert ran.returncode == 0, ran.stderr
    for production in ("heron", "li-river"):
        images = sorted(path.name for path in (tmp_path / production).glob("*.png"))
        assert images == [f"{production}_{n:04d}.png" for n in (1, 2, 3)]
        assert size_of(tmp_path / production / f"{production}_sheet.jpg") > (1000, 200)
        film = read_movie(tmp_path / production / f"{production}_preview.mp4")
        assert (film.frames, film.width, film.height) == (3, 64, 36)
    assert re.search(r"6 frames, with their sheets and films, in \d+\.\d s on 2 slots;", ran.stdout)
    split = dict(re.findall(r"^  (\w+) +(\d+\.\d)  ", ran.stdout, re.MULTILINE))
    together = re.search(r"= 2 cores for (\d+\.\d) s\nUtilization \d+\.\d%;", ran.stdout)
    assert together
    assert float(split.pop("together")) == pytest.approx(2 * float(together[1]), abs=0.15)
    assert sum(map(float, split.values())) == pytest.approx(2 * float(together[1]), abs=0.4)
    assert float(split["busy"]) > 0
    assert not (tmp_path / "farm").exists()
    assert not runs_in(tmp_path)


def test_the_demo_fails_in_one_plain_line_when_frames_do(scenes: Path, tmp_path: Path) -> None:
    ran = demo(scenes / "broken.blend", tmp_path)

    assert ran.returncode == 1
    assert re.match(
        r"farm: 3 of 3 frames of heron failed: .*gone\.png", ran.stderr.splitlines()[-1]
    )
    assert "Traceback" not in ran.stderr
    assert not runs_in(tmp_path)
