"""What one pass of the leader looks at, and what it tells."""

import pytest

from farm.queue import LeaseQueue
from farm.scheduler import loop
from farm.scheduler.loop import Decider
from farm.store import Store
from farm.store.leader import Nudge
from tests.makers import LEADER, a_job, a_layer, a_node, begin, some_resources
from tests.waiting import wait_until

FEW = 4


@pytest.fixture
def decider(store: Store, store_url: str, monkeypatch: pytest.MonkeyPatch) -> Decider:
    """One that has just told of the whole farm, and looks at few layers until it tells again."""
    monkeypatch.setattr(loop, "FEW_LAYERS", FEW)
    monkeypatch.setattr(loop, "LAYERS_IN_ALL", 2 * FEW)
    store.leader.lead(LEADER)
    made = Decider(store, LeaseQueue(store_url), LEADER)
    made.decide()
    return made


def submit(store: Store, cores: int, key: str) -> str:
    layer = a_layer("1", resources=some_resources(cores=cores))
    return store.jobs.submit(a_job("1", layers=(layer,)), key=key)


def test_a_slot_that_fits_none_of_the_first_goes_further_back(
    store: Store, decider: Decider
) -> None:
    store.nodes.register(a_node(cores=4))
    for number in range(3 * FEW):
        submit(store, 8, f"wide{number}")
    last = submit(store, 1, "last")

    wait_until(lambda: decider.decide().granted == 1, timeout_seconds=30)
    assert store.leader.snapshot(leases=True).leases[0].job == last


def test_of_many_layers_the_first_few_are_seen(store: Store) -> None:
    for number in range(3 * FEW):
        submit(store, 1, f"job{number}")

    few = store.leader.snapshot(layers_per_production=0, layers_in_all=1)
    most = store.leader.snapshot(layers_per_production=0, layers_in_all=3 * FEW + 1)

    assert (len(few.layers), few.more_layers) == (FEW, True)
    assert (len(most.layers), most.more_layers) == (3 * FEW, False)


def test_why_the_rest_waits_is_told_now_and_then(store: Store, decider: Decider) -> None:
    submit(store, 1, "job")
    assert told(decider) is None

    wait_until(lambda: told(decider) == [1], timeout_seconds=30)


def told(decider: Decider) -> list[int] | None:
    """How many tasks wait of each layer that one more pass tells of; None: it does not tell."""
    decider.decide()
    return [row.tasks for row in decider.seen[1].waiting] if decider.seen else None


def test_an_order_makes_leases_looked_at_soon(
    store: Store, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "VAIN_SHARE", 10**9)  # a look in vain, and none again by itself
    store.leader.lead(LEADER)
    epoch = store.nodes.register(a_node(cores=1))
    begin(store, epoch=epoch, layer=f"{submit(store, 1, 'first')}.1")
    waits = submit(store, 1, "second")
    decider = Decider(store, LeaseQueue(store_url), LEADER)
    assert [decider.decide().recalled for _ in range(2)] == [0, 0]

    store.jobs.set_priority(waits, 90)
    assert [decider.decide().recalled for _ in range(2)] == [0, 0]
    assert store.leader.await_nudge(1) is Nudge.ORDER
    decider.heed()

    wait_until(lambda: decider.decide().recalled == 1, timeout_seconds=30)


@pytest.mark.parametrize("order_first", [True, False])
def test_other_events_hide_no_order(store: Store, order_first: bool) -> None:
    job = submit(store, 1, "job")
    while store.leader.await_nudge(0.01):
        pass
    if order_first:
        store.jobs.set_priority(job, 90)
    submit(store, 1, "more")
    if not order_first:
        store.jobs.set_priority(job, 90)

    assert store.leader.await_nudge(0.01) is Nudge.ORDER
    assert store.leader.await_nudge(0.01) is None
