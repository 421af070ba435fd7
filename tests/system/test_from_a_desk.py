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
from tests.system.sent_fixtures import url_of
from tests.system.studio import assert_same_pixels

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

FRAMES = range(1, 7)
_ALONE = """
import bpy, sys
bpy.ops.wm.open_mainfile(filepath=sys.argv[1])
bpy.context.scene.render.filepath = sys.argv[2] + "/"
bpy.ops.render.render(animation=True)
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    folder = tmp_path_factory.mktemp("centre")
    port = free_port()
    with Farm(folder) as farm:
        farm.add_scheduler("scheduler")
        farm.add_service("service", port, files=folder.with_name(f"{folder.name}-vault"))
        farm.add_worker("n1", url=f"http://{HOST}:{port}")
        farm.wait(lambda: farm.is_online("n1"))
        yield farm


@pytest.fixture
def farm(shared: Farm) -> Iterator[Farm]:
    """A scheduler, a service and a node, which know nothing of this test's project yet."""
    with tails_on_failure(shared):
        yield shared
        assert not shared.store.audit()


@pytest.fixture
def desk(farm: Farm, tmp_path: Path) -> Desk:
    return Desk(tmp_path / "desk", url_of(farm))


def render_alone(scene: Path, folder: Path) -> Path:
    """Render the whole scene where it lies, by a Blender that knows nothing of the farm."""
    command = [sys.executable, "-c", _ALONE, str(scene), str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return folder


def test_a_shot_is_sent_rendered_and_pulled_with_nothing_shared_but_the_wire(
    farm: Farm, desk: Desk, tmp_path: Path
) -> None:
    scene = make_project(tmp_path / "studio")
    alone = render_alone(scene, tmp_path / "alone")

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


@pytest.mark.parametrize("how", ["--send", "--in-place"])
def test_a_shot_renders_without_a_texture_that_is_missing_when_that_is_allowed(
    farm: Farm, desk: Desk, tmp_path: Path, how: str
) -> None:
    scene = make_project(tmp_path / "studio")
    (tmp_path / "studio" / LOGO).unlink()

    words = ["--frames", "1-2", "--allow-missing", "--wait", "--no-preview"]
    done = desk.run("submit", str(scene), how, *words)
    job = max((one.id for one in farm.store.jobs.list()), key=int)
    log = desk.run("frames", "log", job, "2").stdout

    assert done.returncode == 0, done.stderr + log
    assert "# rendered without what is missing, as the job allows: texture " in log
    assert "logo.png" in log
