"""Makers of valid things; a test names only what matters to it."""

from typing import Any

from farm.model.job import JobSpec, LayerSpec
from farm.model.lease import Grant, Lease, TaskInHand, TaskResult
from farm.model.node import NodeSpec
from farm.model.render import RenderSettings
from farm.model.resources import GIB, Resources
from farm.model.states import Outcome
from farm.store import Store

LEADER = "scheduler-under-test"


def some_resources(cores: int = 1, memory_bytes: int = GIB, gpus: int = 0) -> Resources:
    return Resources(cores=cores, memory_bytes=memory_bytes, gpus=gpus)


def a_layer(frames: str = "1-10", **fields: Any) -> LayerSpec:
    settings = RenderSettings(
        scene="/show/shot.blend", output="/show/out/shot_####", extension=".png"
    )
    return LayerSpec(**{"name": "render", "frames": frames, "settings": settings, **fields})


def a_job(frames: str = "1-10", *, layer: dict[str, Any] | None = None, **fields: Any) -> JobSpec:
    layers = (a_layer(frames, **(layer or {})),)
    return JobSpec(**{"production": "heron", "name": "shot_010", "layers": layers, **fields})


def a_node(name: str = "n1", *, cores: int = 4, memory_gib: int = 16, **fields: Any) -> NodeSpec:
    resources = Resources(cores=cores, memory_bytes=memory_gib * GIB)
    return NodeSpec(**{"name": name, "resources": resources, **fields})


def a_grant(node: str = "n1", epoch: int = 1, layer: str = "1.1", **fields: Any) -> Grant:
    return Grant(
        **{"node": node, "epoch": epoch, "layer": layer, "resources": some_resources(), **fields}
    )


def grant(store: Store, one: Grant) -> tuple[str, str]:
    """Grant as the leader: (lease id, "granted" or why not)."""
    store.leader.lead(LEADER)
    _, lease, answer = store.leases.grant([one], leader=LEADER)[0]
    return lease, answer


def begin(store: Store, *, want: int = 1, **fields: Any) -> tuple[Lease, tuple[TaskInHand, ...]]:
    """Grant a lease and start it."""
    one = a_grant(**fields)
    lease, answer = grant(store, one)
    assert answer == "granted", answer
    return store.leases.start(lease, node=one.node, epoch=one.epoch, want=want)


def result(task: TaskInHand, outcome: Outcome = Outcome.SUCCEEDED, **fields: Any) -> TaskResult:
    return TaskResult(
        **{
            "index": task.index,
            "attempt": task.attempt,
            "failures_before": task.failures,
            "outcome": outcome,
            "started_at": 1_700_000_000,
            "elapsed_seconds": 1.5,
            "reason": "" if outcome is Outcome.SUCCEEDED else "it broke",
            **fields,
        }
    )
