"""The audit of what waits: every task's state against what it waits for, recomputed from the specs.

It shares nothing with the steps but the meaning of a dependency.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from farm.model.dependencies import NOBODY, After, Match, Release, frame_sources
from farm.model.frames import Frames
from farm.model.states import OPEN_JOB_STATES, OPEN_TASK_STATES, JobState, TaskState
from farm.store.records import STATE_OF_BYTE, read_layer_spec

HOLDS, WAITS, BROKEN = 0, 1, 2
_DONE = frozenset({TaskState.SUCCEEDED, TaskState.SKIPPED})

#: rule, how many tasks there may be that break it, how many there are
Found = tuple[str, int, int]


def waiting_breaches(
    job: dict[str, str], layer: dict[str, str], sources: Sequence[Sequence[str]], states: str
) -> Iterator[Found]:
    """What is wrong with the states of a layer that waits; see audit_job.lua for the arguments."""
    if job["state"] == JobState.CANCELLED or not states:
        return
    spec = read_layer_spec(layer["spec"])
    frames = Frames(spec.frames)
    status = [
        _status(one, source, frames, own=source[0] == layer["id"])
        for one, source in zip(spec.after, sources, strict=True)
    ]
    wrong: Counter[str] = Counter()
    for index, state in enumerate(_read(states)):
        wrong[_fault(state, max(one(index) for one in status), stopped="ended_by" in job)] += 1
    for rule in _RULES:
        yield rule, 0, wrong[rule]


_RULES = (
    _MUST_WAIT := "no task begins before what it waits for",
    _LET_GO := "no task waits for what is there",
    _CANCELLED := "a task is cancelled after what did not succeed",
    _BACK := "no task stays cancelled once what it waits for is there or may come",
)


def _fault(state: TaskState, status: int, *, stopped: bool) -> str:
    """The rule that a task breaks, or nothing. In a job that was `stopped` a person cancelled."""
    if state is TaskState.SKIPPED:
        return ""
    if state is TaskState.CANCELLED:
        return "" if status == BROKEN or stopped else _BACK
    if status == BROKEN:
        return _CANCELLED
    if status == WAITS:
        return "" if state is TaskState.BLOCKED else _MUST_WAIT
    return _LET_GO if state is TaskState.BLOCKED else ""


def _status(
    one: After, source: Sequence[str], frames: Frames, *, own: bool
) -> Callable[[int], int]:
    """Of each task, whether `one` holds."""
    other, match, _, source_frames, states = source
    if other.startswith("j"):
        state = JobState(states)
        ended, good = state not in OPEN_JOB_STATES, state is JobState.SUCCEEDED
        return lambda _: _judged(ended=ended, good=good, release=one.release)
    found = _read(states)
    if match != Match.FRAME:
        still = sum(state in OPEN_TASK_STATES for state in found)
        done = sum(state in _DONE for state in found)
        if match == Match.ANY:
            some = done > 0 or (one.release is Release.END and still < len(found))
            return lambda _: HOLDS if some else WAITS if still else BROKEN
        return lambda _: _judged(ended=not still, good=done == len(found), release=one.release)
    sources = frame_sources(frames, Frames(source_frames), one.offset, own=own)
    return lambda index: (
        HOLDS if sources[index] == NOBODY else _frame(found[sources[index]], one.release)
    )


def _frame(state: TaskState, release: Release) -> int:
    return _judged(ended=state not in OPEN_TASK_STATES, good=state in _DONE, release=release)


def _judged(*, ended: bool, good: bool, release: Release) -> int:
    if not ended:
        return WAITS
    return HOLDS if good or release is Release.END else BROKEN


def _read(states: str) -> list[TaskState]:
    return [STATE_OF_BYTE[byte] for byte in states.encode()]
