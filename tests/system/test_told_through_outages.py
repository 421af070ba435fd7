"""What Prometheus is told while parts of the farm are away, and by a node whose clock is wrong."""

import os
import time
from pathlib import Path

import pytest
import urllib3
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.noop import PLAY
from farm.model.metrics import CATALOGUE, Kind
from farm.up.port import free_port
from tests.makers import a_job
from tests.system.farm_under_test import Farm, tails_on_failure

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

HOUR_SECONDS = 3600
FRAMES = 150
SUCCEEDED = ("farm_attempts_total", "succeeded", "")
RISING = {one.name for one in CATALOGUE if one.kind is not Kind.GAUGE}
#: Python loads it before all else: the clock that tells the date goes wrong, others do not.
_AN_HOUR_AHEAD = f"""
import time
right = time.time
time.time = lambda: right() + {HOUR_SECONDS}
"""

Series = dict[tuple[str, ...], float]


class Told:
    """The farm's exporter, asked."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/metrics"
        self._last: Series = {}

    def answers(self) -> bool:
        try:
            self.ask()
        except urllib3.exceptions.HTTPError:
            return False
        return True

    def ask(self) -> Series:
        text = urllib3.request("GET", self._url, timeout=10.0, retries=False).data.decode()
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def ask_and_compare(self) -> Series:
        """What is told now: nothing that was counted has gone, or gone back."""
        now = self.ask()
        for key, value in self._last.items():
            if any(key[0].startswith(name) for name in RISING):
                assert now[key] >= value, key
        self._last = now
        return now


def through_two_deaths(farm: Farm, told: Told) -> Series:
    """The exporter dies and comes back, then the store does; what is told while that is away."""
    farm.kill9("exporter")
    farm.start("exporter")
    farm.wait(told.answers)
    told.ask_and_compare()

    farm.server.kill()
    away = told.ask()
    farm.server.restart()
    farm.wait(lambda: told.ask()["farm_broker_up",])
    told.ask_and_compare()
    return away


def test_counters_go_on_through_the_death_of_exporter_and_store_and_follow_no_nodes_clock(
    tmp_path: Path,
) -> None:
    wrong = tmp_path / "clock"
    wrong.mkdir()
    (wrong / "sitecustomize.py").write_text(_AN_HOUR_AHEAD)
    path = os.pathsep.join([str(wrong), os.environ.get("PYTHONPATH", "")])
    began = time.monotonic()
    with Farm(tmp_path) as farm, tails_on_failure(farm):
        port = free_port()
        told = Told(port)
        farm.add_exporter("exporter", port)
        farm.add_scheduler("s1")
        farm.add_worker(
            "n1",
            words=("--renderers", "benchmarks.noop:make_pool"),
            environment={"PYTHONPATH": path, PLAY: "0.05"},
        )
        farm.wait(lambda: farm.is_online("n1") and told.answers())
        job = farm.store.jobs.submit(a_job(f"1-{FRAMES}"), key="outages")
        farm.wait(lambda: told.ask_and_compare().get(SUCCEEDED, 0) > 0)

        away = through_two_deaths(farm, told)
        farm.wait(lambda: farm.store.jobs.get(job).ended_at)
        heard = told.ask_and_compare()
        ended_at, seconds = time.time(), time.monotonic() - began
        assert farm.store.audit() == []

    assert away.pop(("farm_broker_up",)) == 0
    assert {key[0] for key in away} == {"farm_build_info", "farm_scrape_duration_seconds"}
    assert heard[SUCCEEDED] == FRAMES
    assert abs(heard["farm_node_last_heartbeat_timestamp_seconds", "n1"] - ended_at) < seconds
    # One core: whatever is counted in its seconds cannot be more than have passed.
    assert 0 < sum(v for k, v in heard.items() if k[0] == "farm_core_seconds_total") <= seconds
    for name in (
        "farm_production_held_core_seconds_total",
        "farm_task_render_duration_seconds_sum",
        "farm_job_wait_seconds_sum",
    ):
        assert all(0 <= v <= seconds for k, v in heard.items() if k[0] == name), name
