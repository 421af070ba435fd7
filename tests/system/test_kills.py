"""Every part of a farm dies in the middle of a job, and nobody who only looks at frames can tell.

After each death: every frame has succeeded once, every image is whole, the audit finds nothing, and
no Blender is left without its worker."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.client import Client
from farm.model.render import RenderSettings
from farm.model.states import NodeState, TaskState
from farm.up.port import HOST, free_port
from tests.system.door import a_door
from tests.system.farm_under_test import Farm, tails_on_failure, told
from tests.system.shots import Shot, blamed, settings_for, submit

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

ELSEWHERE_SECONDS = 15.0  #: from a node's death to its frame done on another
STANDBY_SECONDS = 5.0  #: from a leader's death to the next one
HARD_SECONDS = 2.0  #: from the second SIGTERM to the end of a worker
AWAY_SECONDS = 5.0  #: how long the store is away


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with Farm(tmp_path_factory.mktemp("farm")) as farm:
        for name in ("s1", "s2"):
            farm.add_scheduler(name)
        for name in ("n1", "n2"):
            farm.add_worker(name)
        yield farm


@pytest.fixture
def farm(shared: Farm) -> Iterator[Farm]:
    """Two schedulers and two nodes of one slot each; whatever the last test killed is back."""
    for name, part in shared.parts.items():
        if not part.runs:
            shared.start(name)
    shared.wait(lambda: shared.is_online("n1") and shared.is_online("n2"))
    shared.wait(shared.store.leader.leader)
    with tails_on_failure(shared):
        yield shared
        assert shared.orphans() == []


def test_a_killed_renderer_costs_one_attempt(farm: Farm, shots: Path) -> None:
    shot = submit(farm, shots, "steady", 5)
    shot.middle_of_a_frame("n1")

    for blender in farm.blenders("n1"):
        blender.kill()
    shot.check()

    tasks = [shot.task(frame) for frame in range(1, shot.length + 1)]
    (failed,) = [task for task in tasks if blamed(task)]
    (failure,) = blamed(failed)
    assert (failure.attempt, failure.node, failed.attempt) == (1, "n1", 2)
    assert "killed (SIGKILL)" in failure.reason
    assert farm.parts["n1"].runs


def test_a_killed_workers_frame_runs_on_another_node_and_its_blender_dies_with_it(
    farm: Farm, shots: Path
) -> None:
    shot = submit(farm, shots, "steady", 6)
    shot.middle_of_a_frame("n1")
    blenders = farm.blenders("n1")

    killed_at = farm.kill9("n1")
    lost = shot.in_hand("n1")
    farm.wait(lambda: not any(blender.is_running() for blender in blenders), seconds=2)
    shot.check()

    assert blenders
    assert lost
    for task in lost:
        (again,) = [one for one in shot.endings() if one.index == task.index]
        assert (again.node, again.attempt) == ("n2", task.attempt + 1)
        assert blamed(shot.task(task.frame)) == []
        assert again.at - killed_at < ELSEWHERE_SECONDS
        told("dead node: its frame done elsewhere", again.at - killed_at)


def test_a_worker_back_at_once_gets_its_frame_back_without_waiting_and_without_a_retry(
    farm: Farm, shots: Path
) -> None:
    shot = submit(farm, shots, "steady", 6, production="ibis")
    shot.middle_of_a_frame("n1")
    epoch = farm.epoch("n1")
    farm.kill9("n1")
    lost = shot.in_hand("n1")

    began = time.time()
    farm.start("n1")
    farm.wait(lambda: farm.is_online("n1", after_epoch=epoch))
    shot.check()

    assert farm.facts("node_offline") == [] or farm.facts("node_offline")[-1].at < began
    for task in lost:
        (again,) = [one for one in shot.endings() if one.index == task.index]
        assert again.attempt == task.attempt + 1
        assert blamed(shot.task(task.frame)) == []
        told("worker back at once: its frame done again", again.at - began)


def test_a_standby_leads_within_seconds_and_running_slots_never_pause(
    farm: Farm, shots: Path
) -> None:
    shot = submit(farm, shots, "quick", 60)
    farm.wait(lambda: {one.node for one in shot.endings()} == {"n1", "n2"})
    leader = leading(farm)

    killed_at = farm.kill9(leader)
    farm.wait(lambda: farm.store.leader.leader() and leading(farm) != leader)
    changed_at = farm.facts("leader_changed")[-1].at
    shot.check()

    between = [one for one in shot.endings() if killed_at < one.at < changed_at]
    assert changed_at - killed_at < STANDBY_SECONDS
    assert {one.node for one in between} == {"n1", "n2"}
    told("leader dead: a standby leads", changed_at - killed_at)


def leading(farm: Farm) -> str:
    """Which of the two schedulers leads: the one that said so last."""
    farm.wait(farm.store.leader.leader)
    takeover = f"leading, takeover {len(farm.facts('leader_changed'))}"
    names: list[str] = []

    def look() -> bool:
        names[:] = [n for n in ("s1", "s2") if takeover in farm.parts[n].log.read_text("utf-8")]
        return bool(names)

    farm.wait(look)
    return names[0]


def test_a_job_outlives_the_service_that_took_it(farm: Farm, shots: Path) -> None:
    port = free_port()
    farm.add_service("service", port)
    client = Client(f"http://{HOST}:{port}")
    farm.wait(lambda: _answers(client))
    settings = settings_for(farm, shots, "steady", "by-service")
    shot = by_service(farm, client, settings, 6)
    farm.wait(shot.done)

    farm.kill9("service")
    done = shot.done()
    farm.wait(lambda: shot.done() > done)
    farm.start("service")
    farm.wait(lambda: _answers(client))
    shot.check()

    assert client.job(shot.job)["state"] == "succeeded"
    client.close()
    farm.remove("service")


def by_service(farm: Farm, client: Client, settings: RenderSettings, length: int) -> Shot:
    asked = {
        "production": "heron",
        "scene": settings.scene,
        "frames": f"1-{length}",
        "output": settings.output,
    }
    job = str(client.submit(asked)["id"])
    return Shot(farm=farm, job=job, length=length, settings=settings)


def _answers(client: Client) -> bool:
    try:
        return bool(client.health())
    except Exception:  # noqa: BLE001
        return False


def test_frames_that_end_while_the_store_is_dead_count_when_it_is_back(
    farm: Farm, shots: Path
) -> None:
    quick = submit(farm, shots, "quick", 40, production="ibis")
    shot = submit(farm, shots, "long", 2)
    farm.wait(lambda: shot.in_hand("n1") or shot.in_hand("n2"))
    node = "n1" if shot.in_hand("n1") else "n2"
    task = shot.middle_of_a_frame(node)
    assert farm.store.wait_durable()

    farm.server.kill()
    killed_at = time.monotonic()
    farm.wait(lambda: time.monotonic() - killed_at > AWAY_SECONDS)
    farm.server.restart()
    back_at = time.time()
    quick.check()
    shot.check()

    assert shot.task(task.frame).attempt == task.attempt
    for name in ("n1", "n2"):
        assert "the store was restarted" in farm.parts[name].log.read_text("utf-8")
    first = min(one.at for one in (*shot.endings(), *quick.endings()) if one.at > back_at)
    told("store back: the first frame settled", first - back_at)


def test_a_worker_asked_to_stop_finishes_its_frame_and_gives_the_rest_back(
    farm: Farm, shots: Path
) -> None:
    shot = submit(farm, shots, "long", 3)
    task = shot.middle_of_a_frame("n1")
    worker = farm.parts["n1"].process

    worker.terminate()
    farm.wait(lambda: worker.poll() is not None)
    shot.check()

    assert worker.returncode == 0
    settled = shot.task(task.frame)
    assert (settled.state, settled.attempt, settled.node) == (
        TaskState.SUCCEEDED,
        task.attempt,
        "n1",
    )
    assert farm.facts("node_offline")[-1].fields == {"node": "n1", "event": "leave"}


def test_a_worker_asked_twice_ends_at_once_and_leaves_nothing(farm: Farm, shots: Path) -> None:
    shot = submit(farm, shots, "long", 2)
    task = shot.middle_of_a_frame("n1")
    worker, blenders = farm.parts["n1"].process, farm.blenders("n1")

    worker.terminate()
    farm.wait(lambda: _state(farm, "n1") is NodeState.DRAINING)
    again_at = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    farm.wait(lambda: worker.poll() is not None)
    took = time.monotonic() - again_at
    left = [blender for blender in blenders if blender.is_running()]
    shot.check()

    assert blenders
    assert left == []
    assert took < HARD_SECONDS
    settled = shot.task(task.frame)
    assert (settled.attempt, settled.node, blamed(settled)) == (task.attempt + 1, "n2", [])
    told("second SIGTERM: the worker is gone", took)


def test_a_worker_asked_to_stop_while_it_starts_does_not_stay(farm: Farm) -> None:
    with a_door(farm, "n3") as door:
        door.word = b"farm_register"
        farm.add_worker("n3", redis_url=door.url)
        farm.wait(door.held.is_set)
        worker = farm.parts["n3"].process

        worker.terminate()
        door.opened.set()
        farm.wait(lambda: worker.poll() is not None, seconds=15)

        assert worker.returncode == 0
        assert _state(farm, "n3") is NodeState.OFFLINE


def _state(farm: Farm, name: str) -> NodeState | None:
    node = farm.node(name)
    return node.state if node else None
