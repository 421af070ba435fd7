"""What of nodes and layers stays the same, written once for all looks at them."""

import json

from farm.model.job import LayerSpec
from farm.model.node import NodeHealth, NodeSpec

AMOUNTS = ("cores", "memory_bytes", "gpus")


def write_node_view(spec: NodeSpec) -> str:
    """What of a node stays the same while its worker lives."""
    return json.dumps(
        {
            "pool": spec.pool,
            "total": [getattr(spec.resources, what) for what in AMOUNTS],
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
            "resources": [getattr(resources, what) for what in AMOUNTS],
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
