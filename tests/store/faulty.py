"""Words for tests of faults: nodes on which tasks of jobs end, and the leader who judges."""

import pytest

from farm.model.states import Outcome
from farm.scheduler.judge import Judge
from farm.store import Store, keys
from farm.store.leases import GIVE_UP
from tests.makers import LEADER, a_job, a_node, begin, result


@pytest.fixture
def judge(store: Store) -> Judge:
    store.leader.lead(LEADER)
    return Judge(store, LEADER)


def nodes(store: Store, *names: str) -> None:
    for name in names:
        store.nodes.register(a_node(name))


def jobs(store: Store, count: int, frames: str = "1-10", **fields: object) -> None:
    for number in range(count):
        store.jobs.submit(a_job(frames, **fields), key=str(number))  # type: ignore[arg-type]


def attempt(
    store: Store, node: str, job: int, outcome: Outcome, *, reason: str = "it broke"
) -> int:
    """One task of a job ends on a node; which one."""
    lease, (task, *_) = begin(store, node=node, layer=f"{job}.1", anywhere=False)
    told = result(task, outcome, reason="" if outcome is Outcome.SUCCEEDED else reason)
    store.leases.settle(lease, [told], want=GIVE_UP)
    return task.index


def fails(store: Store, node: str, job: int, **fields: str) -> int:
    return attempt(store, node, job, Outcome.FAILED, **fields)


def succeeds(store: Store, node: str, job: int) -> int:
    return attempt(store, node, job, Outcome.SUCCEEDED)


def taking(store: Store) -> set[str]:
    return {node.name for node in store.leader.snapshot().nodes}


def quarantine(store: Store, judge: Judge, name: str) -> None:
    nodes(store, name, "good")
    jobs(store, 4)
    for job in (1, 2, 3):
        fails(store, name, job)
    judge.judge()
    assert taking(store) == {"good"}


def attempt_anywhere(store: Store, node: str, outcome: Outcome) -> None:
    lease, (task, *_) = begin(store, node=node, layer="4.1", anywhere=True)
    store.leases.settle(lease, [result(task, outcome)], want=GIVE_UP)


def its_time_is_over(store: Store, name: str) -> None:
    store.connection.client.zadd(keys.QUARANTINED, {name: 0})


def left_ms(store: Store, name: str) -> float:
    client = store.connection.client
    seconds, micros = client.time()
    return float(client.zscore(keys.QUARANTINED, name) - seconds * 1000 - micros / 1000)
