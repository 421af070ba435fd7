"""What the demo tells at the end: how long each frame took, and how busy the slots were."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_FRAMES_A_LINE = 8


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

    @property
    def busy_seconds(self) -> float:
        return sum(sum(shot.seconds) + shot.reel_seconds for shot in self.shots)

    @property
    def utilization(self) -> float:
        return self.busy_seconds / (self.slots * self.wall_seconds)


def report(run: Run) -> str:
    """The figures, for people."""
    frames = sum(len(shot.frames) for shot in run.shots)
    table = "\n".join(line for shot in run.shots for line in _shot_lines(shot))
    return f"""
How long each frame took, in seconds
{table}

{frames} frames, with their sheets and films, in {run.wall_seconds:.1f} s on {run.slots} slots;\
 the first was finished {run.first_frame_seconds:.1f} s after the first submit.
Slot utilization {run.utilization:.1%}: attempts took {run.busy_seconds:.1f} s together, out of\
 {run.slots} slots times {run.wall_seconds:.1f} s from the first submit to the end.
An attempt is counted from the worker's asking to the checked image; where Blender has to start and
open the scene first, that is part of it."""


def _shot_lines(shot: Shot) -> Iterator[str]:
    seconds = shot.seconds
    yield (
        f"  {shot.production:<10} min {min(seconds):.2f}   median {median(seconds):.2f}   "
        f"max {max(seconds):.2f}   peak memory {shot.peak_memory_bytes / 2**20:.0f} MiB"
    )
    for first in range(0, len(shot.frames), _FRAMES_A_LINE):
        part = shot.frames[first : first + _FRAMES_A_LINE]
        yield "    " + "  ".join(f"{n:>3}: {s:<5.2f}" for n, s, _ in part).rstrip()
