"""What a job asks of nodes and of its production."""

from typing import Any

import pytest

from farm.model.errors import BadRequest
from farm.model.resources import GIB
from farm.policy.layers import LayerRequest, build_layers
from farm.policy.split import JobRequest, build_job
from tests.makers import a_scene

SCENE = "/show/sh010/shot.blend"

ASKED: dict[str, Any] = {
    "cores": 0.5,
    "gpus": 1,
    "gpu_memory_bytes": 20 * GIB,
    "whole_node": True,
    "tags": ("optix", "big"),
    "nodes": ("n1", "n2"),
    "not_nodes": ("n3",),
    "blender": "4.5",
    "limits": ("houdini",),
    "interruptible": True,
    "learn_memory": False,
}


def test_what_is_asked_of_nodes_is_in_the_job() -> None:
    job = build_job(
        JobRequest(
            scene=SCENE, **ASKED, group="sq010/sh020", most_tasks=9, most_cores=4.5, least_tasks=2
        ),
        a_scene(),
    )
    layer = job.layers[0]

    assert {name: getattr(layer, name) for name in ASKED if hasattr(layer, name)} == {
        name: value for name, value in ASKED.items() if name not in {"cores", "gpus"}
    }
    assert (layer.resources.cores, layer.resources.gpus) == (0.5, 1)
    assert (job.group, job.most_tasks, job.most_cores, job.least_tasks) == (
        "sq010/sh020",
        9,
        4.5,
        2,
    )


def test_a_layer_asks_for_itself_what_the_job_does_not() -> None:
    layers = (
        LayerRequest(name="sim", output="/show/sim_####", tags=("big",), limits=()),
        LayerRequest(name="comp", output="/show/comp_####"),
    )
    job = build_layers(JobRequest(scene=SCENE, limits=("houdini",)), layers, {SCENE: a_scene()})

    assert [(one.tags, one.limits) for one in job.layers] == [
        (("big",), ()),
        ((), ("houdini",)),
    ]


def test_a_name_twice_is_one() -> None:
    job = build_job(JobRequest(scene=SCENE, tags=("a", "b", "a")), a_scene())

    assert job.layers[0].tags == ("a", "b")


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({"cores": 0.3}, "cores is 0.3: give whole cores or quarters, such as 0.25 or 1.5"),
        ({"cores": float("nan")}, "cores nan: ask for at least 0.25"),
        ({"tags": ("two words",)}, "tag name 'two words': use letters"),
        ({"limits": ("",)}, "limit name '': use letters"),
        ({"nodes": ("n1", "n2"), "not_nodes": ("n2",)}, "node n2 is asked for and refused: give"),
        ({"blender": "four"}, "blender 'four': give a version, such as 4.5 or 4.5.1"),
        ({"gpu_memory_bytes": GIB}, "memory of a GPU is asked for, and no GPU: give gpus too"),
        ({"gpus": 1, "gpu_memory_bytes": -1}, "gpu memory of -1 bytes: give 0 or more"),
        ({"group": "sq//sh"}, "group name '': use letters"),
        ({"most_tasks": -1}, "most_tasks -1: give 0 (no bound) to 1,000,000,000"),
        ({"most_tasks": 2, "least_tasks": 3}, "least_tasks 3 is above most_tasks 2: it never has"),
        ({"cores": 4, "most_cores": 2}, "most_cores 2: a frame takes 4, so none would ever begin"),
        ({"most_cores": 0.1}, "cores is 0.1: give whole cores or quarters"),
    ],
)
def test_a_need_that_cannot_be_met_is_told(asked: dict[str, Any], fault: str) -> None:
    with pytest.raises(BadRequest) as caught:
        build_job(JobRequest(scene=SCENE, **asked), a_scene())

    assert fault in str(caught.value)
