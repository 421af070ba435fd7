"""What the farm tells Prometheus is what the catalogue promises, and what the store counted."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
import urllib3
from prometheus_client import Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import CollectorRegistry

from farm.exporter.collector import FarmCollector
from farm.exporter.discovery import targets
from farm.exporter.web import listen
from farm.model.metrics import CATALOGUE, Kind, ServerState, Source
from farm.model.usage import MOST_PRODUCTIONS, OTHER
from farm.store import Store
from farm.up.store import StoreProcess
from tests.makers import a_job, a_node, begin, finish, some_resources
from tests.store.passing import let_pass

TOLD = {one.name: one for one in CATALOGUE if one.source is Source.FARM}
Values = dict[tuple[str, ...], float]


def scrape(collector: FarmCollector) -> dict[str, Metric]:
    """Families by their names in the catalogue, read from the text that Prometheus gets."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    found = text_string_to_metric_families(generate_latest(registry).decode())
    return {one.name + ("_total" if one.type == "counter" else ""): one for one in found}


def values(family: Metric) -> Values:
    """By label values, in the order of the labels' names."""
    return {
        tuple(one.labels[key] for key in sorted(one.labels)): one.value for one in family.samples
    }


@contextmanager
def exporting(connect: Callable[[], Store]) -> Iterator[str]:
    """The address of an exporter in front of what `connect` opens."""
    server = listen("127.0.0.1", 0, FarmCollector(connect))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask(url: str) -> tuple[int, str]:
    """Status and text; a scrape that takes longer than Prometheus would wait is an error."""
    answer = urllib3.request("GET", url, timeout=10.0, retries=False)
    return answer.status, answer.data.decode()


def busy_farm(store: Store) -> None:
    """Two pools, a node that tells of itself, a lease at work for ten seconds, a limit."""
    store.nodes.register(a_node("n1", cores=8, pool="cpu", metrics_port=9101, hostname="h1"))
    two_gpus = some_resources(4, gpus=2)
    store.nodes.register(replace(a_node("n2", pool="gpu"), resources=two_gpus))
    store.limits.set("houdini", 3)
    store.jobs.submit(a_job("1-4", layer={"limits": ("houdini",)}), key="k")
    begin(store, resources=some_resources(2))
    let_pass(store, 10_000)


def test_every_series_is_in_the_catalogue_with_its_labels_and_kind(store: Store) -> None:
    busy_farm(store)

    found = scrape(FarmCollector(lambda: store))

    assert set(found) <= set(TOLD)
    for name, family in found.items():
        told = TOLD[name]
        assert family.type == told.kind.value
        assert family.documentation == told.help
        for sample in family.samples:
            labels = {key: value for key, value in sample.labels.items() if key != "le"}
            assert set(labels) == set(told.labels)
            for key, value in labels.items():
                assert not told.labels[key] or value in told.labels[key]


def test_a_farm_that_works_tells_all_that_it_can(store: Store) -> None:
    busy_farm(store)

    found = scrape(FarmCollector(lambda: store))

    #: Told once a scheduler has planned, or a node has a meter.
    later = {
        one
        for one in TOLD
        if "energy" in one
        or one
        in {
            "farm_scheduler_last_pass_timestamp_seconds",
            "farm_scheduler_refusals_total",
            "farm_waiting_tasks",
            "farm_oldest_ready_task_timestamp_seconds",
            "farm_production_due_cores",
        }
    }
    assert set(TOLD) - set(found) == later


def test_core_seconds_are_those_of_the_accounts(store: Store) -> None:
    busy_farm(store)

    before = store.accounts.read().pools
    found = scrape(FarmCollector(lambda: store))
    after = store.accounts.read().pools

    spent = values(found["farm_core_seconds_total"])
    assert spent["cpu", "busy"] >= 20  # two cores, ten seconds
    assert sum(amount for (pool, _), amount in spent.items() if pool == "cpu") >= 80
    for (pool, state), amount in spent.items():
        first, last = before[pool].core_seconds(), after[pool].core_seconds()
        assert first[ServerState(state)] <= amount <= last[ServerState(state)]


def test_what_there_is_now_is_split_by_what_it_does(store: Store) -> None:
    busy_farm(store)

    found = scrape(FarmCollector(lambda: store))

    cores = values(found["farm_cores"])
    assert cores["cpu", "busy"] == 2
    assert sum(cores.values()) == 12
    assert sum(values(found["farm_gpus"]).values()) == 2
    assert sum(values(found["farm_nodes"]).values()) == pytest.approx(2)


def test_two_scrapes_of_a_farm_at_rest_never_go_back(store: Store) -> None:
    busy_farm(store)
    collector = FarmCollector(lambda: store)
    before = scrape(collector)
    finish(store, "1.1")

    after = scrape(collector)

    for name, family in before.items():
        if TOLD[name].kind is Kind.COUNTER:
            now = values(after[name])
            assert all(now[key] >= value for key, value in values(family).items()), name


def totals(collector: FarmCollector) -> Values:
    """All counters, by name and labels."""
    return {
        (name, *key): value
        for name, family in scrape(collector).items()
        if TOLD[name].kind is Kind.COUNTER
        for key, value in values(family).items()
    }


