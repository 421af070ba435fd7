"""A node that shares no folder with anybody renders what was sent, whoever dies on the way."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.files.content import ContentStore
from farm.files.hashing import hash_bytes
from farm.model.states import Outcome, TaskState
from farm.store.connection import new_id
from farm.up.port import HOST, free_port
from tests.system.door import a_door
from tests.system.farm_under_test import Farm, tails_on_failure
from tests.system.projects import SentShot, make_project, send, submit
from tests.system.scenes import render_directly
from tests.system.shots import blamed
from tests.system.studio import assert_same_pixels
from tests.system.test_late_images import take_for_dead

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

SCENE = "shots/010/shot.blend"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("studio") / "project")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with Farm(tmp_path_factory.mktemp("farm")) as farm:
        farm.add_scheduler("scheduler")
        farm.add_service("service", free_port())
        yield farm


@pytest.fixture
def farm(shared: Farm) -> Iterator[Farm]:
    """A scheduler and a service; each test adds its nodes, which start with an empty cache."""
    with tails_on_failure(shared):
        yield shared
        for name in ("n1", "n2"):
            shared.remove(name)
        for folder in shared.folder.glob("n?"):
            folder.rename(folder.with_name(f"{folder.name}.{new_id()}"))
        if not shared.parts["service"].runs:
            shared.start("service")
        assert shared.orphans() == []


def url_of(farm: Farm) -> str:
    words = farm.parts["service"].words
    return f"http://{HOST}:{words[words.index('--port') + 1]}/"


@pytest.fixture(scope="module")
def manifest(shared: Farm, project: Path) -> str:
    return send(shared.files, project)


def cache_of(farm: Farm, node: str) -> Path:
    return farm.folder / node / "cache"


@pytest.mark.parametrize("sees_files", [False, True], ids=["by-http", "in-place"])
def test_a_frame_of_a_sent_project_has_the_pixels_of_a_local_one(
    farm: Farm, project: Path, manifest: str, tmp_path: Path, sees_files: bool
) -> None:
    url = "" if sees_files else url_of(farm)
    farm.add_worker("n1", url=url, sees_files=sees_files)

    shot = submit(farm, manifest, SCENE, 2)
    shot.check()

    for frame in (1, 2):
        render_directly(project / SCENE, frame, tmp_path / "direct.png")
        assert_same_pixels(tmp_path / "direct.png", shot.image(frame))
    tree = cache_of(farm, "n1") / "trees" / manifest
    assert (tree / "备注" / "köln ☂.txt").is_symlink() == sees_files
    assert not (tree / "renders").exists()
    assert "Saved:" in log_of(shot, 2)
    farm.wait(lambda: not any((farm.folder / "n1" / "results").iterdir()))
    farm.wait(lambda: shot.settings.scene_id in warm(farm, "n1"))

    again = submit(farm, manifest, SCENE, 1)
    again.check()

    assert "warm since 2 tasks" in log_of(again, 1)


def warm(farm: Farm, name: str) -> tuple[str, ...]:
    node = farm.node(name)
    return node.health.warm_scenes if node else ()


def log_of(shot: SentShot, frame: int, attempt: int = 1) -> str:
    return shot.content.log_path(shot.job, "render", frame, attempt).read_text("utf-8")


def test_a_worker_killed_while_it_fetches_goes_on_where_it_was(
    farm: Farm, project: Path, tmp_path: Path
) -> None:
    larger = with_file(project, tmp_path / "project", "last.bin", b"comes last")
    manifest = send(farm.files, larger)
    with a_door(farm, "n1", to=url_of(farm)) as door:
        door.word = f"files/{hash_bytes(b'comes last')}".encode()
        farm.add_worker("n1", url=door.url)
        shot = submit(farm, manifest, SCENE, 1)
        farm.wait(door.held.is_set)
        cache, most = cache_of(farm, "n1"), len({one.read_bytes() for one in files_in(larger)})
        farm.wait(lambda: len(came(cache)) == most)  # all but one, and the manifest
        farm.wait(lambda: f"fetching {most - 1} of {most} files" in shot.task(1).progress)
        before = came(cache)

        farm.kill9("n1")
        door.word = b""
        farm.start("n1")
        shot.check()

        assert before.items() <= came(cache).items()
        task = shot.task(1)
        assert (task.attempt, blamed(task)) == (2, [])


def with_file(project: Path, folder: Path, name: str, data: bytes) -> Path:
    """A copy of the project with one file more."""
    shutil.copytree(project, folder)
    (folder / name).write_bytes(data)
    return folder


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def came(cache: Path) -> dict[str, int]:
    """The whole files in a node's cache, each with what tells it from another copy."""
    found = (cache / "blobs").glob("*/*")
    return {path.name: path.stat().st_ino for path in found if not path.name.startswith(".")}


