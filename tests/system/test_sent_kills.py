"""Whoever dies or stays away while files travel, every frame comes out once, and as it should."""

import signal
from pathlib import Path

import pytest

from farm.files.hashing import hash_bytes
from tests.system.door import a_door
from tests.system.farm_under_test import Farm
from tests.system.projects import files_in, send, submit, with_file
from tests.system.sent_fixtures import (
    SCENE,
    back,
    cache_of,
    farm,
    manifest,
    project,
    shared,
    url_of,
)
from tests.system.shots import blamed
from tests.system.test_late_images import take_for_dead

__all__ = ["farm", "manifest", "project", "shared"]  # fixtures
pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]


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


def came(cache: Path) -> dict[str, int]:
    """The whole files in a node's cache, each with what tells it from another copy."""
    found = (cache / "blobs").glob("*/*")
    return {path.name: path.stat().st_ino for path in found if not path.name.startswith(".")}


@pytest.mark.soak  # its neighbour, killed a moment later, walks the same way
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


def test_a_service_that_is_away_is_waited_for(farm: Farm, manifest: str) -> None:
    farm.kill9("service")
    farm.add_worker("n1", url=url_of(farm))
    shot = submit(farm, manifest, SCENE, 2)
    farm.wait(lambda: "waiting to fetch" in shot.task(1).progress)

    farm.start("service")
    shot.check()

    assert [shot.task(frame).attempt for frame in (1, 2)] == [1, 1]
