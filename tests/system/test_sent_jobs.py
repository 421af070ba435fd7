"""A node that shares no folder with anybody renders what was sent, or says why it cannot."""

from pathlib import Path

import pytest

from farm.files.content import ContentStore
from farm.files.hashing import hash_bytes
from farm.model.states import Outcome, TaskState
from tests.made import made_once
from tests.system.door import a_door
from tests.system.farm_under_test import Farm
from tests.system.projects import send, submit, with_file
from tests.system.scenes import render_directly
from tests.system.sent_fixtures import (
    SCENE,
    back,
    cache_of,
    farm,
    log_of,
    manifest,
    project,
    shared,
    unfit,
    url_of,
    warm,
)
from tests.system.studio import assert_same_pixels

__all__ = ["farm", "manifest", "project", "shared"]  # fixtures
pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]


@pytest.fixture(scope="session")
def direct(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames 1 and 2 as fresh Blenders render them where the project lies."""

    def render(folder: Path) -> None:
        for frame in (1, 2):
            render_directly(project / SCENE, frame, folder / f"{frame}.png")

    return made_once(tmp_path_factory, "direct", render)


@pytest.mark.parametrize(
    "sees_files",
    [
        pytest.param(False, id="by-http"),
        pytest.param(True, id="in-place", marks=pytest.mark.soak),
    ],
)
def test_a_frame_of_a_sent_project_has_the_pixels_of_a_local_one(
    farm: Farm, manifest: str, direct: Path, sees_files: bool
) -> None:
    url = "" if sees_files else url_of(farm)
    farm.add_worker("n1", url=url, sees_files=sees_files)

    shot = submit(farm, manifest, SCENE, 2)
    shot.check()

    for frame in (1, 2):
        assert_same_pixels(direct / f"{frame}.png", shot.image(frame))
    tree = cache_of(farm, "n1") / "trees" / manifest
    assert (tree / "备注" / "köln ☂.txt").is_symlink() == sees_files
    assert not (tree / "renders").exists()
    assert "Saved:" in log_of(shot, 2)
    farm.wait(lambda: not any((farm.folder / "n1" / "results").iterdir()))
    farm.wait(lambda: shot.settings.scene_id in warm(farm, "n1"))

    again = submit(farm, manifest, SCENE, 1)
    again.check()

    assert "warm since 2 tasks" in log_of(again, 1)


def test_a_job_whose_file_is_gone_fails_with_the_reason(
    farm: Farm, project: Path, tmp_path: Path
) -> None:
    poorer = with_file(project, tmp_path / "project", "gone.bin", b"soon gone")
    manifest = send(farm.files, poorer)
    ContentStore(farm.files).path_of(hash_bytes(b"soon gone")).unlink()
    farm.add_worker("n1", url=url_of(farm))
    farm.add_worker("n2", sees_files=True)

    shot = submit(farm, manifest, SCENE, 1, layer={"retries": 1})
    farm.wait(shot.is_over)

    task = shot.task(1)
    assert task.state is TaskState.FAILED
    assert [one.outcome for one in task.failures] == [Outcome.FAILED, Outcome.FAILED]
    for failure in task.failures:
        assert "gone.bin" in failure.reason
        assert "submit" in failure.reason


def test_a_node_that_cannot_reach_files_says_what_to_set(farm: Farm, manifest: str) -> None:
    farm.add_worker("n1")
    shot = submit(farm, manifest, SCENE, 1)
    farm.wait(lambda: "set FARM_URL" in unfit(farm, "n1"))

    farm.add_worker("n2", sees_files=True)
    shot.check()

    assert shot.task(1).node == "n2"


def test_a_job_that_is_cancelled_while_its_files_come_is_let_go_at_once(
    farm: Farm, manifest: str
) -> None:
    with a_door(farm, "n1", to=url_of(farm)) as door:
        door.word = b"GET /jobs/"
        farm.add_worker("n1", url=door.url)
        shot = submit(farm, manifest, SCENE, 1)
        farm.wait(door.held.is_set)

        farm.store.jobs.cancel(shot.job)
        farm.wait(lambda: back(farm, "n1"), seconds=5)

        assert shot.task(1).state is TaskState.CANCELLED
