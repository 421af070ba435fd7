"""From a point in a graph to a job: what stands beside the buckets of the farm's histograms."""

import secrets
import time
from pathlib import Path
from typing import Any

import pytest
import urllib3
import yaml
from prometheus_client import Metric
from prometheus_client.openmetrics import parser
from prometheus_client.parser import text_string_to_metric_families as read_plain

from farm.model.metrics import CATALOGUE
from farm.model.resources import GIB
from farm.model.states import Outcome
from farm.store import Store
from farm.store.leases import KEEP
from tests.makers import a_job, a_node, begin, result
from tests.programs import or_skip
from tests.store.test_exporter import exporting
from tests.waiting import wait_until
from tools.grafana.prometheus import Prometheus
from tools.prometheus_server import running

OPEN = "application/openmetrics-text; version=1.0.0"
RENDER = "farm_task_render_duration_seconds"
MEMORY = "farm_task_peak_memory_bytes"


def get(url: str, accept: str) -> tuple[str, str]:
    """Kind and text of what a scraper that accepts that is told."""
    answer = urllib3.request("GET", f"{url}/metrics", headers={"Accept": accept}, timeout=10.0)
    assert answer.status == 200
    return answer.headers["Content-Type"], answer.data.decode()


def read_open(text: str) -> list[Metric]:
    """Raises ValueError where it is not as OpenMetrics has it: an exemplar that is too long."""
    return list(parser.text_string_to_metric_families(text))  # type: ignore[no-untyped-call]


@pytest.fixture
def pool() -> str:
    """One that no test had before: the server remembers for a second which buckets it has noted."""
    return f"cpu{secrets.token_hex(4)}"


def rendered(
    store: Store,
    pool: str,
    frames: str = "7-9",
    name: str = "n1",
    layer: str = "render",
    **fields: Any,
) -> str:
    """A job whose first frame rendered in 6.5 s on the node, with 3 GiB; its id."""
    epoch = store.nodes.register(a_node(name, pool=pool))
    job = store.jobs.submit(a_job(frames, layer={"name": layer}), key=secrets.token_hex(8))
    lease, tasks = begin(store, node=name, epoch=epoch, layer=f"{job}.1")
    told = {"elapsed_seconds": 6.5, "peak_memory_bytes": 3 * GIB, **fields}
    store.leases.settle(lease, [result(tasks[0], **told)], want=0)
    return job


def test_a_bucket_names_the_frame_that_fell_into_it(store: Store, pool: str) -> None:
    before = time.time()
    job = rendered(store, pool)

    found = store.exemplars.read()

    assert set(found) == {
        (pool, one)
        for one in ("render_seconds", "peak_memory_bytes", "slot_wait_seconds", "job_wait_seconds")
    }
    [(bucket, one)] = found[pool, "render_seconds"].items()
    assert (bucket, one.value) == (4, 6.5)  # above 5 s, up to 15 s
    assert (one.job, one.layer, one.frame, one.node) == (job, "render", 7, "n1")
    assert before - 1 <= one.at <= time.time() + 1
    [(_, memory)] = found[pool, "peak_memory_bytes"].items()
    assert (memory.value, memory.frame) == (3 * GIB, 7)
    for name in ("slot_wait_seconds", "job_wait_seconds"):
        [(_, wait)] = found[pool, name].items()
        assert (wait.job, wait.frame, wait.node) == (job, None, "n1")


def test_a_frame_without_an_image_is_named_for_its_memory_alone(store: Store, pool: str) -> None:
    job = rendered(store, pool, outcome=Outcome.FAILED)

    found = store.exemplars.read()

    assert (pool, "render_seconds") not in found
    assert [one.job for one in found[pool, "peak_memory_bytes"].values()] == [job]


def test_short_frames_that_are_counted_together_are_named_by_one(store: Store, pool: str) -> None:
    """Less than a second of them waits in the lease's account, and is counted with what follows."""
    store.nodes.register(a_node(pool=pool))
    job = store.jobs.submit(a_job("1-3", layer={"chunk": 3}), key="k")
    lease, tasks = begin(store, want=3)
    for task, want in zip(tasks, (KEEP, KEEP, 0), strict=True):
        store.leases.settle(lease, [result(task, elapsed_seconds=0.01)], want=want)

    [one] = store.exemplars.read()[pool, "render_seconds"].values()
    assert (one.job, one.value) == (job, 0.01)
    assert one.frame in {1, 2, 3}


