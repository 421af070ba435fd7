"""A node tells Prometheus what the catalogue lists, and nothing that it tells can hurt it."""

import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from farm.model.errors import BadRequest
from farm.model.metrics import CATALOGUE, Source
from farm.model.resources import Resources
from workers.metrics import host, server
from workers.metrics.address import Address, read_address
from workers.metrics.facts import CacheFacts, NodeFacts, RendererFacts
from workers.metrics.outlet import Outlet
from workers.power.gpus import Gpus
from workers.power.meter import Meter
from workers.power.model import WattsModel
from workers.power.rapl import Rapl

FACTS = NodeFacts(
    booked=Resources(cores=2.5, memory_bytes=7),
    renderers=RendererFacts(busy=2, warm=1, starts=5, warm_opens=9, cold_opens=4),
    cache=CacheFacts(size_bytes=11, hits=3, misses=1),
)
LISTED = {one.name: one for one in CATALOGUE if one.source is Source.NODE}
HERE = "127.0.0.1"


def a_meter() -> Meter:
    model = WattsModel(idle_watts=10, full_watts=20)
    return Meter(rapl=Rapl(Path("/nowhere")), gpus=Gpus(), model=model)


@pytest.fixture
def facts() -> list[NodeFacts]:
    """What the node tells: the only one, or none: then it breaks."""
    return [FACTS]


@pytest.fixture
def outlet(tmp_path: Path, facts: list[NodeFacts]) -> Iterator[Outlet]:
    made = Outlet(Address(host=HERE, port=0))
    made.start(lambda: facts[0], a_meter(), tmp_path)
    yield made
    made.close()


def scrape(outlet: Outlet) -> dict[str, Metric]:
    with urllib.request.urlopen(f"http://{HERE}:{outlet.port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {one.name: one for one in text_string_to_metric_families(text)}


def values(metric: Metric) -> dict[tuple[str, ...], float]:
    return {tuple(sample.labels.values()): sample.value for sample in metric.samples}


def test_a_scrape_tells_what_the_catalogue_lists_with_its_labels(outlet: Outlet) -> None:
    told = scrape(outlet)

    for family in told.values():
        for sample in family.samples:
            listed = LISTED[sample.name]
            assert tuple(sample.labels) == tuple(listed.labels)
            for label, among in listed.labels.items():
                assert not among or sample.labels[label] in among
    names = {name.removesuffix("_total") for name in LISTED}
    assert set(told) - names == set()
    # What is left out is what this machine may not have.
    assert names - set(told) <= {"farm_host_disk_bytes"}


def test_the_nodes_own_counts_are_told(outlet: Outlet) -> None:
    told = scrape(outlet)

    assert values(told["farm_host_booked_cores"]) == {(): 2.5}
    assert values(told["farm_renderers"]) == {("warm",): 1, ("cold",): 0, ("busy",): 2}
    assert values(told["farm_scene_opens"]) == {("warm",): 9, ("cold",): 4}
    assert values(told["farm_cache_files"]) == {("hit",): 3, ("miss",): 1}
    assert values(told["farm_cache_bytes"]) == {(): 11}
    assert set(values(told["farm_host_energy_joules"])) == {("model",)}


def test_what_breaks_is_left_out_and_told_once(
    outlet: Outlet, facts: list[NodeFacts], caplog: pytest.LogCaptureFixture
) -> None:
    facts.clear()

    both = [scrape(outlet), scrape(outlet)]

    assert all("farm_renderers" not in told for told in both)
    assert all(values(told["farm_host_memory_bytes"])[("total",)] > 0 for told in both)
    assert sum("metrics leave out what node tells" in line for line in caplog.messages) == 1


def test_one_who_asks_and_says_nothing_holds_up_nobody_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert server.READ_SECONDS < 10  #: as long as Prometheus waits
    monkeypatch.setattr(server, "READ_SECONDS", 0.2)
    outlet = Outlet(Address(host=HERE, port=0))
    outlet.start(lambda: FACTS, a_meter(), tmp_path)
    with socket.create_connection((HERE, outlet.port)):
        told = scrape(outlet)
    outlet.close()

    assert told


def test_cpu_time_is_told_whole() -> None:
    modes = host.cpu_seconds()

    assert set(modes) == {"user", "system", "iowait", "idle", "other"}
    assert min(modes.values()) >= 0


def test_traffic_is_that_of_cards_where_there_are_any() -> None:
    names = ["lo", "eno1", "docker0", "veth12", "br0"]

    assert host.outward(names, ["eno1"]) == ["eno1"]
    assert host.outward(["lo", "eth0"], []) == ["eth0"]


def test_the_cores_of_its_children_count(monkeypatch: pytest.MonkeyPatch) -> None:
    points = iter([host._Point(0.0, 5.0), host._Point(0.5, 9.0), host._Point(4.0, 11.0)])
    monkeypatch.setattr(host.UsedCores, "_point", staticmethod(lambda: next(points)))
    used = host.UsedCores()

    assert used.cores() == 0.0  # half a second tells nothing
    assert used.cores() == 1.5


def test_a_port_that_is_taken_is_told_of_in_one_line(outlet: Outlet) -> None:
    with pytest.raises(BadRequest, match=rf"port {HERE}:{outlet.port}: .*give --metrics-port"):
        Outlet(Address(host=HERE, port=outlet.port))


def test_nothing_is_told_where_nobody_asked_for_it(tmp_path: Path) -> None:
    silent = Outlet(None)
    silent.start(lambda: FACTS, a_meter(), tmp_path)
    silent.close()

    assert silent.port == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [("9751", ("", 9751)), ("10.0.0.7:1", ("10.0.0.7", 1)), ("[::1]:80", ("::1", 80))],
)
def test_an_address_is_read_as_people_write_it(text: str, expected: tuple[str, int]) -> None:
    address = read_address(text)

    assert (address.host, address.port) == expected


@pytest.mark.parametrize(("host", "told"), [(HERE, HERE), ("", ""), ("0.0.0.0", "")])
def test_one_address_is_told_of_and_every_address_is_the_machines_name(
    host: str, told: str
) -> None:
    outlet = Outlet(Address(host=host, port=0))
    outlet.close()

    assert outlet.host == told


@pytest.mark.parametrize("text", ["", "x", "host:", "70000", "-1", "1.5"])
def test_an_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="write a port"):
        read_address(text)
