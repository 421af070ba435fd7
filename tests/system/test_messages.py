"""Lease messages carry no truth: one that is lost, late or doubled changes no frame.

No scheduler runs but where a test starts one: the leases are granted here by hand, and their
messages sent, or not, as the test needs it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.queue import LeaseQueue
from farm.settings import START_SECONDS
from farm.store import keys
from tests.makers import LEADER
from tests.system.farm_under_test import HOUSE, Farm, tails_on_failure, told
from tests.system.shots import submit

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with Farm(tmp_path_factory.mktemp("farm")) as farm:
        farm.add_worker("n1", cores=2)
        farm.add_worker("n2")
        farm.wait(lambda: farm.is_online("n1") and farm.is_online("n2"))
        yield farm


@pytest.fixture
def farm(shared: Farm) -> Iterator[Farm]:
    """A store, a node with two slots, n1, and another one, n2."""
    with tails_on_failure(shared):
        yield shared
        assert shared.orphans() == []


@pytest.fixture
def queue(farm: Farm) -> Iterator[LeaseQueue]:
    queue = LeaseQueue(farm.server.url)
    yield queue
    queue.app.close()


def test_a_lost_message_costs_no_more_than_its_start_deadline(farm: Farm, shots: Path) -> None:
    shot = submit(farm, shots, "quick", 1)
    taken_back = farm.counter("unstarted_leases")

    farm.grant("n1", shot.layer)
    granted_at = farm.facts("lease_granted")[-1].at
    farm.add_scheduler("scheduler")
    shot.check()
    farm.remove("scheduler")

    (only,) = shot.endings()
    assert farm.counter("unstarted_leases") == taken_back + 1
    assert (only.attempt, only.node) == (1, "n2")
    assert only.at - granted_at >= START_SECONDS
    told("message lost: its frame done elsewhere", only.at - granted_at)


def test_a_message_that_comes_after_its_lease_was_taken_back_is_dropped(
    farm: Farm, queue: LeaseQueue, shots: Path
) -> None:
    shot = submit(farm, shots, "steady", 4)
    dropped = farm.counter("dropped_messages")
    late = farm.grant("n1", shot.layer)
    take_back_unstarted(farm, late)
    queue.publish([("n1", farm.grant("n1", shot.layer))])
    farm.wait(lambda: shot.in_hand("n1"))

    queue.publish([("n1", late)])
    farm.wait(lambda: farm.counter("dropped_messages") > dropped)
    shot.check()

    assert farm.counter("dropped_messages") == dropped + 1
    assert [one.attempt for one in shot.endings()] == [1] * 4


def take_back_unstarted(farm: Farm, lease: str) -> None:
    """Let the lease's start deadline pass now, and reap it."""
    farm.store.connection.client.zadd(keys.UNSTARTED, {lease: 0})
    farm.store.leader.lead(LEADER)
    assert farm.store.leader.reap(LEADER) == (0, 1)
    farm.store.leader.resign(LEADER)


def test_a_doubled_message_starts_its_lease_once(
    farm: Farm, queue: LeaseQueue, shots: Path
) -> None:
    shot = submit(farm, shots, "steady", 4)
    dropped = farm.counter("dropped_messages")
    lease = farm.grant("n1", shot.layer)

    queue.publish([("n1", lease), ("n1", lease)])
    farm.wait(lambda: farm.counter("dropped_messages") > dropped)
    shot.check()

    assert farm.counter("dropped_messages") == dropped + 1
    assert [one.attempt for one in shot.endings()] == [1] * 4


def test_celery_finds_a_worker_at_work(farm: Farm, queue: LeaseQueue, shots: Path) -> None:
    shot = submit(farm, shots, "long", 2)
    queue.publish([("n1", farm.grant("n1", shot.layer))])
    shot.middle_of_a_frame("n1")

    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "farm.queue.app", "inspect", "ping"],
        cwd=HOUSE,
        env=farm.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    shot.check()

    assert done.returncode == 0, done.stderr
    assert "karst@n1: OK" in done.stdout
    assert "pong" in done.stdout


def test_one_message_starts_all_leases_it_brings(
    farm: Farm, queue: LeaseQueue, shots: Path
) -> None:
    shot = submit(farm, shots, "steady", 4)
    leases = [farm.grant("n1", shot.layer) for _ in range(2)]

    queue.publish([("n1", lease) for lease in leases])
    job = shot.layer.partition(".")[0]
    farm.wait(lambda: farm.store.jobs.get(job).counts.running == 2)
    shot.check()

    assert [one.attempt for one in shot.endings()] == [1] * 4
