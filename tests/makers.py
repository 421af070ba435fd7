"""Makers of valid things; a test names only what matters to it."""

from dataclasses import replace
from typing import Any

from farm.model.dependencies import After
from farm.model.job import JobSpec, LayerKind, LayerSpec
from farm.model.lease import Grant, Lease, TaskInHand, TaskResult
from farm.model.node import NodeSpec
from farm.model.render import ReelSettings, RenderSettings
from farm.model.resources import GIB, Cores, Resources
from farm.model.scene import SceneFacts
from farm.model.states import Outcome
from farm.store import Store

LEADER = "scheduler-under-test"

_SCENE = SceneFacts(
    path="/show/sh010/shot.blend",
    name="Scene",
    blender_version="4.5",
    frame_start=1,
    frame_end=48,
    frame_step=1,
    resolution_x=1920,
    resolution_y=1080,
    resolution_percentage=100,
    engine="CYCLES",
    camera="Camera",
    cameras=("Camera", "Close"),
    linked_objects=("LibCam",),
    needs_camera=True,
    output="/tmp/",
    file_format="PNG",
    extension=".png",
    frames_per_second=24.0,
    view_layers=("ViewLayer",),
)


def some_resources(cores: Cores = 1, memory_bytes: int = GIB, gpus: int = 0) -> Resources:
    return Resources(cores=cores, memory_bytes=memory_bytes, gpus=gpus)


def a_layer(frames: str = "1-10", **fields: Any) -> LayerSpec:
    settings = RenderSettings(
        scene="/show/shot.blend", output="/show/out/shot_####", extension=".png"
    )
    return LayerSpec(**{"name": "render", "frames": frames, "settings": settings, **fields})


def a_job(frames: str = "1-10", *, layer: dict[str, Any] | None = None, **fields: Any) -> JobSpec:
    layers = (a_layer(frames, **(layer or {})),)
    return JobSpec(**{"production": "heron", "name": "shot_010", "layers": layers, **fields})


def a_chain(*frames: str, layer: dict[str, Any] | None = None, **fields: Any) -> JobSpec:
    """A job of layers called a, b, c …, each with its frames, each after the one before."""
    names = [chr(ord("a") + number) for number in range(len(frames))]
    layers = tuple(
        a_layer(
            of_layer, name=name, after=(After(layer=before),) if before else (), **(layer or {})
        )
        for of_layer, name, before in zip(frames, names, ["", *names], strict=False)
    )
    return a_job(layers=layers, **fields)


def a_job_with_a_sheet(frames: str = "1-10", **fields: Any) -> JobSpec:
    """A job of a layer that renders and a contact sheet after it, both of which have frame 1."""
    render = a_layer(frames)
    reel = ReelSettings(
        layer=render.name,
        frames=frames,
        output=render.settings.output,
        extension=render.settings.extension,
    )
    sheet = a_layer(
        "1", name="sheet", kind=LayerKind.SHEET, after=(After(layer=render.name),), reel=reel
    )
    return a_job(layers=(render, sheet), **fields)


def a_digest(number: int) -> str:
    """A digest that is told from others by its number."""
    return f"{number:064x}"


def a_scene(**fields: Any) -> SceneFacts:
    return replace(_SCENE, **fields)


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


def finish(store: Store, layer: str, *, outcome: Outcome = Outcome.SUCCEEDED) -> None:
    """Let a node serve `layer` until it has nothing left; what fails, fails for good."""
    lease, tasks = begin(store, layer=layer)
    while tasks:
        told = [result(task, outcome, failures_before=lease.spec.retries) for task in tasks]
        tasks = store.leases.settle(lease, told, want=1).tasks


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
