"""Which nodes may serve a layer at all, whatever is free on them. Pure."""

from collections.abc import Sequence

from farm.model.node import Node
from farm.model.resources import CORE_PARTS, Cores, Resources
from farm.model.snapshot import LayerView, NodeView

#: What a layer asks of a node besides amounts: GPUs, GPU memory, tags, only on, never on, Blender.
Needs = tuple[int, int, frozenset[str], frozenset[str], frozenset[str], str]


def as_if_open(node: Node, *, free: Resources) -> NodeView:
    """A node that takes no work now, as a plan would see it if it did, with so much `free`."""
    spec = node.spec
    return NodeView(
        name=node.name,
        epoch=node.epoch,
        pool=spec.pool,
        total=spec.resources,
        free=free,
        gpu_memory_bytes=spec.gpu_memory_bytes,
        cores_kept_per_gpu=spec.cores_kept_per_gpu,
        tags=frozenset(spec.tags),
        blenders=spec.blenders,
    )


def needs_of(layer: LayerView) -> Needs | None:
    """What `layer` asks of a node besides cores and memory; None when any will do."""
    gpus = layer.resources.gpus
    if not (gpus or layer.tags or layer.nodes or layer.not_nodes or layer.blender):
        return None
    memory = layer.gpu_memory_bytes if gpus else 0
    return (gpus, memory, layer.tags, layer.nodes, layer.not_nodes, layer.blender)


def meets(node: NodeView, needs: Needs | None) -> bool:
    """May `node` serve what has these needs? Its pool and its cores and memory are not looked at.

    Blender 4.5 means any 4.5.x. A node that tells no versions is trusted to have the right one.
    """
    if needs is None:
        return True
    gpus, gpu_memory, tags, only, never, blender = needs
    return (
        gpus <= node.total.gpus
        and gpu_memory <= node.gpu_memory_bytes
        and tags <= node.tags
        and (not only or node.name in only)
        and node.name not in never
        and has_blender(node.blenders, blender)
    )


def has_blender(versions: Sequence[str], wanted: str) -> bool:
    """Is there a version among them that is `wanted` or begins with it?"""
    if not wanted or not versions:
        return True
    return any(one == wanted or one.startswith(f"{wanted}.") for one in versions)


def cores_for(node: NodeView, layer: LayerView) -> Cores:
    """Cores that `layer` could ever have of `node`: work without a GPU never gets all of one's.

    While its GPUs are free they keep theirs, and while they are not, the work that has them books
    a part of a core at least. A slot that takes the whole node gets none where some are kept.
    """
    kept = 0 if layer.resources.gpus else node.cores_kept_per_gpu * node.total.gpus
    if layer.whole_node and kept:
        return 0
    return node.total.cores - min(kept, 1 / CORE_PARTS)


def holds(node: NodeView, layer: LayerView) -> bool:
    """Could `node` ever serve a slot of `layer`? It is taken to be of the right pool."""
    asked = layer.resources
    return (
        asked.cores <= cores_for(node, layer)
        and asked.memory_bytes <= node.total.memory_bytes
        and meets(node, needs_of(layer))
    )


def could_serve(node: NodeView, layer: LayerView) -> bool:
    """Could `node` ever serve a slot of `layer`, its pool looked at too?"""
    return layer.pool in ("", node.pool) and holds(node, layer)
