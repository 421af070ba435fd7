"""Jobs moved to other pools, groups and times while they run, on a real server."""

import time

import pytest

from farm.model.errors import BadRequest, Conflict, LeaseLost, NotFound
from farm.store import Store
from tests.makers import a_chain, a_grant, a_job, a_node, begin, grant, result
from tests.waiting import wait_until


def waiting(store: Store) -> list[tuple[str, str]]:
    return [(layer.id, layer.pool) for layer in store.leader.snapshot().layers]


def test_waiting_work_goes_to_the_new_pool_and_what_runs_finishes(store: Store) -> None:
    store.nodes.register(a_node(cores=2, pool="day"))
    store.jobs.submit(a_job("1-4", layer={"pool": "day"}), key="k")
    lease, (task,) = begin(store)
    unstarted, _ = grant(store, a_grant())

    store.steering.move("1", pool="night")

    assert waiting(store) == [("1.1", "night")]
    assert [one.spec.pool for one in store.jobs.get("1").layers] == ["night"]
    with pytest.raises(LeaseLost):
        store.leases.start(unstarted, node="n1", epoch=1)
    settled = store.leases.settle(lease, [result(task)], want=1)
    assert (settled.counted, settled.tasks) == ((True,), ())


def test_any_pool_takes_nothing_back(store: Store) -> None:
    store.nodes.register(a_node(pool="day"))
    store.jobs.submit(a_job("1-4", layer={"pool": "day"}), key="k")
    lease, (task,) = begin(store)

    store.steering.move("1", pool="")

    assert waiting(store) == [("1.1", "")]
    assert store.leases.settle(lease, [result(task)], want=1).tasks


def test_a_job_moves_to_another_group_and_counts_there_from_its_next_slot(store: Store) -> None:
    store.nodes.register(a_node())
    store.jobs.submit(a_job("1-4", group="sq010/sh010"), key="k")
    begin(store)

    store.steering.move("1", group="sq010/sh020")
    begin(store)

    assert store.jobs.get("1").group == "sq010/sh020"
    held = {group.name: group.held_tasks for group in store.groups.list("heron")}
    assert held == {"sq010": 2, "sq010/sh010": 1, "sq010/sh020": 1}


@pytest.mark.parametrize("place", [{"pool": "no pool"}, {"group": "/"}])
def test_a_place_that_cannot_be_is_refused(store: Store, place: dict[str, str]) -> None:
    store.jobs.submit(a_job("1"), key="k")

    with pytest.raises(BadRequest):
        store.steering.move("1", **place)


def test_nothing_begins_before_the_start_and_what_runs_finishes(store: Store) -> None:
    store.nodes.register(a_node())
    store.jobs.submit(a_chain("1-4", "1"), key="k")
    lease, (task,) = begin(store)
    unstarted, _ = grant(store, a_grant())

    store.steering.set_start("1", time.time() + 3600)

    assert waiting(store) == []
    assert grant(store, a_grant())[1] == "job"
    with pytest.raises(LeaseLost):
        store.leases.start(unstarted, node="n1", epoch=1)
    settled = store.leases.settle(lease, [result(task)], want=1)
    assert (settled.counted, settled.tasks) == ((True,), ())
    store.steering.set_start("1", 0)
    assert waiting(store) == [("1.1", "")]


def test_a_job_begins_when_its_time_has_come(store: Store) -> None:
    store.jobs.submit(a_job("1", start_at=time.time() + 0.2), key="k")
    assert waiting(store) == []

    wait_until(store.leader.begin_due, timeout_seconds=5)

    assert waiting(store) == [("1.1", "")]


def test_a_deadline_is_seen_by_decisions_at_once(store: Store) -> None:
    store.jobs.submit(a_job("1"), key="k")

    store.steering.set_deadline("1", 1_800_000_000)

    assert [layer.deadline_at for layer in store.leader.snapshot().layers] == [1_800_000_000]


def test_an_ended_job_has_no_start_and_no_job_cannot_be_steered(store: Store) -> None:
    store.jobs.submit(a_job("1"), key="k")
    store.jobs.cancel("1")

    with pytest.raises(Conflict, match="cannot set the start of job 1: it is cancelled"):
        store.steering.set_start("1", 0)
    for verb in (store.steering.set_start, store.steering.set_deadline):
        with pytest.raises(NotFound):
            verb("9", 0)
    with pytest.raises(NotFound):
        store.steering.move("9", pool="day")
