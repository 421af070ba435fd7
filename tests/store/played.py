"""What the random walk plays with: the hands of its workers, and the moves it may see."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from farm.model.dependencies import After, Match, Release
from farm.model.job import JobSpec
from farm.model.lease import Lease, TaskInHand, TaskResult
from farm.model.states import (
    JOB_TRANSITIONS,
    NODE_TRANSITIONS,
    TASK_TRANSITIONS,
    Outcome,
    StateT,
)
from tests.makers import a_chain, a_digest, a_layer, result


def _closure(moves: set[tuple[StateT, StateT]]) -> set[tuple[StateT, StateT]]:
    """Moves that two moves in a row can make: a task settled `again` may be taken at once."""
    return moves | {(a, d) for a, b in moves for c, d in moves if b == c}


#: Every change of state that one step may show: each is one move of a table or two in a row.
TASK_MOVES = _closure({(before, after) for (before, _), after in TASK_TRANSITIONS.items()})
JOB_MOVES = _closure({(before, after) for (before, _), after in JOB_TRANSITIONS.items()})
NODE_MOVES = _closure({(before, after) for (before, _), after in NODE_TRANSITIONS.items()})

#: How a layer may wait for the one before it.
KINDS = {
    "all": (After(layer="{before}"),),
    "end": (After(layer="{before}", release=Release.END),),
    "frame": (After(layer="{before}", match=Match.FRAME),),
    "earlier": (After(layer="{before}", match=Match.FRAME, offset=-1, release=Release.END),),
    "later": (After(layer="{before}", match=Match.FRAME, offset=2),),
    "any": (After(layer="{before}", match=Match.ANY),),
    "some end": (After(layer="{before}", match=Match.ANY, release=Release.END),),
    "own": (After(layer="{own}", match=Match.FRAME, offset=-1),),
    "own ahead": (After(layer="{own}", match=Match.FRAME, offset=1), After(layer="{before}")),
    "both": (After(layer="{before}", match=Match.FRAME), After(layer="{first}")),
    "none": (),
}


def waits(kind: str, names: dict[str, str]) -> tuple[After, ...]:
    """What a layer waits for, among layers called `names`; those that are no others fall out."""
    found = [replace(one, layer=one.layer.format(**names)) for one in KINDS[kind]]
    return tuple(one for one in found if one.layer)


def a_played_job(
    tasks: list[int], kinds: list[str], chunk: int, retries: int, *, sent: bool
) -> JobSpec:
    """A job of as many layers as `tasks` has numbers, each after the one before as `kinds` say."""
    settings = replace(a_layer().settings, manifest=a_digest(0) if sent else "")
    fields = {"chunk": chunk, "retries": retries, "settings": settings}
    spec = a_chain(*(f"1-{count}" for count in tasks), layer=fields)
    names = ["", *(layer.name for layer in spec.layers)]
    layers = tuple(
        replace(layer, after=waits(kind, {"own": layer.name, "before": before, "first": names[1]}))
        for layer, kind, before in zip(spec.layers, ["none", *kinds[1:]], names, strict=False)
    )
    return replace(spec, layers=layers)


PLAYED_JOBS = st.builds(
    a_played_job,
    tasks=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    kinds=st.lists(st.sampled_from(sorted(KINDS)), min_size=3, max_size=3),
    chunk=st.integers(0, 3),
    retries=st.integers(0, 2),
    sent=st.booleans(),
)


def may_come_after(layer: str, source: str, jobs: Mapping[str, str | None]) -> bool:
    """May `layer` be held for `source`? `jobs` says which job each one comes after."""
    job, other = layer.partition(".")[0], source.partition(".")[0]
    if job == other:
        return layer >= source
    before = jobs[job]
    return before is not None and may_come_after(f"{before}.9", source, jobs)


@dataclass
class Hand:
    """A lease the played worker believes it serves."""

    lease: Lease
    tasks: list[TaskInHand] = field(default_factory=list)

    def result(self, task: TaskInHand, outcome: Outcome) -> TaskResult:
        """As its worker tells it; told twice it is the same."""
        sent = self.lease.spec.settings.is_sent and outcome is Outcome.SUCCEEDED
        return result(task, outcome, image_digest=self.image(task) if sent else "")

    def image(self, task: TaskInHand) -> str:
        return a_digest(1 + task.index + 1000 * task.attempt)
