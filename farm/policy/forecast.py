"""When a job will be done, from how long its finished tasks took. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from farm.model.job import Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What the present pace leads to."""

    frames_per_minute: float  #: at the slots that serve the job now
    eta_seconds: float | None  #: until the last task ends; None while nothing tells


def forecast(layers: Sequence[Layer]) -> Forecast:
    """The pace and the end of the job that has `layers`.

    A layer's open tasks take as long as its finished ones did, spread over the slots that serve
    it now. Layers run side by side, so the slowest one tells the end.
    """
    open_layers = [layer for layer in layers if layer.counts.open]
    pace = sum(_tasks_per_second(layer) for layer in open_layers)
    ends = [_eta_seconds(layer) for layer in open_layers]
    known = [end for end in ends if end is not None]
    eta_seconds = max(known, default=0.0) if len(known) == len(ends) else None
    return Forecast(frames_per_minute=60 * pace, eta_seconds=eta_seconds)


def _mean_seconds(layer: Layer) -> float | None:
    if not layer.counts.succeeded or layer.render_seconds <= 0:
        return None
    return layer.render_seconds / layer.counts.succeeded


def _tasks_per_second(layer: Layer) -> float:
    mean = _mean_seconds(layer)
    return layer.leases / mean if mean else 0.0


def _eta_seconds(layer: Layer) -> float | None:
    mean = _mean_seconds(layer)
    if mean is None or not layer.leases:
        return None
    # Running tasks are half done on average; one that still waits takes a whole turn at least.
    waiting = layer.counts.blocked + layer.counts.ready
    turns = (waiting + layer.counts.running / 2) / layer.leases
    return mean * max(turns, 1.0 if waiting else 0.0)
