"""What a decision sees of the farm, as the snapshot step tells it: a line of words for each thing.

A line that has not changed since the last snapshot gives the view made of it then: most of a large
farm is as it was a moment ago. The order of the words is that of lua/_views.lua,
_bound_views.lua and of `show_lease` in lua/_leases.lua.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import inf
from typing import Any

from farm.model.lease import LeaseState
from farm.model.names import job_of_layer
from farm.model.resources import CORE_PARTS, Resources
from farm.model.snapshot import (
    NOTHING,
    CapUnit,
    CapView,
    FreeUse,
    LayerView,
    LeaseView,
    NodeView,
    ProductionView,
    ShareView,
)
from farm.model.states import NodeState
from farm.policy.learning import booked_for
from farm.store.records import read_cores, read_resources
from farm.store.still import AMOUNTS

_WORDS = "\x1f"
_LEASE_STATES = {state.value: state for state in LeaseState}


def _resources(amounts: Sequence[Any]) -> Resources:
    return Resources(**dict(zip(AMOUNTS, amounts, strict=True)))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLine:
    """A node that reports, and whether it takes leases."""

    view: NodeView
    still: str  #: what of it stays the same, as the store has it; "": it is not online
    open_from: float  #: it takes leases after this time, seconds since 1970; inf: it takes none


@lru_cache(maxsize=16_384)
def read_node(line: str) -> NodeLine:
    """A node."""
    words = line.split(_WORDS)
    name, epoch, state, mute, cores, memory, gpus, limits, warm, view, unfit, use = words
    scenes, files = json.loads(warm) if warm else ((), ())
    is_online = state == NodeState.ONLINE
    return NodeLine(
        still=view if is_online else "",
        open_from=int(mute or 0) / 1000 if is_online and unfit != "1" else inf,
        view=NodeView(
            name=name,
            epoch=int(epoch),
            free=read_resources(cores, memory, gpus),
            limits=frozenset(word.partition(":")[0] for word in limits.split()),
            warm_scenes=frozenset(scenes),
            warm_files=frozenset(files),
            use=_free_use(use),
            **_still(view),
        ),
    )


def _free_use(words: str) -> FreeUse | None:
    """As what the free room is counted; lua/_accounts.lua tells it."""
    if not words:
        return None
    usable, stranded, gpus, mode = map(int, words.split(" "))
    return FreeUse(
        cores=usable / CORE_PARTS,
        stranded_cores=stranded / CORE_PARTS,
        gpus=gpus,
        is_open=mode == 1,
    )


def pools_of(nodes: Iterable[NodeLine]) -> dict[str, Resources]:
    """All that is online, by pool."""
    sums: dict[str, list[Any]] = {}
    for still, count in Counter(node.still for node in nodes).items():  # a farm has few kinds
        if still:
            fields = _still(still)
            amounts, total = sums.setdefault(fields["pool"], [0, 0, 0]), fields["total"]
            amounts[0] += count * total.cores
            amounts[1] += count * total.memory_bytes
            amounts[2] += count * total.gpus
    return {pool: _resources(amounts) for pool, amounts in sums.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLine:
    """What counts for all layers of a job."""

    priority: int
    created_at: float
    deadline_at: float
    least_tasks: int
    group: str
    slots: int
    shunned: frozenset[str]
    caps: tuple[tuple[str, CapView], ...]


@lru_cache(maxsize=32_768)
def read_job(job: str, line: str) -> JobLine:
    """A job."""
    words = line.split(_WORDS)
    priority, created, deadline, least, group, held_tasks, most_tasks, held_cores = words[:8]
    most_cores, shunned = words[8:]
    caps = []
    if int(most_tasks or 0):
        view = CapView(most=int(most_tasks), held=int(held_tasks or 0), unit=CapUnit.SLOT)
        caps.append((f"job:{job}:tasks", view))
    if most := read_cores(most_cores or "0"):
        view = CapView(most=most, held=read_cores(held_cores or "0"), unit=CapUnit.CORES)
        caps.append((f"job:{job}:cores", view))
    return JobLine(
        priority=int(priority),
        created_at=int(created) / 1000,
        deadline_at=int(deadline or 0) / 1000,
        least_tasks=int(least or 0),
        group=group,
        slots=int(held_tasks or 0),
        shunned=frozenset(shunned.split()),
        caps=tuple(caps),
    )


@lru_cache(maxsize=32_768)
def _read_layer(line: str, job_line: str, most_bytes: int) -> tuple[LayerView, tuple[str, ...]]:
    """A layer, and the caps that it counts in where they are set."""
    job = read_job(job_of_layer(line), job_line)
    words = line.split(_WORDS)
    id_, job_id, production, ready, unstarted, served, done, _ = words[:8]
    peak, oom, view, unjudged, picky, avoid = words[8:]
    still = dict(_still(view))
    limits, learn = still.pop("limits"), still.pop("learn")
    still["not_nodes"] |= job.shunned
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
        job=job_id,
        production=production,
        group=job.group,
        priority=job.priority,
        created_at=job.created_at,
        wanted=wanted,
        plain=max(0, wanted - int(picky)),
        avoid=tuple(frozenset(names.split()) for names in avoid.split("/")) if avoid else (),
        caps=tuple(name for name, _ in job.caps),
        slots=job.slots,
        least_tasks=job.least_tasks,
        served_at=int(served) / 1000,
        deadline_at=job.deadline_at,
        task_seconds=mean_seconds(line),
        unjudged=unjudged,
        **still,
    )
    return layer, (*_caps_around(production, job.group), *(f"limit:{name}" for name in limits))


def _caps_around(production: str, group: str) -> Iterator[str]:
    """The caps of a group and of those it is in."""
    path = production
    for part in filter(None, group.split("/")):
        path = f"{path}/{part}"
        yield f"group:{path}:tasks"
        yield f"group:{path}:cores"


def read_layer(
    line: str, job_line: str, caps: Mapping[str, CapView], *, most_bytes: int = 0
) -> LayerView:
    """A layer; it counts in those of `caps` that its groups and limits are among.

    What it has learnt to need is never more than `most_bytes`, the memory of the largest node.
    """
    layer, names = _read_layer(line, job_line, most_bytes)
    if not names:
        return layer
    named = tuple(name for name in names if name in caps)
    return replace(layer, caps=(*layer.caps, *named)) if named else layer


def mean_seconds(layer_line: str) -> float | None:
    """How long tasks of the layer took; None before the first."""
    done, render_ms = layer_line.split(_WORDS, 8)[6:8]
    return int(render_ms) / 1000 / int(done) if int(done or 0) else None


def layer_of(layer_line: str) -> str:
    """The id of a layer."""
    return layer_line[: layer_line.index(_WORDS)]


@lru_cache(maxsize=16_384)
def _common(production: str, words: str) -> tuple[str, Resources, bool, tuple[str, ...]]:
    """What leases of a layer have in common: job, resources, interruptible, caps."""
    job, cores, memory, gpus, interruptible, limits, group = words.split(" ")
    named = (f"limit:{name}" for name in limits.split(",") if name)
    caps = (*_caps_around(production, group), *named)
    return job, read_resources(cores, memory, gpus), interruptible == "1", caps


def read_leases(
    production: str, lines: Sequence[str], of_layer: Mapping[str, tuple[int, float | None]]
) -> Iterator[LeaseView]:
    """The leases of a production, told as id, line and so on.

    `of_layer` tells of a layer the priority and how long its tasks took.
    """
    for id_, line in zip(lines[::2], lines[1::2], strict=True):
        layer, node, state, granted, hand, left, common = line.split(" ", 6)
        job, resources, interruptible, caps = _common(production, common)
        priority, task_seconds = of_layer[layer]
        yield LeaseView(  # by place: there are tens of thousands
            id_,
            node,
            layer,
            production,
            priority,
            _LEASE_STATES[state],
            resources,
            int(granted) / 1000,
            job,
            interruptible,
            int(hand) / 1000 if hand else 0.0,
            task_seconds,
            caps,
            int(left) + (state != LeaseState.GRANTED) if left else 0,  # and what is in hand
        )


def read_cap(line: str) -> tuple[str, CapView]:
    """A cap's name, and what is held of it."""
    name, most, held, unit = line.split(_WORDS)
    return name, CapView(most=read_cores(most), held=read_cores(held), unit=CapUnit(unit))


@lru_cache(maxsize=4096)
def read_production(name: str, weight: str, hash_: tuple[str, ...]) -> ProductionView:
    """A production with its shares; `hash_` is that of its pools, see lua/_keys.lua."""
    own, pools = float(weight), dict(zip(hash_[::2], hash_[1::2], strict=True))
    shares = {pool: _share(own, pool, pools) for pool in {key.rpartition(":")[0] for key in pools}}
    booked = sum((share.booked for share in shares.values()), NOTHING)
    return ProductionView(name=name, weight=own, booked=booked, shares=shares)


def _share(weight: float, pool: str, pools: Mapping[str, str]) -> ShareView:
    ceiling = pools.get(f"{pool}:ceiling")
    return ShareView(
        weight=float(pools.get(f"{pool}:weight", weight)),
        guarantee_cores=float(pools.get(f"{pool}:guarantee", 0)),
        ceiling_cores=None if ceiling is None else float(ceiling),
        booked=read_resources(*(pools.get(f"{pool}:{what}", "0") for what in AMOUNTS)),
    )
