"""What a decision sees of the farm, as the snapshot step tells it: a line of words for each thing.

A line that has not changed since the last snapshot gives the view made of it then: most of a large
farm is as it was a moment ago. The order of the words is that of lua/_node_views.lua, _views.lua,
_cap_views.lua and of `show_lease` in lua/_leases.lua.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from farm.model.job import LayerSpec
from farm.model.lease import LeaseState
from farm.model.node import NodeHealth, NodeSpec
from farm.model.resources import Resources
from farm.model.snapshot import (
    NOTHING,
    CapUnit,
    CapView,
    LayerView,
    LeaseView,
    NodeView,
    ProductionView,
    ShareView,
)
from farm.policy.learning import booked_for
from farm.store.records import read_cores, read_resources

_WORDS = "\x1f"
_AMOUNTS = ("cores", "memory_bytes", "gpus")


def write_node_view(spec: NodeSpec) -> str:
    """What of a node stays the same while its worker lives."""
    return json.dumps(
        {
            "pool": spec.pool,
            "total": [getattr(spec.resources, what) for what in _AMOUNTS],
            "gpu_memory_bytes": spec.gpu_memory_bytes,
            "cores_kept_per_gpu": spec.cores_kept_per_gpu,
            "tags": spec.tags,
            "blenders": spec.blenders,
        },
        separators=(",", ":"),
    )


def write_warmth(health: NodeHealth) -> str:
    """What a node has at hand: scenes open, files of sent jobs."""
    if not health.warm_scenes and not health.warm_files:
        return ""
    return json.dumps([health.warm_scenes, health.warm_files], separators=(",", ":"))


def write_layer_view(layer: LayerSpec) -> str:
    """What of a layer stays the same from its submit on."""
    resources = layer.resources
    return json.dumps(
        {
            "resources": [getattr(resources, what) for what in _AMOUNTS],
            "pool": layer.pool,
            "scene": layer.settings.scene_id,
            "manifest": layer.settings.manifest,
            "whole_node": layer.whole_node,
            "gpu_memory_bytes": layer.gpu_memory_bytes,
            "tags": layer.tags,
            "nodes": layer.nodes,
            "not_nodes": layer.not_nodes,
            "blender": layer.blender,
            "interruptible": layer.interruptible,
            "limits": layer.limits,
            "learn": layer.learn_memory,
        },
        separators=(",", ":"),
    )


def _resources(amounts: Sequence[Any]) -> Resources:
    return Resources(**dict(zip(_AMOUNTS, amounts, strict=True)))


@lru_cache(maxsize=16_384)
def _still(view: str) -> dict[str, Any]:
    """The fields of a node or a layer that stay the same; they are not to be changed."""
    fields: dict[str, Any] = json.loads(view)
    for name in ("total", "resources"):
        if name in fields:
            fields[name] = _resources(fields[name])
    for name in ("tags", "nodes", "not_nodes"):
        if name in fields:
            fields[name] = frozenset(fields[name])
    for name in ("blenders", "limits"):
        if name in fields:
            fields[name] = tuple(fields[name])
    return fields


@lru_cache(maxsize=16_384)
def read_node(line: str) -> NodeView:
    """A node."""
    name, epoch, cores, memory, gpus, reserved, limits, warm, view = line.split(_WORDS)
    scenes, files = json.loads(warm) if warm else ((), ())
    return NodeView(
        name=name,
        epoch=int(epoch),
        free=read_resources(cores, memory, gpus),
        reserved_for=reserved,
        limits=frozenset(word.partition(":")[0] for word in limits.split()),
        warm_scenes=frozenset(scenes),
        warm_files=frozenset(files),
        **_still(view),
    )


@lru_cache(maxsize=32_768)
def _read_layer(line: str, most_bytes: int) -> tuple[LayerView, tuple[str, ...]]:
    """A layer, and the names of its limits."""
    words = line.split(_WORDS)
    id_, job, production, ready, unstarted, served, done, render_ms, peak, oom, view = words[:11]
    priority, created, deadline, least, slots, group, picky, blocked, caps = words[11:]
    still = dict(_still(view))
    limits, learn = still.pop("limits"), still.pop("learn")
    still["not_nodes"] = still["not_nodes"] | frozenset(blocked.split())
    still["resources"] = booked_for(
        still["resources"],
        peak_memory_bytes=1024 * int(peak or 0),
        finished=int(done or 0),
        out_of_memory=1024 * int(oom or 0),
        learn=learn,
        most_bytes=most_bytes,
    )
    wanted = int(ready) - int(unstarted)
    layer = LayerView(
        id=id_,
        job=job,
        production=production,
        group=group,
        priority=int(priority),
        created_at=int(created) / 1000,
        wanted=wanted,
        plain=max(0, wanted - int(picky)),
        caps=tuple(caps.split()),
        slots=int(slots or 0),
        least_tasks=int(least or 0),
        served_at=int(served) / 1000,
        deadline_at=int(deadline or 0) / 1000,
        task_seconds=_mean_seconds(render_ms, done),
        **still,
    )
    return layer, limits


def read_layer(
    row: str | Sequence[Any], caps: Mapping[str, CapView], *, most_bytes: int = 0
) -> LayerView:
    """A layer; of `caps` those count that its limits are among.

    What it has learnt to need is never more than `most_bytes`, the memory of the largest node.
    """
    layer, limits = _read_layer(row if isinstance(row, str) else row[0], most_bytes)
    if not isinstance(row, str):
        avoid = row[1]
        layer = replace(layer, avoid=tuple(frozenset(names.split()) for names in avoid))
    if limits:
        named = tuple(cap for name in limits if (cap := f"limit:{name}") in caps)
        layer = replace(layer, caps=(*layer.caps, *named))
    return layer


def _mean_seconds(render_ms: str, done: str) -> float | None:
    return int(render_ms) / 1000 / int(done) if int(done or 0) else None


@lru_cache(maxsize=65_536)
def read_lease(id_: str, production: str, line: str, layer_line: str) -> LeaseView:
    """A lease; `layer_line` tells what counts for all leases of its layer."""
    words = line.split(" ")
    node, layer, job, state, cores, memory, gpus, granted, interruptible, hand = words
    priority, done, render_ms = layer_line.split(" ")
    return LeaseView(
        id=id_,
        node=node,
        layer=layer,
        job=job,
        production=production,
        priority=int(priority),
        state=LeaseState(state),
        resources=read_resources(cores, memory, gpus),
        granted_at=int(granted) / 1000,
        interruptible=interruptible == "1",
        task_started_at=int(hand or 0) / 1000,
        task_seconds=_mean_seconds(render_ms, done),
    )


def read_cap(line: str) -> tuple[str, CapView]:
    """A cap's name, and what is held of it."""
    name, most, held, unit = line.split(_WORDS)
    return name, CapView(most=read_cores(most), held=read_cores(held), unit=CapUnit(unit))


def read_pool(line: str) -> tuple[str, Resources]:
    """A pool's name, and all that is online in it."""
    name, cores, memory, gpus = line.split(_WORDS)
    return name, read_resources(cores, memory, gpus)


def read_production(name: str, weight: str, pools: Mapping[str, str]) -> ProductionView:
    """A production with its shares; `pools` is the hash of lua/_keys.lua."""
    own = float(weight)
    shares = {pool: _share(own, pool, pools) for pool in {key.rpartition(":")[0] for key in pools}}
    booked = sum((share.booked for share in shares.values()), NOTHING)
    return ProductionView(name=name, weight=own, booked=booked, shares=shares)


def _share(weight: float, pool: str, pools: Mapping[str, str]) -> ShareView:
    ceiling = pools.get(f"{pool}:ceiling")
    return ShareView(
        weight=float(pools.get(f"{pool}:weight", weight)),
        guarantee_cores=float(pools.get(f"{pool}:guarantee", 0)),
        ceiling_cores=None if ceiling is None else float(ceiling),
        booked=read_resources(*(pools.get(f"{pool}:{what}", "0") for what in _AMOUNTS)),
    )
