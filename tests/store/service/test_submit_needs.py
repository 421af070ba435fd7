"""A submit that asks for certain nodes, limits and bounds: from the command line to the store."""

from typing import Any

import pytest

from farm.cli import errors as status
from farm.cli.errors import run_command
from farm.cli.main import cli
from farm.client import Client, Farm
from farm.model.errors import BadRequest
from farm.model.resources import GIB
from farm.store import Store
from tests.makers import a_node

OPTIONS = {
    "cores": ["0.5"],
    "gpus": ["1"],
    "gpu-memory": ["20G"],
    "tag": ["optix", "big"],
    "node": ["n1", "n2"],
    "not-node": ["n3"],
    "blender": ["4.5"],
    "limit": ["houdini"],
    "group": ["sq010/sh020"],
    "most-tasks": ["4"],
    "most-cores": ["8.5"],
    "least-tasks": ["1"],
}
FLAGS = ["--whole-node", "--interruptible", "--no-learn-memory"]
WORDS = [*FLAGS, *(f"--{name}={value}" for name, values in OPTIONS.items() for value in values)]


def test_what_a_command_asks_is_what_the_store_has(
    store: Store, url: str, request_of: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    store.limits.set("houdini", 4)
    words = ["submit", request_of["scene"], "--output", request_of["output"], "--url", url]
    code = run_command(cli, [*words, *WORDS])
    job = store.jobs.get("1")
    spec = job.layers[0].spec
    capsys.readouterr()
    run_command(cli, ["jobs", "show", "1", "--url", url])
    shown = capsys.readouterr().out.splitlines()

    assert code == status.OK
    assert (job.group, job.most_tasks, job.most_cores, job.least_tasks) == (
        "sq010/sh020",
        4,
        8.5,
        1,
    )
    assert (spec.resources.cores, spec.resources.gpus) == (0.5, 1)
    assert (spec.whole_node, spec.interruptible, spec.learn_memory) == (True, True, False)
    assert (spec.tags, spec.nodes, spec.not_nodes) == (("optix", "big"), ("n1", "n2"), ("n3",))
    assert (spec.gpu_memory_bytes, spec.blender, spec.limits) == (20 * GIB, "4.5", ("houdini",))
    assert (
        "only on\ttag optix, tag big, Blender 4.5, GPUs of 20 GiB, node n1 or n2, not n3" in shown
    )
    assert "limits\thoudini" in shown
    assert (
        "besides\ttakes the whole node, may be interrupted, books the memory that was asked"
        in shown
    )
    assert any(line.startswith("each takes\t0.5 cores") for line in shown)
    assert "bounds\tat most 4 slots, 8.5 cores; 1 slot before other jobs of its production" in shown


def test_from_python_too(store: Store, url: str, request_of: dict[str, Any]) -> None:
    with Farm(url) as farm:
        job = farm.submit(
            request_of["scene"], output=request_of["output"], tags=["big"], most_tasks=2
        )
        details = job.details()

    assert details["layers"][0]["tags"] == ["big"]
    assert details["most_tasks"] == 2


def test_a_limit_that_nobody_has_set_is_refused(client: Client, request_of: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match="layer render: no limit 'maya'; none is set"):
        client.submit(request_of | {"limits": ["maya"]})


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"tags": ["big", "optix"]}, "no node has tag big and optix: the job waits until"),
        ({"nodes": ["n7", "n8"]}, "no node is called n7 or n8: the job waits until one joins"),
        ({"not_nodes": ["n1"]}, "no node is there beside n1: the job waits until one joins"),
        ({"blender": "5.1"}, "no node has Blender 5.1: the job waits until one joins"),
        ({"gpus": 1, "gpu_memory_bytes": GIB}, "no node has GPUs of 1 GiB: the job waits until"),
        ({"pool": "cpu", "tags": ["optix"]}, "no node of pool 'cpu' has tag optix: the job waits"),
        ({"tags": ["big"], "blender": "4.5", "nodes": ["n1"]}, ""),
    ],
)
def test_what_no_node_has_is_told_at_once(
    store: Store, client: Client, request_of: dict[str, Any], asked: dict[str, Any], told: str
) -> None:
    store.nodes.register(a_node(pool="cpu", tags=("big",), blenders=("4.5.15",)))
    warnings = client.submit(request_of | asked)["warnings"]

    assert len(warnings) == bool(told)
    assert "".join(warnings).startswith(told)
