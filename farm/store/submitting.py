"""A job as its submit step takes it."""

import json
from collections.abc import Mapping
from typing import Any

from farm.model.errors import BadRequest
from farm.model.frames import Frames
from farm.model.job import JobSpec, LayerSpec
from farm.store.records import write_layer_spec
from farm.store.views import write_layer_view


def job_document(spec: JobSpec) -> str:
    """The document of lua/submit.lua for `spec`."""
    number_of = {layer.name: number for number, layer in enumerate(spec.layers, 1)}
    return json.dumps(
        {
            "production": spec.production,
            "start_ms": int(spec.start_at * 1000),
            "job": {
                "name": spec.name,
                "owner": spec.owner,
                "priority": spec.priority,
                "group": spec.group,
                "most_tasks": spec.most_tasks,
                "most_cores": spec.most_cores,
                "least_tasks": spec.least_tasks,
                "deadline_ms": int(spec.deadline_at * 1000),
            },
            "layers": [_layer_document(layer, number_of) for layer in spec.layers],
        }
    )


def _layer_document(layer: LayerSpec, number_of: Mapping[str, int]) -> dict[str, Any]:
    return {
        "tasks": len(Frames(layer.frames)),
        "after": number_of.get(layer.after, 0),
        "limits": sorted(set(layer.limits)),
        "fields": {
            "name": layer.name,
            "frames": layer.frames,
            "retries": layer.retries,
            "chunk": layer.chunk,
            "sent": int(layer.settings.is_sent),
            "interruptible": int(layer.interruptible),
            "spec": write_layer_spec(layer),
            "view": write_layer_view(layer),
        },
    }


def unknown_limit(spec: JobSpec, name: str, *known: str) -> BadRequest:
    """Why a job that names a limit nobody has set is refused."""
    layer = next(one.name for one in spec.layers if name in one.limits)
    there_are = f"there are: {', '.join(sorted(known))}" if known else "none is set"
    return BadRequest(f"layer {layer}: no limit {name!r}; {there_are}")
