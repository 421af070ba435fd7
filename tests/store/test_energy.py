"""What nodes' meters count is shared by the cores that leases book, to the millijoule."""

from dataclasses import replace

import pytest

from farm.model.node import NodeHealth
from farm.model.resources import Cores, Resources
from farm.store import Store
from farm.store.energy import FarmEnergy, Used, energy_breaches
from tests.makers import a_grant, a_job, a_node, begin, grant, result, some_resources

METERED = NodeHealth(energy_source="rapl", energy_meter="first")


def beat(store: Store, count: int, *, health: NodeHealth = METERED, epoch: int = 1) -> None:
    told = replace(health, energy_millijoules=count)
    store.nodes.heartbeat("n1", epoch, told, {})


@pytest.fixture(autouse=True)
def a_node_and_two_productions(store: Store) -> None:
    store.nodes.register(a_node(cores=8, pool="cpu"))
    for production in ("heron", "lynx"):
        layer = {"pool": "cpu"}
        store.jobs.submit(a_job("1-9", production=production, layer=layer), key=production)


def book(store: Store, layer: str, cores: Cores) -> str:
    lease, answer = grant(store, a_grant(layer=layer, resources=some_resources(cores)))
    assert answer == "granted"
    return lease


def mj(used: dict[str, Used]) -> dict[str, int]:
    return {name: one.millijoules for name, one in used.items()}


def told(energy: FarmEnergy) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    return mj(dict(energy.productions)), mj(dict(energy.busy)), mj(dict(energy.idle))


def test_it_is_shared_by_booked_cores_and_the_rest_is_idle(store: Store) -> None:
    book(store, "1.1", 2)
    book(store, "2.1", 1.5)
    book(store, "2.1", 0.5)

    beat(store, 80_000)

    assert told(store.energy.read()) == (
        {"heron": 20_000, "lynx": 20_000},
        {"cpu": 40_000},
        {"cpu": 40_000},
    )
    assert mj(dict(store.energy.read().nodes)) == {"n1": 80_000}
    assert [store.jobs.get(job).energy_joules for job in "12"] == [20.0, 20.0]


def test_what_cannot_be_parted_is_idle_so_the_sum_is_exact(store: Store) -> None:
    for layer in ("1.1", "2.1"):
        book(store, layer, 3)

    for count in (1, 10, 101, 1_002):
        beat(store, count)

    # 1 -> 0; 9 -> 3; 91 -> 34; 901 -> 337, each rounded down.
    assert told(store.energy.read()) == ({"heron": 374, "lynx": 374}, {"cpu": 748}, {"cpu": 254})


def test_only_what_is_new_is_shared_and_a_late_reading_tells_nothing(store: Store) -> None:
    for count in (500, 500, 400, 700):
        beat(store, count)

    assert mj(dict(store.energy.read().nodes)) == {"n1": 700}


def test_a_meter_that_is_new_counts_from_zero(store: Store) -> None:
    beat(store, 500)
    again = store.nodes.register(a_node(cores=8, pool="cpu"))

    beat(store, 800, epoch=again)  # the same worker, registered again
    beat(store, 30, epoch=again, health=replace(METERED, energy_meter="second"))

    assert mj(dict(store.energy.read().nodes)) == {"n1": 830}


def test_what_no_meter_measured_is_told_apart(store: Store) -> None:
    book(store, "1.1", 4)

    beat(store, 1_000)
    beat(store, 3_000, health=replace(METERED, energy_source="model+nvml"))

    used = store.energy.read().productions["heron"]
    job = store.jobs.get("1")
    assert (used.joules, used.modelled_joules) == (1.5, 1.0)
    assert (job.energy_joules, job.energy_modelled_joules) == (1.5, 1.0)


def test_a_node_without_a_meter_counts_nothing(store: Store) -> None:
    book(store, "1.1", 4)

    store.nodes.heartbeat("n1", 1, NodeHealth(), {})

    assert store.energy.read() == FarmEnergy()


def test_a_job_keeps_what_it_used_and_uses_no_more_when_it_has_ended(store: Store) -> None:
    everything = Resources(cores=8, memory_bytes=0)
    lease, tasks = begin(store, layer="1.1", resources=everything)
    beat(store, 900)
    while tasks:
        tasks = store.leases.settle(lease, [result(task) for task in tasks], want=1).tasks

    beat(store, 2_000)

    job = store.jobs.get("1")
    assert (job.ended_at is not None, job.energy_joules) == (True, 0.9)
    assert mj(dict(store.energy.read().idle)) == {"cpu": 1_100}


def test_the_audit_finds_energy_that_got_lost() -> None:
    sound = FarmEnergy(
        nodes={"n1": Used(millijoules=3)},
        productions={"heron": Used(millijoules=2)},
        busy={"": Used(millijoules=2)},
        idle={"": Used(millijoules=1)},
    )

    assert list(energy_breaches(sound)) == []
    for broken in (
        replace(sound, nodes={}),
        replace(sound, idle={}),
        replace(sound, busy={"": Used(millijoules=2, modelled_millijoules=1)}),
    ):
        assert list(energy_breaches(broken))
