"""What one pass of the leader looks at, and what it tells."""

import pytest

from farm.queue import LeaseQueue
from farm.scheduler import loop
from farm.scheduler.loop import Decider
from farm.store import Store
from tests.makers import LEADER, a_job, a_layer, a_node, some_resources
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