def test_there_are_no_more_of_them_however_much_was_rendered(store: Store, pool: str) -> None:
    rendered(store, pool)
    before = {name: set(buckets) for name, buckets in store.exemplars.read().items()}
    for number in range(10, 30):
        rendered(store, pool, f"{number}-{number + 1}")

    after = store.exemplars.read()

    assert {name: set(buckets) for name, buckets in after.items()} == before


def test_a_later_frame_takes_the_place_of_the_one_before(store: Store, pool: str) -> None:
    first = rendered(store, pool)

    def named() -> str:
        rendered(store, pool)
        [one] = store.exemplars.read()[pool, "render_seconds"].values()
        return one.job

    wait_until(lambda: named() != first, timeout_seconds=30)


def test_what_the_store_has_no_more_is_not_told(store: Store, pool: str) -> None:
    rendered(store, pool)
    client = store.connection.client
    kept = client.hgetall("{farm}:usage:exemplars")
    client.flushall()
    client.hset("{farm}:usage:exemplars", mapping=kept)

    assert kept
    assert store.exemplars.read() == {}


def test_both_formats_tell_the_same_series_and_only_one_tells_whose(
    store: Store, pool: str
) -> None:
    job = rendered(store, pool)
    with exporting(lambda: store) as url:
        kind, plain = get(url, "text/plain")
        open_kind, told = get(url, OPEN)

    assert kind.startswith("text/plain")
    assert open_kind.startswith("application/openmetrics-text")
    assert "job_id" not in plain
    families = read_open(told)
    assert {
        (one.name, tuple(sorted(one.labels.items())))
        for family in read_plain(plain)
        for one in family.samples
    } == {
        (one.name, tuple(sorted(one.labels.items())))
        for family in families
        for one in family.samples
    }
    # What Prometheus keeps is the text: another way to write a bound would be another series.
    assert _bounds(plain) == _bounds(told)
    promised = {one.name: set(one.exemplars) for one in CATALOGUE if one.exemplars}
    beside = [
        (family.name, one.labels["le"], one.exemplar)
        for family in families
        for one in family.samples
        if one.exemplar
    ]
    assert {name for name, _, _ in beside} == set(promised)
    for name, bound, one in beside:
        assert (one.labels["job_id"], set(one.labels)) == (job, promised[name])
        assert one.value <= float(bound)


def _bounds(text: str) -> set[str]:
    return {line.rpartition("le=")[2].split("}")[0] for line in text.splitlines() if "le=" in line}


def test_long_names_stay_within_what_openmetrics_takes(store: Store, pool: str) -> None:
    job = rendered(store, pool, "1048574", name="n" * 64, layer="l" * 64)
    with exporting(lambda: store) as url:
        _, told = get(url, OPEN)

    found = [one.exemplar for family in read_open(told) for one in family.samples if one.exemplar]
    frames = [one.labels.get("frame") for one in found]
    assert {one.labels["job_id"] for one in found} == {job}
    assert sorted(filter(None, frames)) == ["1048574"] * 2
    assert all(("layer" in one.labels) != ("node" in one.labels) for one in found)


@pytest.mark.timeout(60)
def test_a_real_prometheus_leads_from_a_graph_to_the_job_and_frame(
    store: Store, pool: str, tmp_path: Path
) -> None:
    began = time.time()
    job = rendered(store, pool)
    with exporting(lambda: store) as url, or_skip():
        config = tmp_path / "prometheus.yml"
        config.write_text(_scraping(url.removeprefix("http://")), "utf-8")
        with running(config, tmp_path / "data") as address:
            server = Prometheus(address)
            buckets = f'rate({RENDER}_bucket{{pool="{pool}"}}[5m])'
            asked = f"histogram_quantile(0.95, sum by (le) ({buckets}))"

            def found(expr: str) -> list[dict[str, Any]]:
                return server.exemplars(expr, began - 60, time.time() + 60)

            wait_until(lambda: found(asked), timeout_seconds=30)
            [one], [memory] = found(asked), found(f"{MEMORY}_bucket")

    assert one["labels"] == {"job_id": job, "frame": "7", "layer": "render", "node": "n1"}
    assert float(one["value"]) == 6.5
    assert began - 1 <= float(one["timestamp"]) <= time.time() + 1
    assert (memory["labels"], float(memory["value"])) == (one["labels"], 3 * GIB)


def _scraping(target: str) -> str:
    farm = {"job_name": "farm", "static_configs": [{"targets": [target]}]}
    pace = {"scrape_interval": "200ms", "scrape_timeout": "200ms"}
    return yaml.safe_dump({"global": pace, "scrape_configs": [farm]})
