"""When a job will be done, and how sure that is, from how long its finished tasks took. Pure.

The model: what is left is work, shared by the slots the job is expected to have; slots do not end
together, so the last one is waited for. How long tasks take is known from those that finished.
Nothing is foretold where nothing was measured.

How sure: four doubts are added up as variances. Tasks differ (their measured variance); their mean
is known from few of them, and neighbours are alike (NEIGHBOURS); frames to come are not those that
were seen (DRIFT); and the slots come and go (SLOTS_DOUBT). The end is told as a span that holds it
CONFIDENCE of the time, by a log-normal law: late is always further off than early.

The first to finish are the quick ones. While no more have finished than are in hand, their mean is
that of the lower part of a normal law cut off there (`_believed`), and tells of the whole one.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import groupby
from statistics import NormalDist

from farm.model.dependencies import Match
from farm.model.job import Layer, LayerKind, LayerSpec

CONFIDENCE = 0.8  #: how often the end lies between early and late
_DEVIATIONS = 1.2815515655446004  #: of a normal law, on both sides, that hold CONFIDENCE of it
NEIGHBOURS = 3.0  #: finished tasks that tell as much as one: frames beside each other are alike
DRIFT = 0.08  #: by so much of itself the mean of what is left is off from what was seen
SLOTS_DOUBT = 0.10  #: by so much of themselves the slots are off from those expected
LEAST_FINISHED = 0.2  #: of those in hand so many must have finished before anything is told
USUAL_SPREAD = 0.3  #: standard deviation over mean, believed before it is measured
_STANDARD = NormalDist()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """One layer: what is left of it, and what its finished tasks told."""

    waiting: int  #: tasks that have not begun
    running: int = 0  #: tasks in hand
    slots: int = 0  #: that serve it now
    measured: int = 0  #: finished tasks that the next two are from
    mean_seconds: float = 0.0
    variance: float = 0.0  #: of a task's time, in seconds²
    stage: int = 0  #: layers of one stage run side by side, stages one after another

    @property
    def left(self) -> int:
        return self.waiting + self.running

    @property
    def begun(self) -> int:
        """Tasks that are worked on: a slot holds several, and works on one."""
        return min(self.running, self.slots or self.running)

    @property
    def is_known(self) -> bool:
        """Has enough of it finished to tell how long its tasks take?"""
        return self.mean_seconds > 0 and self.measured > self.begun * LEAST_FINISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What the present pace leads to. All of the end is None while nothing tells."""

    frames_per_minute: float  #: at the slots that serve the job now
    eta_seconds: float | None = None  #: until the last task ends; as often sooner as later
    eta_early_seconds: float | None = None  #: …with `confidence` it is between this
    eta_late_seconds: float | None = None  #: …and this
    confidence: float | None = None
    measured: int = 0  #: finished tasks that it is founded on
    slots: float = 0.0  #: that it counts on


@dataclass(frozen=True, slots=True, kw_only=True)
class _Believed:
    """A layer as it is judged: the time of its tasks, and how sure that is."""

    fresh: int  #: tasks that no slot works on yet
    begun: int
    mean_seconds: float
    spread: float  #: standard deviation of a task's time over its mean
    doubt: float  #: variance of the mean, over its square

    @property
    def left(self) -> int:
        return self.fresh + self.begun


@dataclass(frozen=True, slots=True)
class _Span:
    """A time, and the variance of what is known of it."""

    seconds: float = 0.0
    variance: float = 0.0

    def __add__(self, other: "_Span") -> "_Span":
        return _Span(self.seconds + other.seconds, self.variance + other.variance)


def forecast(
    paces: Iterable[Pace], *, expected_slots: float | None = None, starts_in_seconds: float = 0.0
) -> Forecast:
    """The pace and the end of a job whose layers go at `paces`.

    It counts on `expected_slots` (left out: on those it has now), and on none before
    `starts_in_seconds` are over: what the shares and the line lead to, as far as the caller knows.
    """
    every = sorted((one for one in paces if one.left), key=lambda one: one.stage)
    now = sum(one.slots for one in every)
    rate = sum(one.slots / one.mean_seconds for one in every if one.is_known)
    slots = float(now if expected_slots is None else expected_slots)
    if every and (slots <= 0 or not all(one.is_known for one in every)):
        return Forecast(frames_per_minute=60 * rate)
    span = _Span(starts_in_seconds, (starts_in_seconds * SLOTS_DOUBT) ** 2)
    for _, stage in groupby(every, key=lambda one: one.stage):
        span += _stage([_believed(one) for one in stage], slots)
    early, late = _interval(span)
    return Forecast(
        frames_per_minute=60 * rate,
        eta_seconds=span.seconds,
        eta_early_seconds=early,
        eta_late_seconds=late,
        confidence=CONFIDENCE,
        measured=sum(one.measured for one in every),
        slots=slots,
    )


def paces(layers: Iterable[Layer]) -> list[Pace]:
    """The paces of a job's layers.

    Sheets and films that were never made before are left out: they take a moment at the end, and
    would leave every job without an end that is told.
    """
    every = list(layers)
    stages = stages_of([layer.spec for layer in every])
    return [
        _pace(layer, stages[layer.spec.name])
        for layer in every
        if layer.spec.kind is LayerKind.RENDER or layer.rendered
    ]


