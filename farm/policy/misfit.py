"""Why no node that is online could ever serve a layer. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from farm.model.snapshot import LayerView, NodeView, Snapshot
from farm.policy.fit import cores_for, could_serve, has_blender
from farm.policy.waiting import Reason

SOME_NODES = 8  #: that are told of more

Check = tuple[str, Callable[[NodeView], bool]]
Amount = tuple[str, float, Callable[[NodeView], float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """The reason, and its numbers as fields of a `Waiting`."""

    reason: Reason
    numbers: dict[str, Any] = field(default_factory=dict)


def misfit(layer: LayerView, snapshot: Snapshot) -> Misfit:
    """Why `layer` has no node; it must be one that no node of the snapshot could serve.

    The first thing that no node has, of those that have all that was looked at before.
    """
    able = sorted(node.name for node in snapshot.away if could_serve(node, layer))
    if able:
        return Misfit(reason=Reason.NO_NODE, numbers={"nodes": tuple(able[:SOME_NODES])})
    nodes: Sequence[NodeView] = (*snapshot.nodes, *snapshot.away)
    nodes = [node for node in nodes if layer.pool in ("", node.pool)]
    if not nodes:
        return Misfit(reason=Reason.NO_NODE)
    for what, check in _checks(layer):
        left = [node for node in nodes if check(node)]
        if not left:
            return Misfit(reason=Reason.NO_FIT, numbers={"what": what})
        nodes = left
    for what, asked, has in _amounts(layer):
        left = [node for node in nodes if has(node) >= asked]
        if not left:
            most = max(has(node) for node in nodes)
            numbers = {"what": what, "asked": asked, "most": most}
            return Misfit(reason=Reason.NO_FIT, numbers=numbers)
        nodes = left
    return Misfit(reason=Reason.NO_NODE)


def _checks(layer: LayerView) -> list[Check]:
    return [
        ("nodes", lambda node: not layer.nodes or node.name in layer.nodes),
        ("nodes", lambda node: node.name not in layer.not_nodes),
        ("tags", lambda node: layer.tags <= node.tags),
        ("blender", lambda node: has_blender(node.blenders, layer.blender)),
    ]


def _amounts(layer: LayerView) -> list[Amount]:
    asked = layer.resources
    amounts: list[Amount] = [("gpus", asked.gpus, lambda node: node.total.gpus)]
    if asked.gpus:
        amounts.append(("gpu memory", layer.gpu_memory_bytes, lambda node: node.gpu_memory_bytes))
    return [
        *amounts,
        ("cores", asked.cores, lambda node: cores_for(node, layer)),
        ("memory", asked.memory_bytes, lambda node: node.total.memory_bytes),
    ]
