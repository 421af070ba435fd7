"""What the demo tells at the end: how long each frame took, and where every core-second went."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from farm.model.metrics import SERVER_STATES, SPENT
from farm.model.utilization import TARGET_RATIO, utilization, whole

_FRAMES_A_LINE = 8
_ASIDE = {
    "busy": "booked for frames, sheets and films",
    "starved": "free while something waited for it",
    "idle": "free, and nothing left to do",
    "draining": "kept from new work",
    "offline": "not heard of",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One production's frames, all rendered."""

    production: str
    frames: tuple[tuple[int, float, Path], ...]  #: number, seconds to render, image
    peak_memory_bytes: int
    reels: tuple[tuple[str, Path], ...]  #: "sheet" and "movie"; none of a single frame
    reel_seconds: float  #: to make them

    @property
    def seconds(self) -> list[float]:
        return [seconds for _, seconds, _ in self.frames]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The whole of it."""

    shots: tuple[Shot, ...]
    slots: int
    wall_seconds: float  #: from the first submit to the last sheet or film
    first_frame_seconds: float  #: from the first submit to the first finished frame
    spent: "Spent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Where the time of the farm's cores went, as the farm itself counted it, in core-seconds."""

    cores: float
    seconds: float  #: between the two looks, by the store's clock
    by_state: Mapping[str, float]
    by_ending: Mapping[str, float]  #: what was busy, by how it was spent

    @classmethod
    def between(cls, before: Mapping[str, Any], after: Mapping[str, Any]) -> "Spent":
        """What happened between two answers of `farm.client.usage.Usage.now`."""
        first, last = before["farm"]["core_seconds"], after["farm"]["core_seconds"]
        return cls(
            cores=whole(after["farm"]["cores"]),
            seconds=after["at"] - before["at"],
            by_state={state: last[state] - first[state] for state in SERVER_STATES},
            by_ending={how: _ended(after, how) - _ended(before, how) for how in SPENT},
        )


def _ended(usage: Mapping[str, Any], how: str) -> float:
    return float(sum(one["spent_core_seconds"][how] for one in usage["productions"]))


def report(run: Run) -> str:
    """The figures, for people."""
    frames = sum(len(shot.frames) for shot in run.shots)
    table = "\n".join(line for shot in run.shots for line in _shot_lines(shot))
    return f"""
How long each frame took, in seconds
{table}

{frames} frames, with their sheets and films, in {run.wall_seconds:.1f} s on {run.slots} slots;\
 the first was finished {run.first_frame_seconds:.1f} s after the first submit.

Where every core-second went, from the first submit to the end
{_split(run.spent)}"""


def _split(spent: Spent) -> str:
    every, told = whole(spent.by_state), utilization(spent.by_state) or 0.0
    lines = [
        f"  {state:<9}{amount:8.1f}  {amount / every if every else 0.0:6.1%}  {_ASIDE[state]}"
        for state, amount in spent.by_state.items()
    ]
    endings = ", ".join(f"{how} {amount:.1f}" for how, amount in spent.by_ending.items() if amount)
    return "\n".join(
        [
            *lines,
            f"  together {every:8.1f}  = {spent.cores:g} cores for {spent.seconds:.1f} s",
            f"Utilization {told:.1%}; a render centre's target is {TARGET_RATIO:.0%}.",
            f"What was busy: {endings}.",
        ]
    )


def _shot_lines(shot: Shot) -> Iterator[str]:
    seconds = shot.seconds
    yield (
        f"  {shot.production:<10} min {min(seconds):.2f}   median {median(seconds):.2f}   "
        f"max {max(seconds):.2f}   peak memory {shot.peak_memory_bytes / 2**20:.0f} MiB"
    )
    for first in range(0, len(shot.frames), _FRAMES_A_LINE):
        part = shot.frames[first : first + _FRAMES_A_LINE]
        yield "    " + "  ".join(f"{n:>3}: {s:<5.2f}" for n, s, _ in part).rstrip()
