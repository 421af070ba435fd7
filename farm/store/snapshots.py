"""The whole farm at one instant, put together from what the snapshot step tells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from farm.model.snapshot import LeaseView, NodeView, Snapshot
from farm.store.views import (
    JobLine,
    NodeLine,
    mean_seconds,
    name_and_job,
    pools_of,
    read_cap,
    read_job,
    read_layer,
    read_lease,
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
    views = tuple(_node_views(seen, _flat(reserved), at))
    most_bytes = max((node.total.memory_bytes for node in views), default=0)
    job_of = {job: read_job(job, line) for job, line in _flat(jobs).items()}
    bounds = dict(read_cap(line) for line in caps)
    waiting = tuple(
        read_layer(line, job_of[name_and_job(line)[1]], bounds, most_bytes=most_bytes)
        for line in layers
    )
    own = {name for layer in waiting for name in layer.caps if name not in bounds}
    bounds |= {name: cap for job in job_of.values() for name, cap in job.caps if name in own}
    return Snapshot(
        nodes=views,
        layers=waiting,
        leases=tuple(_leases(leases, serving, job_of)),
        productions=tuple(
            read_production(name, weight, _flat(shares)) for name, weight, shares in productions
        ),
        caps=bounds,
        pools=pools_of(seen),
        at=at,
        opened=opened,
        more_layers=bool(more),
    )


def _flat(words: Sequence[str]) -> dict[str, str]:
    return dict(zip(words[::2], words[1::2], strict=True))


def _node_views(
    nodes: Sequence[NodeLine], reserved: Mapping[str, str], at: float
) -> Iterator[NodeView]:
    """Those that take leases."""
    for node in nodes:
        if node.takes_leases(at):
            layer = reserved.get(node.view.name)
            yield replace(node.view, reserved_for=layer) if layer else node.view


def _leases(
    held: Sequence[Any], serving: Sequence[str], job_of: Mapping[str, JobLine]
) -> Iterator[LeaseView]:
    of_layer: dict[str, tuple[int, float | None]] = {}
    for line in serving:
        layer, job = name_and_job(line)
        of_layer[layer] = (job_of[job].priority, mean_seconds(line))
    for production, leases in held:
        for lease, line in zip(leases[::2], leases[1::2], strict=True):
            yield read_lease(lease, production, line, of_layer)
