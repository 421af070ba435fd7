"""Why what waits waits: the plan's own reasons, and those that no plan has to do with. Pure.

What can be granted now is judged by `farm.policy.plan` alone, and read here from its `waiting`.
What no snapshot shows is told by where the job stands: tasks that wait for others, paused jobs,
jobs that start later, leases on their way. The parts of a job add up to its waiting tasks, whatever
the plan says: it may be a moment older than what the job says of itself.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from farm.model.snapshot import LayerView, Snapshot
from farm.model.standing import JobStanding, LayerStanding
from farm.model.states import JobState
from farm.policy.plan import Plan
from farm.policy.shares import Shares
from farm.policy.waiting import Reason, Waiting


class Cause(StrEnum):
    """What keeps a task from starting, besides the reasons of a plan."""

    BLOCKED = "blocked"  #: another layer or job has to be done first
    PAUSED = "paused"  #: a person has paused its job
    LATER = "later"  #: its job starts at a time that is still to come
    GRANTED = "granted"  #: a node was told to start it
    NEXT = "next"  #: nothing is wrong: it is next in line
    NO_SCHEDULER = "no scheduler"  #: no scheduler leads, so nothing is granted


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What the farm decides at one instant, as far as questions about it need."""

    at: float  #: seconds since 1970 on the store's clock
    leads: bool = True  #: does a scheduler lead?
    waiting: Mapping[str, Sequence[Waiting]] = field(default_factory=dict)  #: by layer
    views: Mapping[str, LayerView] = field(default_factory=dict)  #: by layer
    left: Mapping[str, int] = field(default_factory=dict)  #: by production: tasks left over
    nodes: frozenset[str] = frozenset()  #: those that take leases
    #: By production and pool: cores' worth that it is due.
    dues: Mapping[tuple[str, str], float] = field(default_factory=dict)
    more: bool = False  #: there are layers so far back in the line that they were not looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Tasks of one layer that wait for the same reason."""

    job: JobStanding
    layer: LayerStanding
    cause: Cause | Reason
    count: int
    waiting: Waiting | None = None  #: the plan's numbers, where it is the plan's reason

    @property
    def plan(self) -> Waiting:
        """The plan's numbers: there are some for each of the plan's reasons."""
        assert self.waiting is not None, f"{self.cause} is no reason of a plan"
        return self.waiting


def outlook(snapshot: Snapshot, decided: Plan, *, leads: bool = True) -> Outlook:
    """What `decided`, the plan for `snapshot`, tells of what waits."""
    waiting: dict[str, list[Waiting]] = {}
    left: dict[str, int] = {}
    for one in decided.waiting:
        waiting.setdefault(one.layer, []).append(one)
        left[one.production] = left.get(one.production, 0) + one.tasks
    return Outlook(
        at=snapshot.at,
        leads=leads,
        waiting=waiting,
        views={layer.id: layer for layer in snapshot.layers},
        left=left,
        nodes=frozenset(node.name for node in snapshot.nodes),
        dues=_dues(snapshot),
        more=snapshot.more_layers,
    )


def _dues(snapshot: Snapshot) -> dict[tuple[str, str], float]:
    shares, wanting = Shares(snapshot), {layer.production for layer in snapshot.layers}
    return {
        (name, pool): due
        for pool in list(shares.sizes)
        for name, (due, _) in shares.scale(pool, wanting).items()
    }


def parts(job: JobStanding, seen: Outlook) -> list[Part]:
    """The waiting tasks of `job` by what they wait for; the counts add up to `job.waiting`."""
    return [part for layer in job.layers for part in _parts(job, layer, seen)]


def _parts(job: JobStanding, layer: LayerStanding, seen: Outlook) -> Iterator[Part]:
    if layer.blocked:
        yield Part(job=job, layer=layer, cause=Cause.BLOCKED, count=layer.blocked)
    if not layer.ready:
        return
    if job.state is JobState.PAUSED:
        yield Part(job=job, layer=layer, cause=Cause.PAUSED, count=layer.ready)
    elif job.start_at > seen.at:
        yield Part(job=job, layer=layer, cause=Cause.LATER, count=layer.ready)
    else:
        yield from _ready(job, layer, seen)


def _ready(job: JobStanding, layer: LayerStanding, seen: Outlook) -> Iterator[Part]:
    """Ready tasks of a job that may begin: what the plan says of them."""
    granted = min(layer.unstarted, layer.ready)
    if granted:
        yield Part(job=job, layer=layer, cause=Cause.GRANTED, count=granted)
    rest = layer.ready - granted
    for one in seen.waiting.get(layer.id, ()):
        count = min(rest, one.tasks)
        if count:
            cause = one.reason if seen.leads else Cause.NO_SCHEDULER
            yield Part(job=job, layer=layer, cause=cause, count=count, waiting=one)
        rest -= count
    if rest:
        yield _unsaid(job, layer, rest, seen)


def _unsaid(job: JobStanding, layer: LayerStanding, count: int, seen: Outlook) -> Part:
    """Tasks that the plan says nothing of: it grants them, or did not look so far back."""
    if not seen.leads:
        return Part(job=job, layer=layer, cause=Cause.NO_SCHEDULER, count=count)
    if layer.id in seen.views or not seen.more:
        return Part(job=job, layer=layer, cause=Cause.NEXT, count=count)
    ahead = Waiting(
        layer=layer.id,
        production=job.production,
        tasks=count,
        reason=Reason.BEHIND,
        ahead=seen.left.get(job.production, 0),
    )
    return Part(job=job, layer=layer, cause=Reason.BEHIND, count=count, waiting=ahead)


def chief(found: Iterable[Part]) -> Part | None:
    """The part that tells most: of most tasks, but not those that wait for the others of the job.

    None when nothing waits.
    """
    ordered = sorted(found, key=lambda part: (part.cause is Cause.BLOCKED, -part.count))
    return ordered[0] if ordered else None


def holders(limit: str, jobs: Iterable[JobStanding]) -> list[tuple[JobStanding, int]]:
    """Jobs that hold slots of the limit called `limit`, those with most of them first."""
    held = [
        (job, sum(layer.leases for layer in job.layers if limit in layer.limits)) for job in jobs
    ]
    return sorted((pair for pair in held if pair[1]), key=lambda pair: (-pair[1], int(pair[0].id)))
