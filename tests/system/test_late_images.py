"""The image under the final name is whole, and of the attempt that counts, whoever comes late.

Each test stops a worker at one step of the way from attempt to final name (docs/decisions/003)."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.door import Door, a_door
from tests.system.farm_under_test import Farm, tails_on_failure
from tests.system.shots import blamed, pixels, submit

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

SILENT_ENOUGH_SECONDS = 4.0  #: to take a node for dead: more than two heartbeats


@pytest.fixture
def door(farm: Farm) -> Iterator[Door]:
    with a_door(farm, "n1") as door:
        yield door


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with Farm(tmp_path_factory.mktemp("farm")) as farm:
        farm.add_scheduler("scheduler")
        farm.add_worker("n2")
        yield farm


@pytest.fixture
def farm(shared: Farm) -> Iterator[Farm]:
    """A scheduler and a node of one slot, n2; each test adds n1, which comes to grief."""
    shared.wait(lambda: shared.is_online("n2"))
    with tails_on_failure(shared):
        yield shared
        shared.remove("n1")
        assert shared.orphans() == []


def identity(image: Path) -> tuple[int, int, str]:
    """Another one when the file is another, or was written to."""
    found = image.stat()
    return found.st_ino, found.st_mtime_ns, pixels(image)


def test_a_frozen_node_that_thaws_replaces_no_image(farm: Farm, shots: Path) -> None:
    farm.add_worker("n1")
    farm.wait(lambda: farm.is_online("n1"))
    shot = submit(farm, shots, "long", 2)
    task = shot.middle_of_a_frame("n1")
    superseded = farm.counter("superseded")

    farm.signal_worker("n1", signal.SIGSTOP)
    farm.wait(shot.is_over)
    final = identity(shot.image(task.frame))
    # First its Blender finishes, so that a whole image of the late attempt is there to be moved.
    for blender in farm.blenders("n1"):
        blender.send_signal(signal.SIGCONT)
    farm.wait(lambda: is_whole(shot.attempt_image(task)))
    os.kill(farm.parts["n1"].process.pid, signal.SIGCONT)
    farm.wait(lambda: farm.counter("superseded") > superseded)
    shot.check()

    settled = shot.task(task.frame)
    assert (settled.node, settled.attempt) == ("n2", task.attempt + 1)
    assert identity(shot.image(task.frame)) == final
    farm.wait(lambda: farm.is_online("n1"))


def is_whole(image: Path) -> bool:
    with contextlib.suppress(OSError, SyntaxError):
        return bool(pixels(image))
    return False


def test_a_worker_fenced_off_between_asking_and_moving_replaces_no_image(
    farm: Farm, shots: Path, door: Door
) -> None:
    door.word = b"farm_confirm"
    farm.add_worker("n1", redis_url=door.url)
    farm.wait(lambda: farm.is_online("n1"))
    shot = submit(farm, shots, "steady", 3)
    superseded = farm.counter("superseded")
    farm.wait(door.held.is_set)
    (task,) = shot.in_hand("n1")

    # It gets its answer, "yes, you count", but cannot read it before all is over.
    farm.signal_worker("n1", signal.SIGSTOP)
    door.opened.set()
    farm.wait(lambda: take_for_dead(farm, "n1"))
    farm.wait(shot.is_over)
    final = identity(shot.image(task.frame))
    farm.signal_worker("n1", signal.SIGCONT)
    farm.wait(lambda: farm.counter("superseded") > superseded)
    shot.check()

    settled = shot.task(task.frame)
    assert (settled.node, settled.attempt) == ("n2", task.attempt + 1)
    assert identity(shot.image(task.frame)) == final


def take_for_dead(farm: Farm, name: str) -> bool:
    """Be less patient with silent nodes than the farm is."""
    leader = farm.store.leader.leader()
    farm.store.leader.reap(leader, silent_seconds=SILENT_ENOUGH_SECONDS)
    return not farm.is_online(name)


def test_a_worker_killed_between_moving_and_settling_costs_one_render_more(
    farm: Farm, shots: Path, door: Door
) -> None:
    door.word = b"farm_settle"
    farm.add_worker("n1", redis_url=door.url)
    farm.wait(lambda: farm.is_online("n1"))
    shot = submit(farm, shots, "steady", 3)
    superseded = farm.counter("superseded")
    farm.wait(door.held.is_set)
    (task,) = shot.in_hand("n1")
    moved = identity(shot.image(task.frame))
    assert not shot.attempt_image(task).exists()

    farm.kill9("n1")
    door.word = b""
    farm.start("n1")
    shot.check()
    final = identity(shot.image(task.frame))
    # What the dead worker said last arrives after all.
    door.opened.set()
    farm.wait(lambda: farm.counter("superseded") > superseded)
    shot.check()

    assert final[0] != moved[0]
    assert final[2] == moved[2]
    assert identity(shot.image(task.frame)) == final
    settled = shot.task(task.frame)
    assert (settled.attempt, blamed(settled)) == (task.attempt + 1, [])
