"""What the farm's cores were spent on, and what its leading scheduler does, at one instant.

Core-seconds are kept exactly, as milliseconds of quarters of cores; here they are floats.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from farm.model.metrics import ENDINGS, SPENT
from farm.model.states import JobState, Outcome, TaskState

OTHER = "_other"  #: stands for the productions that are not told by name
KEPT_DAYS = 400  #: of what was credited, as lua/_usage.lua has it, and of the notes of each hour
MOST_PRODUCTIONS = 150  #: told by name: a scrape stays short however many there were
#: How attempts end, those that no task waited for any more among them.
ATTEMPTS = (*ENDINGS, Outcome.SUPERSEDED)

CoreSeconds = Mapping[str, float]  #: by how they were spent, each of SPENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """How many observations there were, by size. All only ever grow."""

    bounds: tuple[float, ...]  #: upper bounds, included, rising; none for what is beyond the last
    counts: tuple[int, ...]  #: per bound those above the bound before, then those beyond the last
    total: float  #: sum of all observations, in the unit of the bounds

    @property
    def count(self) -> int:
        """How many there were in all."""
        return sum(self.counts)

    def cumulative(self) -> tuple[int, ...]:
        """Per bound, how many were at most so large; the last is `count`, as Prometheus has it."""
        sums = [0]
        for one in self.counts:
            sums.append(sums[-1] + one)
        return tuple(sums[1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemplar:
    """One observation of a histogram, and whose it was: leads from a graph to a job."""

    job: str
    layer: str  #: its name
    frame: int | None  #: None: a wait, which is of no one frame
    node: str  #: whose result it was, or that the slot is on
    value: float  #: in the unit of the histogram's bounds
    at: float  #: when it was counted, seconds since 1970 on the store's clock


#: Of one histogram: by the number of the bucket the last observation that was counted in it.
Exemplars = Mapping[int, Exemplar]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolUsage:
    """One pool: the nodes of it for what was spent, the layers that ask for it for tasks."""

    name: str  #: "" is of nodes that have no pool, and of layers that may use any
    core_seconds: CoreSeconds  #: credited since the beginning
    attempts: Mapping[str, int]  #: ended since the beginning, by each of ATTEMPTS
    tasks: Mapping[TaskState, int]  #: stored now
    render_seconds: Histogram  #: of attempts that succeeded, as their node measured them
    #: How long a layer had had no new slot, or had been ready, when it was granted one.
    slot_wait_seconds: Histogram
    job_wait_seconds: Histogram  #: from when a job's first task could be taken until it was
    peak_memory_bytes: Histogram  #: the most that an attempt used, of all that told a result


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionUsage:
    """One production, over all pools."""

    name: str
    core_seconds: CoreSeconds  #: credited since the beginning
    attempts: Mapping[str, int]  #: ended since the beginning, by each of ATTEMPTS
    tasks: Mapping[TaskState, int]  #: stored now
    booked_cores: float  #: by its leases, now
    held_core_seconds: float  #: that its leases booked since the beginning, up to now

    def __add__(self, other: "ProductionUsage") -> "ProductionUsage":
        """Both, under the name of the first."""
        return ProductionUsage(
            name=self.name,
            core_seconds={how: self.core_seconds[how] + other.core_seconds[how] for how in SPENT},
            attempts={how: self.attempts[how] + other.attempts[how] for how in ATTEMPTS},
            tasks={state: self.tasks[state] + other.tasks[state] for state in TaskState},
            booked_cores=self.booked_cores + other.booked_cores,
            held_core_seconds=self.held_core_seconds + other.held_core_seconds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanUsage:
    """What the leading scheduler does. Counters go on under the next leader.

    What is said of the present is of the last second's plan, which looks at the most urgent layers
    of each production only, where very many wait.
    """

    passed_at: float = 0.0  #: when the last pass ended, seconds since 1970; 0: never
    pass_seconds: Histogram
    grants: int = 0
    refusals: Mapping[str, int] = field(default_factory=dict)  #: by short reason
    recalls: int = 0
    #: Tasks that the last plan found no slot for, by pool and reason (`farm.policy.waiting`).
    waiting: Mapping[tuple[str, str], int] = field(default_factory=dict)
    #: By pool: since when what has waited longest waits, seconds since 1970.
    oldest_ready_at: Mapping[str, float] = field(default_factory=dict)
    due_cores: Mapping[str, float] = field(default_factory=dict)  #: by production, over all pools


@dataclass(frozen=True, slots=True, kw_only=True)
class FarmUsage:
    """All of it, from one atomic read."""

    at: float  #: seconds since 1970 on the store's clock
    pools: tuple[PoolUsage, ...]  #: by name
    productions: tuple[ProductionUsage, ...]  #: the most used first; OTHER, if any, is the last
    jobs: Mapping[JobState, int]  #: stored now
    plan: PlanUsage
    superseded_results: int = 0  #: results that came too late; these five since the beginning
    silent_nodes: int = 0  #: nodes taken offline for their silence
    quarantines: int = 0
    unstarted_leases: int = 0  #: leases taken back because no node started them
    dropped_messages: int = 0  #: messages to nodes for leases that were gone or started


class DayUsage(NamedTuple):
    """What one user of one production was credited in one pool on one day, in one way.

    A day is one of UTC, on the store's clock; time counts on the day on which it was credited,
    which is when its attempt ended.
    """

    day: date
    production: str
    user: str  #: owner of the jobs
    pool: str  #: of the nodes
    how: str  #: one of SPENT
    core_seconds: float


def by_name(
    productions: tuple[ProductionUsage, ...], most: int = MOST_PRODUCTIONS
) -> tuple[ProductionUsage, ...]:
    """The `most` productions that used most, the most used first; all others as one, OTHER."""
    ranked = sorted(productions, key=lambda one: (-one.held_core_seconds, one.name))
    if len(ranked) <= most:
        return tuple(ranked)
    others = ProductionUsage(
        name=OTHER,
        core_seconds=dict.fromkeys(SPENT, 0.0),
        attempts=dict.fromkeys(ATTEMPTS, 0),
        tasks=dict.fromkeys(TaskState, 0),
        booked_cores=0.0,
        held_core_seconds=0.0,
    )
    for one in ranked[most:]:
        others += one
    return (*ranked[:most], others)
