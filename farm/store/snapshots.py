"""The whole farm at one instant, put together from what the snapshot step tells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from farm.model.names import job_of_layer
from farm.model.snapshot import CapView, LayerView, LeaseView, NodeView, Snapshot
from farm.store.views import (
    NodeLine,
    layer_of,
    mean_seconds,
    pools_of,
    read_cap,
    read_job,
    read_layer,
    read_leases,
    read_node,
    read_production,
)


def read_snapshot(  # noqa: PLR0917 - one step's answer, in its order
    nodes: Sequence[str],
    layers: Sequence[str],
    productions: Sequence[Any],
    leases: Sequence[Any],
    more: int,
    at_ms: int,
    caps: Sequence[str],
    jobs: Sequence[str],
    serving: Sequence[str],
    reserved: Sequence[str],
    opened: str,
) -> Snapshot:
    """The snapshot that lua/snapshot.lua told."""
    at = at_ms / 1000
    seen = [read_node(line) for line in nodes]
    views = _node_views(seen, _flat(reserved), at)
    most_bytes = max((node.total.memory_bytes for node in views), default=0)
    job_lines = _flat(jobs)
    bounds = dict(read_cap(line) for line in caps)
    waiting = [
        read_layer(line, job_lines[job_of_layer(line)], bounds, most_bytes=most_bytes)
        for line in layers
    ]
    return Snapshot(
        nodes=tuple(views),
        layers=tuple(waiting),
        leases=tuple(_leases(leases, serving, job_lines)),
        productions=tuple(
            read_production(name, weight, tuple(shares)) for name, weight, shares in productions
        ),
        caps=bounds | _own_caps(waiting, job_lines, bounds),
        pools=pools_of(seen),
        at=at,
        opened=opened,
        more_layers=bool(more),
    )


def _own_caps(
    layers: Sequence[LayerView], job_lines: Mapping[str, str], bounds: Mapping[str, CapView]
) -> dict[str, CapView]:
    """The bounds of jobs that `layers` count in."""
    own = {name for layer in layers if layer.caps for name in layer.caps if name not in bounds}
    if not own:
        return {}
    held = (read_job(job, line).caps for job, line in job_lines.items())
    return {name: cap for caps in held for name, cap in caps if name in own}


def _flat(words: Sequence[str]) -> dict[str, str]:
    return dict(zip(words[::2], words[1::2], strict=True))


def _node_views(
    nodes: Sequence[NodeLine], reserved: Mapping[str, str], at: float
) -> list[NodeView]:
    """Those that take leases."""
    views = [node.view for node in nodes if node.open_from < at]
    if not reserved:
        return views
    return [
        replace(view, reserved_for=reserved[view.name]) if view.name in reserved else view
        for view in views
    ]


def _leases(
    held: Sequence[Any], serving: Sequence[str], job_lines: Mapping[str, str]
) -> Iterator[LeaseView]:
    of_layer: dict[str, tuple[int, float | None]] = {}
    for line in serving:
        job = job_of_layer(line)
        of_layer[layer_of(line)] = (read_job(job, job_lines[job]).priority, mean_seconds(line))
    for production, leases in held:
        yield from read_leases(production, leases, of_layer)
