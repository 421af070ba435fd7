"""Every core is at each moment in exactly one state, and no ms of it is lost or counted twice."""

from farm.model.metrics import ServerState
from farm.model.node import NodeHealth
from farm.model.resources import CORE_PARTS
from farm.store import Store
from farm.store.accounts import Accounts
from tests.makers import a_job, a_node, begin, some_resources
from tests.store.passing import let_pass


def read(store: Store) -> Accounts:
    """All accounts, after a look that they are whole."""
    accounts = store.accounts.read()
    for node in accounts.nodes:
        for kind in (node.cores, node.gpus):
            assert kind.spent.all == kind.configured
        assert node.cores.now.all == node.core_parts
    for pool in accounts.pools.values():
        assert pool.cores.spent.all == pool.cores.configured
        assert pool.gpus.spent.all == pool.gpus.configured
    return accounts


def test_time_is_busy_where_it_is_leased_and_idle_where_nothing_waits(store: Store) -> None:
    store.nodes.register(a_node(cores=4))
    store.jobs.submit(a_job("1"), key="k")
    begin(store, resources=some_resources(1.5))
    before = read(store)

    let_pass(store, 10_000)

    after = read(store)
    assert after.nodes[0].cores.now.by_state(CORE_PARTS) == {
        "busy": 1.5,
        "starved": 0,
        "idle": 2.5,
        "draining": 0,
        "offline": 0,
    }
    passed = 10_000 + after.at_ms - before.at_ms
    spent = after.farm().cores.spent
    assert spent.busy - before.farm().cores.spent.busy == passed * 6
    assert spent.idle - before.farm().cores.spent.idle == passed * 10
    assert after.farm().nodes_now.busy * 8 == 3


def test_what_a_node_was_stays_with_its_pool_when_it_comes_back_as_another(store: Store) -> None:
    store.nodes.register(a_node(cores=4, pool="old"))
    let_pass(store, 8_000)
    store.nodes.register(a_node(cores=8, pool="new"))
    let_pass(store, 1_000)

    pools = read(store).pools

    assert 8 <= pools["old"].node_seconds()[ServerState.IDLE] < 9
    assert 32 <= pools["old"].core_seconds()[ServerState.IDLE] < 36
    assert pools["old"].cores.now.all == 0
    assert 8 <= pools["new"].core_seconds()[ServerState.IDLE] < 16


def test_a_silent_node_is_offline_from_four_seconds_on_until_it_reports(store: Store) -> None:
    epoch = store.nodes.register(a_node(cores=1))
    let_pass(store, 10_000, silent=["n1"])
    seen = read(store).farm().cores
    store.nodes.heartbeat("n1", epoch, NodeHealth(), {})
    let_pass(store, 1_000)

    spent = read(store).farm().core_seconds()

    assert seen.now.offline == CORE_PARTS
    assert 6 <= spent[ServerState.OFFLINE] < 7
    assert 5 <= spent[ServerState.IDLE] < 6
