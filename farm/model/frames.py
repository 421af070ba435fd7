"""The frame grammar: fileseq's, whole frames only, with a cap and plain errors.

`1-100`, `1-100x5` (every fifth), `1,5,9`, `-3--1`, `7`; also fileseq's `1-100y5` and `1-100:5`.
"""

import re
from collections.abc import Iterator

from fileseq import FrameSet
from fileseq.exceptions import FileSeqException

from farm.model.errors import BadFrames

MAX_TASKS = 1_000_000  #: of one job; a longer range is refused, not cut
MAX_FRAME = 1_048_574  #: Blender's own limit, in both directions

_HELP = "write 1-100, 1-100x5, 1,5,9 or a single frame"
_PART = re.compile(r"(-?\d+)(?:-(-?\d+)(?:[xy:](-?\d+))?)?\Z")


class Frames:
    """An ordered set of frame numbers, kept as its ranges: a million frames cost a few bytes."""

    def __init__(self, spec: str) -> None:
        """Read `spec`. Raises BadFrames when it cannot be read or names too many frames."""
        text = "".join(spec.split())
        _check_parts(spec, text)
        try:
            self._set = FrameSet(text)
        except FileSeqException as error:
            raise BadFrames(f"frames {spec!r} cannot be read: {_HELP}") from error
        self.spec = text
        if len(self._set) > MAX_TASKS:
            raise BadFrames(_too_many(spec, len(self._set)))

    def __len__(self) -> int:
        return len(self._set)

    def __iter__(self) -> Iterator[int]:
        """The frame numbers in task order."""
        return iter(self._set)

    def __getitem__(self, task: int) -> int:
        """The frame number of task `task`, counted from 0. Raises IndexError."""
        return int(self._set[task])

    def __contains__(self, frame: int) -> bool:
        return bool(self._set.hasFrame(frame))

    def index(self, frame: int) -> int:
        """The task that renders `frame`. Raises BadFrames when it is not among these frames."""
        if not self._set.hasFrame(frame):
            raise BadFrames(f"frame {frame} is not among {self.spec}")
        return int(self._set.index(frame))

    def __repr__(self) -> str:
        return f"Frames({self.spec!r})"


def _check_parts(spec: str, text: str) -> None:
    """Refuse what fileseq would read in a way nobody means, before it spends memory on it."""
    parts = text.split(",")
    bounds = [_bounds(spec, part, alone=len(parts) == 1) for part in parts]
    total = sum(abs(last - first) // max(1, abs(step)) + 1 for first, last, step in bounds)
    if total > 2 * MAX_TASKS:  # parts may overlap; the exact count is taken afterwards
        raise BadFrames(_too_many(spec, total))
    for part, (first, last, step) in zip(parts, bounds, strict=True):
        fault = _fault(part, first, last, step)
        if fault:
            raise BadFrames(f"frames {spec!r}: {fault}")


def _bounds(spec: str, part: str, *, alone: bool) -> tuple[int, int, int]:
    match = _PART.match(part)
    if match is None:
        where = "" if alone else f" at {part!r}"
        raise BadFrames(f"frames {spec!r} cannot be read{where}: {_HELP}")
    first = int(match[1])
    return first, first if match[2] is None else int(match[2]), int(match[3] or 1)


def _fault(part: str, first: int, last: int, step: int) -> str:
    if step == 0:
        return f"the step of {part!r} is 0"
    if step < 0 and first < last:
        return f"{part!r} counts up with a step of {step}"
    if last < first and step > 0:
        return (
            f"{part!r} ends before it begins; write {last}-{first}, "
            f"or {first}-{last}x-1 to render backwards"
        )
    if max(abs(first), abs(last)) > MAX_FRAME:
        return f"Blender's frames end at ±{MAX_FRAME}"
    return ""


def _too_many(spec: str, count: int) -> str:
    return (
        f"frames {spec!r} are {count:,} frames; a job takes at most {MAX_TASKS:,}: "
        "split it into several jobs"
    )
