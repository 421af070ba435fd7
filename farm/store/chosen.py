"""Which tasks a person means: all of a job, of one layer, or some frames."""

import json
from collections.abc import Iterator, Sequence

from farm.model.errors import NotFound
from farm.model.frames import Frames
from farm.model.job import Job, Layer, LayerKind

TASKS_AT_ONCE = 10_000  #: tasks per call: about 50 ms of the store's time


def chosen_layers(job: Job, frames: Frames | None, layer: str | None) -> Sequence[Layer]:
    """The layers that a change of `frames` means, in their order. Raises NotFound."""
    if layer is not None:
        found = [one for one in job.layers if layer in (one.spec.name, one.id)]
        if not found:
            raise NotFound(f"job {job.id} has no layer {layer!r}; `farm jobs show {job.id}`")
        return found
    rendered = [one for one in job.layers if one.spec.kind is LayerKind.RENDER]
    return rendered if frames and rendered else job.layers


def slices(layer: Layer, frames: Frames | None) -> Iterator[tuple[int, int, str]]:
    """First index, number and list of indices, per call that a change of `layer` needs.

    Raises BadFrames when the layer does not have one of `frames`.
    """
    of_layer = Frames(layer.spec.frames)
    if frames is None:
        for first in range(0, len(of_layer), TASKS_AT_ONCE):
            yield first, TASKS_AT_ONCE, ""
        return
    indices = [of_layer.index(frames[i]) for i in range(len(frames))]
    for first in range(0, len(indices), TASKS_AT_ONCE):
        yield 0, 0, json.dumps(indices[first : first + TASKS_AT_ONCE])