def test_a_renamed_node_is_offline_under_its_old_name_until_that_is_forgotten(
    store: Store,
) -> None:
    busy_farm(store)
    collector = FarmCollector(lambda: store)
    store.nodes.leave("n1", 1)
    store.nodes.register(a_node("new", cores=8, pool="cpu"))
    both, counted = scrape(collector), totals(collector)
    assert values(both["farm_cores"])["cpu", "offline"] == 8
    assert {("n1",), ("new",)} < set(values(both["farm_node_cores"]))

    store.nodes.forget("n1", key="renamed")
    let_pass(store, 60_000)

    now, later = scrape(collector), totals(collector)
    assert values(now["farm_cores"])["cpu", "offline"] == 0
    gone = {key for key in counted if key not in later}
    assert gone == {("farm_node_busy_core_seconds_total", "n1")}
    assert all(later[key] >= value for key, value in counted.items() if key not in gone)
    offline = ("farm_core_seconds_total", "cpu", "offline")
    assert later[offline] - counted[offline] < 8  # less than a second of it, not a minute


def test_a_store_that_was_emptied_counts_from_zero(store: Store) -> None:
    busy_farm(store)
    collector = FarmCollector(lambda: store)
    before = totals(collector)
    store.connection.client.flushall()
    empty = scrape(collector)
    store.nodes.register(a_node("n1", cores=8, pool="cpu"))

    after = totals(collector)

    assert values(empty["farm_broker_up"]) == {(): 1}
    assert "farm_core_seconds_total" not in empty
    busy = ("farm_core_seconds_total", "cpu", "busy")
    assert (before[busy] >= 20, after[busy]) == (True, 0)


def test_productions_beyond_the_bound_are_told_as_one(store: Store) -> None:
    for number in range(MOST_PRODUCTIONS + 7):
        store.jobs.submit(a_job("1-2", production=f"p{number:03d}"), key=f"k{number}")

    found = scrape(FarmCollector(lambda: store))

    tasks = values(found["farm_production_tasks"])
    assert len({production for production, _ in tasks}) == MOST_PRODUCTIONS + 1
    assert tasks[OTHER, "ready"] == 14
    assert sum(values(found["farm_tasks"]).values()) == 2 * (MOST_PRODUCTIONS + 7)


def test_finished_work_leaves_no_series_behind(store: Store) -> None:
    busy_farm(store)
    collector = FarmCollector(lambda: store)
    before = {name: len(family.samples) for name, family in scrape(collector).items()}
    for number in range(20):
        store.jobs.submit(a_job("1-3", name=f"shot {number}"), key=f"more {number}")
        finish(store, f"{number + 2}.1")

    after = {name: len(family.samples) for name, family in scrape(collector).items()}

    assert after == before


def test_prometheus_finds_the_nodes_that_tell_of_themselves(store: Store) -> None:
    busy_farm(store)

    with exporting(lambda: store) as url:
        status, text = ask(f"{url}/sd")

    assert status == 200
    assert json.loads(text) == [{"targets": ["h1:9101"], "labels": {"node": "n1", "pool": "cpu"}}]


@pytest.mark.parametrize(
    ("host", "target"), [("10.0.0.7", "10.0.0.7:9101"), ("fd00::7", "[fd00::7]:9101")]
)
def test_a_node_that_tells_at_one_address_is_found_there(
    store: Store, host: str, target: str
) -> None:
    store.nodes.register(a_node("n1", metrics_port=9101, metrics_host=host, hostname="h1"))

    (found,) = json.loads(targets(store.nodes.list()))

    assert found["targets"] == [target]


def test_a_store_that_is_away_is_told_and_nothing_of_the_farm_is(tmp_path: Path) -> None:
    with StoreProcess.start(tmp_path) as server:
        store = Store.open(server.url, timeout_seconds=0.5, repeats=0)
        busy_farm(store)
        with exporting(lambda: store) as url:
            up = ask(f"{url}/metrics")
            server.child.send_signal(signal.SIGSTOP)
            try:
                frozen, sd = ask(f"{url}/metrics"), ask(f"{url}/sd")
            finally:
                server.child.send_signal(signal.SIGCONT)
            back = ask(f"{url}/metrics")
        store.close()

    assert _lines(up) > _lines(frozen)
    assert "farm_broker_up 0.0" in frozen[1]
    assert {line.split("{")[0].split(" ")[0] for line in _series(frozen)} == {
        "farm_broker_up",
        "farm_build_info",
        "farm_scrape_duration_seconds",
    }
    assert sd[0] == 503
    assert "farm_broker_up 1.0" in back[1]
    assert _lines(back) == _lines(up)


def _series(answer: tuple[int, str]) -> list[str]:
    assert answer[0] == 200
    return [line for line in answer[1].splitlines() if not line.startswith("#")]


def _lines(answer: tuple[int, str]) -> int:
    return len(_series(answer))


def test_an_unknown_path_is_answered_by_those_that_there_are(store: Store) -> None:
    with exporting(lambda: store) as url:
        status, text = ask(f"{url}/metric")

    assert status == 404
    assert "/metrics" in text
