"""What a layer waits for: another layer, its own earlier frames, another job. Pure.

A task may begin when all its dependencies hold. `frame_sources` is the one place that says which
frame waits for which; the store keeps what it answers.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter

from farm.model.errors import BadRequest
from farm.model.frames import MAX_FRAME, Frames

NOBODY = -1  #: among sources: this task waits for none


class Match(StrEnum):
    ALL = "all"  #: every task waits for all of the other layer
    FRAME = "frame"  #: a task waits for the other layer's same frame, or the one `offset` away
    ANY = "any"  #: every task waits for one frame of the other layer, whichever is first


class Release(StrEnum):
    SUCCESS = "success"  #: it must have succeeded, or been skipped by a person
    END = "end"  #: it must have ended, no matter how


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """One thing that a layer, or a whole job, waits for."""

    layer: str = ""  #: its name; of the same job unless `job` says otherwise
    job: str = ""  #: id of another job; without a layer, all of that job
    match: Match = Match.ALL
    offset: int = 0  #: frames: a task at frame f waits for the last frame at or before f + offset
    release: Release = Release.SUCCESS

    def __str__(self) -> str:
        """`layer render`, `job 17`, `layer render of job 17`."""
        job = f"job {self.job}" if self.job else ""
        return f"layer {self.layer}" + (f" of {job}" if job else "") if self.layer else job


def frame_sources(waiting: Frames, source: Frames, offset: int, *, own: bool) -> "array[int]":
    """For each task of `waiting`, which task of `source` it waits for; NOBODY for none.

    The one at frame f waits for the last frame at or before f + offset. A layer that waits for
    its `own` frames looks ahead when `offset` is above 0: for the first at or after f + offset.
    """
    order = sorted(range(len(source)), key=(frames := list(source)).__getitem__)
    ascending = [frames[task] for task in order]
    if own and offset > 0:
        ahead = (bisect_left(ascending, frame + offset) for frame in waiting)
        return array("i", (order[at] if at < len(order) else NOBODY for at in ahead))
    before = (bisect_right(ascending, frame + offset) - 1 for frame in waiting)
    return array("i", (order[at] if at >= 0 else NOBODY for at in before))


def check_after(name: str, after: Sequence[After], layers: Mapping[str, str]) -> list[BadRequest]:
    """The faults of what layer `name` waits for, among `layers` (their frames by name)."""
    faults = []
    for one in after:
        told = _fault(name, one, layers)
        if told:
            faults.append(BadRequest(f"layer {name} comes after {str(one) or 'nothing'}: {told}"))
    return faults


def _fault(name: str, one: After, layers: Mapping[str, str]) -> str:
    framed, inside = one.match is Match.FRAME, not one.job
    own = inside and one.layer == name
    rules = (
        (not (one.layer or one.job), "name a layer or a job"),
        (not inside and not _is_number(one.job), f"give a job's number, not {one.job!r}"),
        (one.offset and not framed, "an offset goes with match 'frame' only"),
        (one.match is not Match.ALL and not one.layer, f"match {one.match!s} needs a layer"),
        (abs(one.offset) > MAX_FRAME, f"offset {one.offset} is out of Blender's ±{MAX_FRAME}"),
        (
            inside and one.layer not in layers,
            f"the job has no such layer; it has: {', '.join(layers)}",
        ),
        (
            own and not (framed and one.offset),
            "its own frames need match 'frame' and an offset, such as -1",
        ),
    )
    told = next((fault for broken, fault in rules if broken), "")
    if told or not (framed and inside):
        return told
    return fault_of_offset(one, layers[name], layers[one.layer], own=own)


def _is_number(job: str) -> bool:
    return job.isascii() and job.isdigit()


def fault_of_offset(one: After, waiting: str, source: str, *, own: bool) -> str:
    """Why no frame of `waiting` would wait for any of `source`; "" when one does."""
    found = frame_sources(Frames(waiting), Frames(source), one.offset, own=own)
    if any(at != NOBODY for at in found):
        return ""
    return (
        f"with offset {one.offset} none of its frames {waiting} has one of {source} to wait for: "
        "give an offset that leads to one"
    )


def cycle(after: Mapping[str, Collection[str]]) -> list[str]:
    """Names that wait for each other in a ring, its first one again at the end; [] when none do.

    A layer that waits for its own frames makes no ring: `check_after` judges it.
    """
    graph = {name: [one for one in sources if one != name] for name, sources in after.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []
