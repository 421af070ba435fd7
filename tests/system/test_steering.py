"""Jobs steered while a real Blender renders them: how soon each verb is seen to act."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from farm.model.dependencies import After, Match
from farm.model.frames import Frames
from farm.model.states import JobState, TaskState
from tests.system.farm_under_test import Farm, tails_on_failure, told
from tests.system.sent_fixtures import back
from tests.system.shots import submit

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

KILL_SECONDS = 1.0
ONE_BY_ONE = {"chunk": 1}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with Farm(tmp_path_factory.mktemp("farm")) as farm:
        farm.add_scheduler("s1")
        farm.add_worker("n1")
        yield farm


@pytest.fixture
def farm(shared: Farm) -> Iterator[Farm]:
    """A scheduler and a node of one slot, n1, which has nothing in hand."""
    shared.wait(lambda: back(shared, "n1"))
    with tails_on_failure(shared):
        yield shared
        for name in ("d1", "e1"):
            shared.remove(name)
        assert shared.store.audit() == []


def running(farm: Farm, job: str) -> list[int]:
    return [task.frame for task in farm.store.tasks.list(job, states={TaskState.RUNNING})]


def seconds_until(farm: Farm, what: str, done: Callable[[], object]) -> float:
    began = time.monotonic()
    farm.wait(done)
    took = time.monotonic() - began
    told(what, took)
    return took


def test_a_skipped_frame_is_stopped_within_a_second_and_another_begins(
    farm: Farm, shots: Path
) -> None:
    shot = submit(farm, shots, "long", 2, layer=ONE_BY_ONE)
    frame = shot.middle_of_a_frame("n1").frame
    blenders = farm.blenders("n1")

    farm.store.steering.skip(shot.job, Frames(str(frame)))
    gone = seconds_until(
        farm, "skipped: its renderer gone", lambda: not any(one.is_running() for one in blenders)
    )
    seconds_until(farm, "skipped: another frame begun", lambda: running(farm, shot.job))

    assert blenders
    assert gone < KILL_SECONDS
    assert shot.task(frame).state is TaskState.SKIPPED
    farm.store.jobs.cancel(shot.job)


def test_a_frame_begins_once_its_source_in_another_job_is_there(farm: Farm, shots: Path) -> None:
    first = submit(farm, shots, "quick", 3, layer=ONE_BY_ONE)
    waits = (After(job=first.job, layer="render", match=Match.FRAME),)
    later = submit(farm, shots, "quick", 3, layer=ONE_BY_ONE | {"after": waits})

    later.check()

    first.check()
    ended = {one.index: one.at for one in first.endings()}
    assert all(one.at > ended[one.index] for one in later.endings())


def test_a_job_begins_when_its_start_is_set_to_now_and_when_its_time_has_come(
    farm: Farm, shots: Path
) -> None:
    later = submit(farm, shots, "quick", 1, start_at=time.time() + 3600)
    in_time = submit(farm, shots, "quick", 1, start_at=time.time() + 2)

    in_time.check()
    began = min(task.started_at or 0 for task in farm.store.tasks.list(in_time.job))
    assert began >= int(farm.store.jobs.get(in_time.job).start_at)
    assert farm.store.jobs.get(later.job).counts.ready == 1
    farm.store.steering.set_start(later.job, 0)
    seconds_until(farm, "start-at now: begun", lambda: running(farm, later.job) or later.is_over())

    later.check()


def test_waiting_frames_follow_to_another_pool_and_the_one_in_work_finishes(
    farm: Farm, shots: Path
) -> None:
    farm.add_worker("d1", words=("--pool", "day"))
    farm.add_worker("e1", words=("--pool", "night"))
    shot = submit(farm, shots, "steady", 4, layer=ONE_BY_ONE | {"pool": "day"})
    frame = shot.middle_of_a_frame("d1").frame
    assert not shot.in_hand("e1")

    farm.store.steering.move(shot.job, pool="night")
    seconds_until(farm, "moved: begun in the other pool", lambda: shot.in_hand("e1"))

    farm.wait(shot.is_over)
    nodes = {task.frame: (task.node, task.attempt) for task in farm.store.tasks.list(shot.job)}
    assert nodes.pop(frame) == ("d1", 1)
    assert set(nodes.values()) == {("e1", 1)}
    assert farm.store.jobs.get(shot.job).state is JobState.SUCCEEDED


def test_a_higher_priority_is_seen_at_the_next_frame(farm: Farm, shots: Path) -> None:
    first = submit(farm, shots, "steady", 6, layer=ONE_BY_ONE)
    second = submit(farm, shots, "steady", 1)
    first.middle_of_a_frame("n1")

    farm.store.jobs.set_priority(second.job, 90)
    seconds_until(farm, "priority: begun", lambda: running(farm, second.job) or second.is_over())

    assert first.done() < 6
    farm.store.jobs.cancel(first.job)
    farm.wait(second.is_over)
