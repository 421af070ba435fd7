"""Prometheus scrapes a node that renders, and the farm knows where."""

import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.system.farm_under_test import Farm, tails_on_failure
from tests.system.shots import submit

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

POWER = ("farm_host_power_watts", "model")
Series = dict[tuple[str, ...], float]


def scrape(port: int) -> Series:
    """Values by name and labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_node_that_renders_tells_what_it_does(shots: Path, tmp_path: Path) -> None:
    with Farm(tmp_path) as farm, tails_on_failure(farm):
        farm.add_scheduler("s1")
        farm.add_worker("n1", words=("--metrics-port", "127.0.0.1:0", "--watts", "100,100"))
        farm.wait(lambda: farm.is_online("n1"))
        node = farm.node("n1")
        assert node is not None
        port = node.spec.metrics_port
        idle = scrape(port)
        shot = submit(farm, shots, "steady", 4)
        shot.middle_of_a_frame("n1")
        looks = [scrape(port)]

        def has_told() -> bool:  # what is used, and drawn, is told of the time between two looks
            looks.append(scrape(port))
            return looks[-1]["farm_host_used_cores",] > 0 and POWER in looks[-1]

        farm.wait(has_told)
        busy = looks[-1]
        shot.check()
        farm.wait(lambda: scrape(port)["farm_renderers", "busy"] == 0)
        done = scrape(port)

    assert (idle["farm_host_booked_cores",], busy["farm_host_booked_cores",]) == (0, 1)
    assert (idle["farm_renderers", "busy"], busy["farm_renderers", "busy"]) == (0, 1)
    assert (done["farm_renderers", "busy"], done["farm_renderers", "warm"]) == (0, 1)
    assert done["farm_host_booked_cores",] == 0
    # One Blender opened the scene once, and then had it open.
    assert done["farm_renderer_starts_total",] == 1
    assert (done["farm_scene_opens_total", "cold"], done["farm_scene_opens_total", "warm"]) == (
        1,
        3,
    )
    # Idle and full are alike, so the model's watts are known whatever the machine does.
    assert busy[POWER] == pytest.approx(100)
    assert (
        done["farm_host_energy_joules_total", "model"]
        > busy["farm_host_energy_joules_total", "model"]
    )
