"""A job as its submit step takes it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from farm.model.errors import BadRequest
from farm.model.frames import Frames
from farm.model.job import JobSpec, LayerSpec
from farm.store.dependencies import Links
from farm.store.records import write_layer_spec
from farm.store.still import write_layer_view


def job_document(spec: JobSpec, links: Links) -> str:
    """The document of lua/submit.lua for `spec`, whose layers wait as `links` say."""
    return json.dumps(
        {
            "production": spec.production,
            "start_ms": int(spec.start_at * 1000),
            "job": {
                "name": spec.name,
                "owner": spec.owner,
                "priority": spec.priority,
                "fail_after": spec.fail_after,
                "group": spec.group,
                "most_tasks": spec.most_tasks,
                "most_cores": spec.most_cores,
                "least_tasks": spec.least_tasks,
                "deadline_ms": int(spec.deadline_at * 1000),
            },
            "layers": [
                _layer_document(layer, after)
                for layer, after in zip(spec.layers, links.edges, strict=True)
            ],
        }
    )


def _layer_document(layer: LayerSpec, after: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    return {
        "tasks": len(Frames(layer.frames)),
        "after": after,
        "limits": sorted(set(layer.limits)),
        "fields": {
            "name": layer.name,
            "frames": layer.frames,
            "retries": layer.retries,
            "chunk": layer.chunk,
            "sent": int(layer.settings.is_sent),
            "interruptible": int(layer.interruptible),
            "pool": layer.pool,
            "gpus": layer.resources.gpus,
            "spec": write_layer_spec(layer),
            "view": write_layer_view(layer),
        },
    }


def unknown_limit(spec: JobSpec, name: str, *known: str) -> BadRequest:
    """Why a job that names a limit nobody has set is refused."""
    layer = next(one.name for one in spec.layers if name in one.limits)
    there_are = f"there are: {', '.join(sorted(known))}" if known else "none is set"
    return BadRequest(f"layer {layer}: no limit {name!r}; {there_are}")
