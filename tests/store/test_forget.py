"""A node that is struck off leaves nothing behind but what it did."""

from dataclasses import replace
from typing import Any

import pytest

from farm.model.errors import Conflict, NodeSuperseded, NotFound
from farm.model.metrics import ServerState
from farm.model.node import NodeHealth
from farm.model.states import NodeState
from farm.store import Store
from farm.store.accounts import Account, Split
from farm.store.energy import Used
from farm.store.leases import GIVE_UP
from tests.makers import a_job, a_node, begin, finish, result, some_resources
from tests.store.passing import let_pass


def metered(millijoules: int) -> NodeHealth:
    return NodeHealth(energy_source="rapl", energy_meter="boot1", energy_millijoules=millijoules)


def pools(store: Store) -> dict[str, dict[str, Any]]:
    accounts = store.accounts.read()
    return {
        name: {
            "cores": pool.core_seconds(),
            "gpus": pool.gpu_seconds(),
            "nodes": pool.node_seconds(),
            "configured": pool.cores.configured,
        }
        for name, pool in accounts.pools.items()
    }


def gone(store: Store, name: str = "n1") -> None:
    store.nodes.leave(name, store.nodes.get(name).epoch)
    store.nodes.forget(name, key=f"forget {name}")


@pytest.fixture
def worked(store: Store) -> Store:
    """Two nodes of one pool, of which n1 did a job for ten seconds, with two GPUs and a meter."""
    eight = some_resources(8, gpus=2)
    store.nodes.register(replace(a_node("n1", pool="cpu"), resources=eight))
    store.nodes.register(a_node("n2", pool="cpu", cores=4))
    store.jobs.submit(a_job("1-2"), key="k")
    let_pass(store, 10_000)
    finish(store, "1.1")
    store.nodes.heartbeat("n1", 1, metered(5_000), {})
    return store


def test_only_a_node_that_is_offline_can_be_forgotten(worked: Store) -> None:
    with pytest.raises(Conflict, match="node n1 is online: only one that is offline"):
        worked.nodes.forget("n1", key="1")
    worked.nodes.drain("n1", "it goes")
    with pytest.raises(Conflict, match="draining"):
        worked.nodes.forget("n1", key="2")
    with pytest.raises(NotFound):
        worked.nodes.forget("n9", key="3")

    assert [node.name for node in worked.nodes.list()] == ["n1", "n2"]


def test_what_a_forgotten_node_did_stays_in_the_sums_to_the_ms(worked: Store) -> None:
    worked.nodes.leave("n1", 1)
    before, at_first = worked.accounts.read(), pools(worked)
    worked.nodes.forget("n1", key="gone")
    after, at_last = worked.accounts.read(), pools(worked)

    assert [one.name for one in after.nodes] == ["n2"]
    spent, had = after.pools["cpu"].cores.spent, before.pools["cpu"].cores.spent
    passed = after.at_ms - before.at_ms
    assert spent.busy == had.busy
    assert 0 <= spent.offline - had.offline <= passed * 4 * 8
    assert spent.all == after.pools["cpu"].cores.configured
    for what in ("cores", "gpus", "nodes"):
        for state in ServerState:
            assert at_last["cpu"][what][state] >= at_first["cpu"][what][state], (what, state)


def test_from_then_on_it_counts_as_offline_no_more(worked: Store) -> None:
    gone(worked)
    before = worked.accounts.read().farm().cores.spent
    let_pass(worked, 100_000)
    after = worked.accounts.read().farm()

    assert after.cores.spent.offline == before.offline
    assert after.cores.now == Split(idle=16)
    assert after.gpus.now == Account().now


def test_nothing_of_it_is_left_but_what_must_not_begin_anew(worked: Store) -> None:
    client = worked.connection.client
    worked.nodes.lock("n1", "it smells")
    worked.nodes.schedule("n1", "Mon-Sun 00:00-24:00 UTC")
    gone(worked)

    assert list(client.scan_iter(match="*node:n1*")) == []
    left = {
        key
        for key in client.scan_iter(match="*nodes*")
        if client.type(key) in {"hash", "zset"}
        and "n1" in (client.hkeys(key) if client.type(key) == "hash" else client.zrange(key, 0, -1))
    }
    assert left == {"{farm}:nodes:forgotten"}
    assert worked.nodes.schedules() == []
    assert worked.tasks.get("1", 1).node == "n1"


def test_the_same_request_again_is_answered_as_before(worked: Store) -> None:
    worked.nodes.leave("n1", 1)
    worked.nodes.forget("n1", key="once")
    worked.nodes.register(a_node("n1"))

    worked.nodes.forget("n1", key="once")

    assert worked.nodes.get("n1").state is NodeState.ONLINE


def test_a_node_that_comes_back_has_its_number_and_a_newer_epoch(worked: Store) -> None:
    gone(worked)
    worked.nodes.register(a_node("n3"))
    with pytest.raises(NotFound):
        worked.nodes.heartbeat("n1", 1, NodeHealth(), {})

    epoch = worked.nodes.register(a_node("n1", cores=2))
    worked.jobs.submit(a_job("1-2"), key="more")
    for node in ("n2", "n3"):
        lease, tasks = begin(worked, node=node, layer="2.1")
        worked.leases.settle(lease, [result(one) for one in tasks], want=GIVE_UP)

    assert epoch == 2
    with pytest.raises(NodeSuperseded):
        worked.nodes.heartbeat("n1", 1, NodeHealth(), {})
    assert worked.tasks.get("1", 1).node == "n1"
    assert [task.node for task in worked.tasks.list("2")] == ["n2", "n3"]


def test_its_energy_is_counted_once_also_when_its_meter_goes_on(worked: Store) -> None:
    gone(worked)
    assert worked.energy.read().forgotten == Used(millijoules=5_000)
    assert worked.energy.read().nodes == {}

    epoch = worked.nodes.register(a_node("n1"))
    worked.nodes.heartbeat("n1", epoch, metered(6_000), {})

    energy = worked.energy.read()
    assert energy.nodes["n1"] == Used(millijoules=1_000)
    assert energy.forgotten == Used(millijoules=5_000)
