"""When it ends, over HTTP and by commands: of a job that runs, of one that waits, of all."""

import pytest

from farm.client import Client
from farm.store import Store
from tests.makers import a_node, begin, result
from tests.makers import some_resources as asks
from tests.store.service.asking import submit


@pytest.fixture
def farm(store: Store) -> Store:
    """One core: job 1 has it, and two of its frames took 10 s each; job 2 waits."""
    epoch = store.nodes.register(a_node(cores=1))
    submit(store, "1-20", layer={"resources": asks(cores=1)})
    submit(store, "1-20", key="2", layer={"resources": asks(cores=1)})
    lease, tasks = begin(store, epoch=epoch, resources=asks(cores=1))
    for _ in range(2):
        told = [result(task, elapsed_seconds=10.0) for task in tasks]
        tasks = store.leases.settle(lease, told, want=1).tasks
    return store


def test_what_is_in_hand_is_told_by_layer(farm: Store) -> None:
    (elapsed,) = farm.leases.begun(["1.1", "2.1"]).values()

    assert len(elapsed) == 1
    assert 0 <= elapsed[0] < 60


def test_a_job_that_runs_and_one_that_waits_are_foretold(farm: Store, client: Client) -> None:
    second, first = client.jobs()

    assert first["eta_seconds"] == pytest.approx(180, rel=0.2)
    assert second["eta_seconds"] > first["eta_seconds"]
    assert client.job("2")["eta_late_seconds"] > client.job("2")["eta_early_seconds"] * 2


def test_a_production_ends_with_its_last_job(farm: Store, client: Client) -> None:
    told = client.productions.forecast("heron")

    assert (told["jobs"], told["unknown"]) == (2, 0)
    assert told["eta_seconds"] >= client.job("1")["eta_seconds"] * 0.9
    assert told["eta_early_seconds"] < told["eta_seconds"] < told["eta_late_seconds"]
    farm.jobs.pause("2")
    assert client.productions.forecast("heron")["unknown"] == 1


def test_nothing_is_told_where_nothing_was_measured(store: Store, client: Client) -> None:
    submit(store, "1-4")

    assert client.jobs()[0]["eta_seconds"] is None
    assert client.productions.forecast("heron")["eta_seconds"] is None
