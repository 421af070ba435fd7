"""When a job will be done, and how sure that is, from how long its tasks took and take. Pure.

The law of a layer's task times is told by those that finished and those in hand (`tasktimes`).
What is left is played once on the slots that the job is expected to have: each takes the next task
when its last one ends; where all tasks run, the end is that of the last of them. Nothing is
foretold where nothing was measured.

How sure: doubts are added up as variances. Tasks differ, and the last of many is late; their law is
known from few of them; frames to come are not those that were seen (DRIFT); and slots come and go
(SLOTS_DOUBT). The end is told as a span that holds it CONFIDENCE of the time, by a log-normal law:
late is always further off than early.

The constants were fitted to the simulator's days, where jobs come and go at each other's cost:
`farm simulate centre-700 --days 0.3`, row "ends foretold", and the same with
`--set "start=mon 17:00"`. There the slots that a job has now foretell its end better than those
that its production is due: what is due comes late, and is shared with jobs yet to come. Jobs
without any slots are told by the due all the same, with UNSERVED_DOUBT: told so, the ends of those
days' jobs that had slots and tasks waiting lay in the span for 84 to 95 %, and never before it.
When such a job begins was not measured. OTHERS_SPREAD is that of the scenario's shots, and a little
more.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from itertools import groupby, repeat

from farm.model.dependencies import Match
from farm.model.job import Layer, LayerKind, LayerSpec
from farm.policy.stage import DEVIATIONS, SLOTS_DOUBT, Believed, Span, stage_span
from farm.policy.tasktimes import task_times

CONFIDENCE = 0.8  #: how often the end lies between early and late
LEAST_FINISHED = 0.08  #: of those in hand so many must have finished before anything is told
OTHERS_SPREAD = 0.6  #: standard deviation over mean, of means of a production's layers
UNSERVED_DOUBT = 0.5  #: by so much of itself the time of a job is off that has no slots yet
NO_TIMES: Mapping[str, tuple[float, ...]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """One layer: what is left of it, and what its finished tasks told."""

    waiting: int  #: tasks that have not begun
    running: int = 0  #: tasks in hand
    slots: int = 0  #: that serve it now
    elapsed: tuple[float, ...] = ()  #: seconds since the tasks worked on began, as far as told
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
    span = Span(starts_in_seconds, (starts_in_seconds * SLOTS_DOUBT) ** 2)
    for _, stage in groupby(every, key=lambda one: one.stage):
        span += stage_span([_believed(one) for one in stage], slots)
    if every and not now:
        span += Span(0.0, (UNSERVED_DOUBT * span.seconds) ** 2)
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


def paces(
    layers: Iterable[Layer],
    *,
    elapsed: Mapping[str, tuple[float, ...]] = NO_TIMES,
    usual_seconds: float | None = None,
) -> list[Pace]:
    """The paces of a job's layers.

    `elapsed` are seconds since the tasks in hand began, by layer. A layer to render that nothing
    was measured of is believed to be as its production's usually are, if that is told.

    Sheets and films that were never made before are left out: they take a moment at the end, and
    would leave every job without an end that is told.
    """
    every = list(layers)
    stages = stages_of([layer.spec for layer in every])
    return [
        _pace(layer, stages[layer.spec.name], elapsed.get(layer.id, ()), usual_seconds)
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


def _pace(
    layer: Layer, stage: int, elapsed: tuple[float, ...], usual_seconds: float | None
) -> Pace:
    left = Pace(
        waiting=layer.counts.blocked + layer.counts.ready,
        running=layer.counts.running,
        slots=layer.leases,
        elapsed=elapsed,
        stage=stage,
    )
    if not layer.rendered and usual_seconds:
        variance = (OTHERS_SPREAD * usual_seconds) ** 2
        return replace(left, measured=1, mean_seconds=usual_seconds, variance=variance)
    mean = layer.render_seconds / layer.rendered if layer.rendered else 0.0
    spare = max(0.0, layer.render_squares - layer.rendered * mean**2)
    variance = spare / max(1, layer.rendered - 1)
    return replace(left, measured=layer.rendered, mean_seconds=mean, variance=variance)


def _believed(layer: Pace) -> Believed:
    """What is to be believed of `layer`, given that those that finished are the quicker ones."""
    begun = (*layer.elapsed[: layer.begun], *_unseen(layer, layer.begun - len(layer.elapsed)))
    law = task_times(
        measured=layer.measured,
        mean_seconds=layer.mean_seconds,
        variance=layer.variance,
        elapsed=begun,
    )
    return Believed(fresh=layer.left - len(begun), begun=begun, law=law)


def _unseen(layer: Pace, many: int) -> Iterator[float]:
    """How long `many` tasks are believed to be in hand of which that is not told.

    While fewer have finished than are in hand, some are of the first wave: they take at least as
    long as those that finished. The others began at any time.
    """
    first = min(max(0, many), max(0, layer.begun - layer.measured))
    yield from repeat(layer.mean_seconds, first)
    rest = many - first
    yield from (layer.mean_seconds * (at + 0.5) / rest for at in range(rest))


def _interval(span: Span) -> tuple[float, float]:
    """What holds `span` CONFIDENCE of the time, by a log-normal law with this median."""
    if span.seconds <= 0:
        return 0.0, 0.0
    width = math.exp(DEVIATIONS * math.sqrt(math.log1p(span.variance / span.seconds**2)))
    return span.seconds / width, span.seconds * width
