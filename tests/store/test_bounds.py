"""Shares, limits, bounds of jobs and groups, reservations, quarters of cores: a promise each."""

import time
from typing import Any

import pytest

from farm.model.errors import BadRequest, LeaseLost, NotFound
from farm.model.job import TaskCounts
from farm.model.lease import Recall
from farm.model.node import NodeHealth
from farm.model.resources import GIB, Resources
from farm.model.snapshot import CapUnit, CapView
from farm.store import Store, keys
from tests.makers import LEADER, a_grant, a_job, a_node, begin, grant, result, some_resources


def answers(store: Store, count: int, **fields: Any) -> list[str]:
    return [grant(store, a_grant(**fields))[1] for _ in range(count)]


def test_quarters_of_cores_are_booked_exactly(store: Store) -> None:
    store.jobs.submit(a_job("1-99"), key="k")
    store.nodes.register(a_node(cores=1, memory_gib=64))

    told = answers(store, 5, resources=some_resources(0.25))

    assert told == ["granted"] * 4 + ["room"]
    assert store.nodes.get("n1").free == Resources(cores=0, memory_bytes=60 * GIB)


def test_a_worker_is_told_what_its_lease_books(store: Store) -> None:
    store.jobs.submit(a_job(), key="k")
    store.nodes.register(a_node())

    lease, _ = begin(store, resources=some_resources(1.5, 2 * GIB))

    assert lease.resources == some_resources(1.5, 2 * GIB)


def test_a_production_is_not_given_more_than_its_ceiling_in_a_pool(store: Store) -> None:
    store.jobs.submit(a_job(), key="k")
    for name, pool in (("n1", "cpu"), ("n2", "gpu")):
        store.nodes.register(a_node(name, pool=pool))
    store.productions.set_share("heron", "cpu", weight=2, guarantee_cores=1, ceiling_cores=2)

    told = answers(store, 3)

    assert told == ["granted", "granted", "ceiling"]
    assert answers(store, 1, node="n2") == ["granted"]
    (heron,) = store.productions.list()
    share = heron.share("cpu")
    assert (share.weight, share.guarantee_cores, share.ceiling_cores) == (2, 1, 2)
    assert (share.booked.cores, heron.booked.cores) == (2, 3)
    assert store.leader.snapshot().productions == (heron,)
    store.productions.set_share("heron", "cpu", no_ceiling=True)
    assert answers(store, 1) == ["granted"]


def test_a_share_that_cannot_be_is_refused(store: Store) -> None:
    store.jobs.submit(a_job(), key="k")
    with pytest.raises(NotFound, match="no production 'teal'"):
        store.productions.set_share("teal", "", weight=1)
    for words in ({"weight": 0.0}, {"guarantee_cores": -1.0}, {"ceiling_cores": float("nan")}):
        with pytest.raises(BadRequest):
            store.productions.set_share("heron", "", **words)  # type: ignore[arg-type]


def test_a_limit_counts_slots_of_all_layers_that_name_it(store: Store) -> None:
    store.limits.set("maya", 2)
    for name in "ab":
        store.jobs.submit(a_job(layer={"limits": ("maya",)}), key=name)
    store.nodes.register(a_node())

    told = answers(store, 2) + answers(store, 1, layer="2.1")

    assert told == ["granted", "granted", "cap limit:maya"]
    seen = store.leader.snapshot()
    assert seen.caps == {"limit:maya": CapView(most=2, held=2)}
    assert {layer.caps for layer in seen.layers} == {("limit:maya",)}
    assert [(one.name, one.most, one.held) for one in store.limits.list()] == [("maya", 2, 2)]
    store.limits.delete("maya")
    assert answers(store, 1, layer="2.1") == ["granted"]


def test_a_limit_of_nodes_counts_each_node_once(store: Store) -> None:
    store.limits.set("maya", 1, unit=CapUnit.NODE)
    store.jobs.submit(a_job(layer={"limits": ("maya",)}), key="k")
    for name in ("n1", "n2"):
        store.nodes.register(a_node(name))

    told = answers(store, 2) + answers(store, 1, node="n2")

    assert told == ["granted", "granted", "cap limit:maya"]
    assert {node.name: node.limits for node in store.leader.snapshot().nodes} == {
        "n1": {"maya"},
        "n2": frozenset(),
    }


def test_a_job_that_names_an_unknown_limit_is_refused_with_those_there_are(store: Store) -> None:
    store.limits.set("maya", 1)
    store.limits.set("comp", 1)
    with pytest.raises(BadRequest, match="layer render: no limit 'nuke'; there are: comp, maya"):
        store.jobs.submit(a_job(layer={"limits": ("nuke",)}), key="k")
    assert store.jobs.list() == []
    with pytest.raises(NotFound, match="there are: comp, maya"):
        store.limits.delete("nuke")


def test_a_job_has_no_more_than_its_bounds_and_they_change_while_it_runs(store: Store) -> None:
    store.jobs.submit(a_job("1-99", most_tasks=1), key="k")
    store.nodes.register(a_node())
    assert answers(store, 2) == ["granted", "cap job:1:tasks"]

    store.jobs.set_bounds("1", most_tasks=0, most_cores=2, least_tasks=1)

    assert answers(store, 2) == ["granted", "cap job:1:cores"]
    seen = store.leader.snapshot()
    assert seen.caps == {"job:1:cores": CapView(most=2, held=2, unit=CapUnit.CORES)}
    assert (seen.layers[0].slots, seen.layers[0].least_tasks) == (2, 1)
    job = store.jobs.get("1")
    assert (job.most_tasks, job.most_cores, job.least_tasks) == (0, 2, 1)


