"""`farm jobs show` and `farm nodes show` tell energy, and who says so."""

import json
from dataclasses import replace
from typing import Any

import pytest

from farm.cli.errors import run_command
from farm.cli.main import cli
from farm.client import Client
from farm.model.node import NodeHealth
from farm.store import Store
from tests.makers import a_node, begin, result, some_resources

DRAWS = NodeHealth(energy_source="model", energy_meter="m", power_watts=212.4)


def test_a_job_tells_its_energy_and_that_of_a_frame(
    client: Client,
    store: Store,
    url: str,
    request_of: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    job = client.submit(request_of)["id"]
    epoch = store.nodes.register(a_node(cores=4))
    lease, tasks = begin(store, epoch=epoch, layer=f"{job}.1", resources=some_resources(2))

    def told(*words: str) -> str:
        run_command(cli, [*words, "--url", url])
        return capsys.readouterr().out

    assert "energy\t" not in told("jobs", "show", job)
    store.nodes.heartbeat("n1", epoch, replace(DRAWS, energy_millijoules=14_400_000), {})
    assert "energy\t2 Wh (100% by a model)" in told("jobs", "show", job).splitlines()
    store.leases.settle(lease, [result(tasks[0])], want=0)
    assert "energy\t2 Wh, 2 Wh a frame (100% by a model)" in told("jobs", "show", job)
    as_json = json.loads(told("jobs", "show", job, "--json"))
    assert (as_json["energy_joules"], as_json["energy_modelled_joules"]) == (7200, 7200)
    assert "draws\t212 W by model" in told("nodes", "show", "n1").splitlines()