def stages_of(layers: Sequence[LayerSpec]) -> dict[str, int]:
    """How many layers come before each of `layers`, one after the other; by name.

    What waits frame by frame runs beside the layer it waits for.
    """
    waits = {
        layer.name: [one.layer for one in layer.after if not one.job and one.match is Match.ALL]
        for layer in layers
    }
    stages: dict[str, int] = {}
    for name in TopologicalSorter(waits).static_order():
        stages[name] = 1 + max((stages[one] for one in waits.get(name, ())), default=-1)
    return stages


def _pace(layer: Layer, stage: int) -> Pace:
    mean = layer.render_seconds / layer.rendered if layer.rendered else 0.0
    spare = max(0.0, layer.render_squares - layer.rendered * mean**2)
    return Pace(
        waiting=layer.counts.blocked + layer.counts.ready,
        running=layer.counts.running,
        slots=layer.leases,
        measured=layer.rendered,
        mean_seconds=mean,
        variance=spare / max(1, layer.rendered - 1),
        stage=stage,
    )


def _believed(layer: Pace) -> _Believed:
    """What is to be believed of `layer`, given that those that finished are the quicker ones."""
    begun = layer.begun
    seen = layer.variance / layer.mean_seconds**2
    spread = math.sqrt((seen * (layer.measured - 1) + USUAL_SPREAD**2) / layer.measured)
    # In hand is what is left of the first wave, and a second one that hides the slow of the first
    # the more, the more they differ; later waves make up for it.
    second = min(layer.measured, begun)
    hidden = begun - second + min(1.0, spread) * second * second / layer.measured
    cut = _STANDARD.inv_cdf(layer.measured / (layer.measured + hidden)) if hidden else math.inf
    mills = _STANDARD.pdf(cut) / _STANDARD.cdf(cut) if hidden else 0.0
    narrowed = 1 - cut * mills - mills**2 if hidden else 1.0
    deviation = spread / math.sqrt(narrowed)
    mean = 1 + mills * deviation
    spread = min(1.0, deviation / mean)
    few = spread**2 / max(1.0, layer.measured / NEIGHBOURS)
    return _Believed(
        fresh=layer.left - begun,
        begun=begun,
        mean_seconds=layer.mean_seconds * mean,
        spread=spread,
        doubt=few + DRIFT**2 + ((mean - 1) / mean) ** 2 / 2,
    )


def _stage(layers: Sequence[_Believed], slots: float) -> _Span:
    """How long layers take that run side by side on `slots`."""
    parts = [_part(layer) for layer in layers]
    width = min(slots, float(sum(layer.left for layer in layers)))
    work = sum(part.seconds for part in parts)
    last = _last_slot(layers, width)
    seconds = work / width + last.seconds
    # One that still waits takes a whole turn at least, however many slots there are.
    turn = max((layer.mean_seconds for layer in layers if layer.fresh), default=0.0)
    doubt = sum(part.variance for part in parts) + (work * SLOTS_DOUBT) ** 2
    return _Span(max(seconds, turn), doubt / width**2 + last.variance)


def _part(layer: _Believed) -> _Span:
    """The work left in `layer`, in slot-seconds."""
    mean, spread = layer.mean_seconds, layer.spread
    seconds = mean * (layer.fresh + layer.begun * _rest_mean(spread))
    of_tasks = mean**2 * (layer.fresh * spread**2 + layer.begun * _rest_variance(spread))
    return _Span(seconds, of_tasks + layer.doubt * seconds**2)


def _last_slot(layers: Sequence[_Believed], width: float) -> _Span:
    """How much later the last of `width` slots ends than they do on average.

    Each is somewhere inside a task when the work runs out. Of even tasks the rests are uniform, of
    very uneven ones exponential; the largest of so many is known for both, and what is between
    them lies between.
    """
    if width <= 1:
        return _Span()
    left = sum(layer.left for layer in layers)
    mean = sum(layer.left * layer.mean_seconds for layer in layers) / left
    squares = sum(layer.left * layer.mean_seconds**2 * (1 + layer.spread**2) for layer in layers)
    uneven = min(1.0, math.sqrt(max(0.0, squares / left / mean**2 - 1)))
    largest = (1 - uneven) * math.sqrt(3) * (width - 1) / (width + 1) + uneven * math.log(width)
    variance = mean**2 * _rest_variance(uneven)
    return _Span(largest * math.sqrt(variance), variance * ((1 - uneven) / width + uneven))


def _rest_mean(spread: float) -> float:
    """What is left of a task met at any moment, over the mean task (renewal theory)."""
    return (1 + spread**2) / 2


def _rest_variance(spread: float) -> float:
    """The variance of that rest, over the square of the mean task, of gamma-distributed tasks."""
    square = spread**2
    return (1 + square) * (1 + 2 * square) / 3 - _rest_mean(spread) ** 2


def _interval(span: _Span) -> tuple[float, float]:
    """What holds `span` CONFIDENCE of the time, by a log-normal law with this median."""
    if span.seconds <= 0:
        return 0.0, 0.0
    width = math.exp(_DEVIATIONS * math.sqrt(math.log1p(span.variance / span.seconds**2)))
    return span.seconds / width, span.seconds * width