def test_a_worker_killed_while_it_sends_costs_one_render_more(farm: Farm, manifest: str) -> None:
    with a_door(farm, "n1", to=url_of(farm)) as door:
        door.word = b"PUT /jobs/"
        farm.add_worker("n1", url=door.url)
        shot = submit(farm, manifest, SCENE, 2)
        farm.wait(door.held.is_set)

        farm.kill9("n1")
        door.word = b""
        farm.start("n1")
        shot.check()

        assert {shot.task(frame).attempt for frame in (1, 2)} == {1, 2}
        assert not list((farm.folder / "n1" / "results").rglob("*.png"))


def test_a_worker_killed_between_sending_and_settling_costs_one_render_more(
    farm: Farm, manifest: str
) -> None:
    with a_door(farm, "n1") as door:
        door.word = b"farm_settle"
        farm.add_worker("n1", redis_url=door.url, url=url_of(farm))
        shot = submit(farm, manifest, SCENE, 2)
        farm.wait(door.held.is_set)
        assert not any(shot.task(frame).image_digest for frame in (1, 2))

        farm.kill9("n1")
        door.word = b""
        farm.start("n1")
        shot.check()

        assert {shot.task(frame).attempt for frame in (1, 2)} == {1, 2}


def test_an_image_that_is_sent_too_late_does_not_count(farm: Farm, manifest: str) -> None:
    with a_door(farm, "n1", to=url_of(farm)) as door:
        door.word = b"PUT /jobs/"
        farm.add_worker("n1", url=door.url)
        shot = submit(farm, manifest, SCENE, 1)
        superseded = farm.counter("superseded")
        farm.wait(door.held.is_set)

        farm.parts["n1"].process.send_signal(signal.SIGSTOP)  # told that it counts
        farm.wait(lambda: take_for_dead(farm, "n1"))
        farm.add_worker("n2", url=url_of(farm))
        shot.check()
        counts = shot.task(1)
        door.word = b""
        door.opened.set()
        farm.parts["n1"].process.send_signal(signal.SIGCONT)
        farm.wait(lambda: farm.counter("superseded") > superseded or back(farm, "n1"))

        assert (counts.node, counts.attempt) == ("n2", 2)
        assert shot.task(1).image_digest == counts.image_digest


def back(farm: Farm, name: str) -> bool:
    """The node is there again, and has dropped what it had."""
    return farm.is_online(name) and not (node.leases if (node := farm.node(name)) else True)


def test_a_service_that_is_away_is_waited_for(farm: Farm, manifest: str) -> None:
    farm.kill9("service")
    farm.add_worker("n1", url=url_of(farm))
    shot = submit(farm, manifest, SCENE, 2)
    farm.wait(lambda: "waiting to fetch" in shot.task(1).progress)

    farm.start("service")
    shot.check()

    assert [shot.task(frame).attempt for frame in (1, 2)] == [1, 1]


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


def unfit(farm: Farm, name: str) -> str:
    node = farm.node(name)
    return node.health.unfit if node else ""


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
