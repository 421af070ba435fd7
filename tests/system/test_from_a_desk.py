"""From a studio's desk: a project goes out over the wire, its frames come back while it renders.

Studio, service and node share no folder. Once the job is submitted the studio's files are moved
away, so that nobody could read them even by chance."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.up.port import HOST, free_port
from tests.system.desk import Desk
from tests.system.desk_project import LOGO, make_project
from tests.system.farm_under_test import Farm, tails_on_failure
from tests.system.studio import assert_same_pixels

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

FRAMES = range(1, 7)
_ALONE = """
import bpy, sys
bpy.ops.wm.open_mainfile(filepath=sys.argv[1])
bpy.context.scene.render.filepath = sys.argv[2] + "/"
bpy.ops.render.render(animation=True)
"""


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    with Farm(tmp_path / "centre") as farm, tails_on_failure(farm):
        yield farm


def render_alone(scene: Path, folder: Path) -> Path:
    """Render the whole scene where it lies, by a Blender that knows nothing of the farm."""
    command = [sys.executable, "-c", _ALONE, str(scene), str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return folder


def test_a_shot_is_sent_rendered_and_pulled_with_nothing_shared_but_the_wire(
    farm: Farm, tmp_path: Path
) -> None:
    port = free_port()
    url = f"http://{HOST}:{port}"
    scene = make_project(tmp_path / "studio")
    alone = render_alone(scene, tmp_path / "alone")
    farm.add_scheduler("scheduler")
    farm.add_service("service", port, files=tmp_path / "vault")
    farm.add_worker("n1", url=url)
    farm.wait(lambda: farm.is_online("n1"))
    desk = Desk(tmp_path / "desk", url)

    job = desk.ask("submit", str(scene), "--send")["id"]
    (tmp_path / "studio").rename(tmp_path / "moved away")
    pull = desk.begin("pull", job, "--follow", "--to", "frames")
    assert pull.stdout is not None
    first = pull.stdout.readline()
    state_then = farm.store.jobs.get(job).state
    _, said = pull.communicate(timeout=120)

    assert pull.returncode == 0, said
    assert (first.strip() != "", state_then) == (True, "active")
    pulled = {path.name: path for path in (desk.home / "frames").rglob("shot_*.png")}
    assert sorted(pulled) == [f"shot_{frame:04}.png" for frame in FRAMES]
    for frame in FRAMES:
        assert_same_pixels(pulled[f"shot_{frame:04}.png"], alone / f"{frame:04}.png")
    assert not farm.store.audit()


@pytest.mark.parametrize("how", ["--send", "--in-place"])
def test_a_shot_renders_without_a_texture_that_is_missing_when_that_is_allowed(
    farm: Farm, tmp_path: Path, how: str
) -> None:
    port = free_port()
    url = f"http://{HOST}:{port}"
    scene = make_project(farm.folder / "studio")
    (farm.folder / "studio" / LOGO).unlink()
    farm.add_scheduler("scheduler")
    farm.add_service("service", port, files=tmp_path / "vault")
    farm.add_worker("n1", url=url)
    farm.wait(lambda: farm.is_online("n1"))
    desk = Desk(tmp_path / "desk", url)

    words = ["--frames", "1-2", "--allow-missing", "--wait", "--no-preview"]
    done = desk.run("submit", str(scene), how, *words)
    log = desk.run("frames", "log", "1", "2").stdout

    assert done.returncode == 0, done.stderr + log
    assert "# rendered without what is missing, as the job allows: texture " in log
    assert "logo.png" in log