def test_a_groups_bound_is_one_of_all_that_is_inside_it(store: Store) -> None:
    for shot in ("sq1/a", "sq1/b"):
        store.jobs.submit(a_job(group=shot), key=shot)
    store.nodes.register(a_node())
    store.groups.set("heron", "sq1", most_tasks=2)

    told = answers(store, 1) + answers(store, 2, layer="2.1")

    assert told == ["granted", "granted", "cap group:heron/sq1:tasks"]
    assert [(one.name, one.most_tasks, one.held_tasks) for one in store.groups.list("heron")] == [
        ("sq1", 2, 2),
        ("sq1/a", 0, 1),
        ("sq1/b", 0, 1),
    ]
    assert store.leader.snapshot().layers[0].caps == ("group:heron/sq1:tasks",)
    store.groups.set("heron", "sq1", most_tasks=0)
    assert answers(store, 1) == ["granted"]


def test_a_node_that_is_cleared_for_a_layer_goes_to_it_and_to_what_fills_the_gap(
    store: Store,
) -> None:
    for name in ("wide", "other"):
        store.jobs.submit(a_job("1-9", name=name), key=name)
    store.nodes.register(a_node())
    lease, _ = begin(store, layer="2.1")
    recall = Recall(lease=lease.id, reason="due", reserve_for="1.1")

    assert store.leases.recall([recall], leader=LEADER) == ["recalled"]

    assert store.leader.snapshot().nodes[0].reserved_for == "1.1"
    assert answers(store, 1, layer="2.1") == ["reserved"]
    assert answers(store, 1, layer="2.1", tasks=1) == ["granted"]
    assert answers(store, 1, layer="1.1") == ["granted"]
    assert store.leader.snapshot().nodes[0].reserved_for == ""


def test_a_reservation_ends_when_its_layer_has_nothing_left_to_do(store: Store) -> None:
    for name in ("wide", "other"):
        store.jobs.submit(a_job("1-9", name=name), key=name)
    store.nodes.register(a_node())
    lease, _ = begin(store, layer="2.1")
    store.leases.recall([Recall(lease=lease.id, reason="due", reserve_for="1.1")], leader=LEADER)

    store.jobs.pause("1")

    assert store.leader.snapshot().nodes[0].reserved_for == ""
    assert answers(store, 1, layer="2.1") == ["granted"]


def test_a_lease_that_must_go_now_loses_its_task_and_no_retry(store: Store) -> None:
    store.jobs.submit(a_job("1", layer={"retries": 0}), key="k")
    store.nodes.register(a_node())
    lease, (task,) = begin(store)

    told = store.leases.recall([Recall(lease=lease.id, reason="due", now=True)], leader=LEADER)

    (order,) = store.nodes.heartbeat("n1", 1, NodeHealth(), {}).orders
    assert (told, order.kill) == (["recalled"], True)
    assert store.jobs.get("1").counts == TaskCounts(ready=1)
    assert store.nodes.get("n1").free.cores == 3, "booked until the renderer is dead"
    assert store.leases.settle(lease, [result(task)], want=1).counted == (False,)
    assert store.nodes.get("n1").free.cores == 4


def test_a_lease_for_some_tasks_ends_after_them(store: Store) -> None:
    store.jobs.submit(a_job("1-9", layer={"chunk": 5}), key="k")
    store.nodes.register(a_node())

    lease, tasks = begin(store, tasks=2)
    settled = store.leases.settle(lease, [result(task) for task in tasks], want=1)

    assert len(tasks) == 2
    assert settled.ended == "its tasks are done"


def test_a_job_that_begins_later_is_not_shown_before(store: Store) -> None:
    begins = time.time() + 1000
    store.jobs.submit(a_job(start_at=begins), key="k")
    store.nodes.register(a_node())
    assert store.leader.snapshot().layers == ()
    assert answers(store, 1) == ["job"]
    assert store.leader.begin_due() == 0

    client = store.connection.client  # the time has come
    client.hset(keys.job("1"), "start_ms", 1)
    client.zadd(keys.STARTING, {"1": 1})

    assert store.leader.begin_due() == 1
    assert [layer.id for layer in store.leader.snapshot().layers] == ["1.1"]


def test_only_the_leases_of_the_named_productions_are_read(store: Store) -> None:
    for name in ("heron", "teal"):
        store.jobs.submit(a_job("1-9", production=name), key=name)
    store.nodes.register(a_node())
    begin(store, layer="1.1")
    lease, _ = begin(store, layer="2.1")

    (seen,) = store.leader.snapshot(leases_of=["teal"]).leases

    assert (seen.id, seen.production, seen.job, seen.node) == (lease.id, "teal", "2", "n1")
    assert seen.task_started_at > 0
    assert (seen.tasks, seen.caps) == (0, ())
    with pytest.raises(LeaseLost):
        store.leases.start(lease.id, node="n1", epoch=1)


def test_a_lease_tells_what_it_counts_in_and_when_it_ends_by_itself(store: Store) -> None:
    store.limits.set("maya", 4)
    job = a_job("1-9", group="sq010/sh020", layer={"limits": ("maya",)})
    store.jobs.submit(job, key="k")
    store.nodes.register(a_node())
    begin(store, tasks=2)

    (seen,) = store.leader.snapshot(leases=True).leases

    assert seen.tasks == 2  # the one in hand is one of them
    assert set(seen.caps) == {
        "limit:maya",
        *(
            f"group:heron/sq010{inner}:{unit}"
            for inner in ("", "/sh020")
            for unit in ("tasks", "cores")
        ),
    }
