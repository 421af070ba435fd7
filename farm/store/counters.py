"""The counters of a production in a pool: what stands where in the string that they lie in.

A string of signed 64-bit numbers, the most significant byte first, as BITFIELD has them: so a step
raises all that it must in one call, exactly, and a scrape reads them in one. New ones come at the
end. lua/_counters.lua raises them by the tables that `counter_tables` writes.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from farm.model.metrics import SPENT
from farm.model.resources import CORE_PARTS, GIB
from farm.model.states import Outcome, TaskState
from farm.model.usage import ATTEMPTS, Histogram

#: Milliseconds of quarters of cores, as core time is kept, in a core-second.
PARTS_MS = CORE_PARTS * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    """A histogram as it is kept: whole numbers, `scale` of them in the unit that is told."""

    bounds: tuple[float, ...]
    scale: float

    @property
    def places(self) -> int:
        """One per bound, one beyond the last, and the sum."""
        return len(self.bounds) + 2

    def read(self, numbers: tuple[int, ...]) -> Histogram:
        """The histogram that these places tell."""
        return Histogram(bounds=self.bounds, counts=numbers[:-1], total=numbers[-1] / self.scale)


_MS, _KIB = 1000, 1 / 1024
_WAITS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 14400.0, 43200.0)
HISTOGRAMS: Mapping[str, Buckets] = {
    "render_seconds": Buckets(
        bounds=(
            *(0.1, 0.5, 1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0),
            *(600.0, 1800.0, 3600.0, 7200.0, 14400.0),
        ),
        scale=_MS,
    ),
    "slot_wait_seconds": Buckets(bounds=_WAITS, scale=_MS),
    "job_wait_seconds": Buckets(bounds=_WAITS, scale=_MS),
    "peak_memory_bytes": Buckets(
        bounds=tuple(GIB * 2.0**power for power in range(-2, 9)), scale=_KIB
    ),
}
_PLAIN = (
    *(f"time {how}" for how in SPENT),
    # Those that succeeded are the ones whose render time is counted.
    *(f"attempts {how}" for how in ATTEMPTS if how != Outcome.SUCCEEDED),
    # Those that succeeded are what is left of all: the state that most tasks move to costs nothing.
    "tasks all",
    *(f"tasks {state}" for state in TaskState if state != TaskState.SUCCEEDED),
    # What leases book, and the sum over them of that times when they were granted: what they have
    # held up to now is the one times now, less the other.
    "booked",
    "booked_at",
)
_PLACES = {name: place for place, name in enumerate(_PLAIN)}
*_FIRST_PLACES, COUNT = accumulate((b.places for b in HISTOGRAMS.values()), initial=len(_PLAIN))
_FIRST = dict(zip(HISTOGRAMS, _FIRST_PLACES, strict=True))
_NUMBERS = struct.Struct(f">{COUNT}q")


class Counters:
    """The numbers of one or more of these strings, added up, by name."""

    def __init__(self, strings: Sequence[bytes]) -> None:
        """Read what BITFIELD wrote; what was never raised is 0."""
        size = _NUMBERS.size
        rows = (_NUMBERS.unpack(one[:size].ljust(size, b"\0")) for one in strings)
        self._numbers = tuple(map(sum, zip((0,) * COUNT, *rows, strict=True)))

    def get(self, name: str) -> int:
        """The one that is called so: "time lost", "tasks ready", "booked"."""
        return self._numbers[_PLACES[name]]

    def histogram(self, name: str) -> Histogram:
        """One of HISTOGRAMS."""
        first, buckets = _FIRST[name], HISTOGRAMS[name]
        return buckets.read(self._numbers[first : first + buckets.places])

    def attempts(self) -> dict[str, int]:
        """How many ended, by each of ATTEMPTS."""
        succeeded = self.histogram("render_seconds").count
        return {
            how: succeeded if how == Outcome.SUCCEEDED else self.get(f"attempts {how}")
            for how in ATTEMPTS
        }

    def tasks(self) -> dict[TaskState, int]:
        """How many there are now, by state."""
        counted = {s: self.get(f"tasks {s}") for s in TaskState if s != TaskState.SUCCEEDED}
        return counted | {TaskState.SUCCEEDED: self.get("tasks all") - sum(counted.values())}

    def held_parts_ms(self, now_ms: int) -> int:
        """Core time that leases have booked up to now."""
        return self.get("booked") * now_ms - self.get("booked_at")


def bucket_at(place: str) -> tuple[str, int]:
    """Which of HISTOGRAMS counts at `place`, as BITFIELD takes it, and in which of its buckets."""
    number = int(place.removeprefix("#"))
    name = max((one for one in _FIRST if _FIRST[one] <= number), key=_FIRST.__getitem__)
    return name, number - _FIRST[name]


def place(name: str) -> str:
    """Where the counter called so stands, as BITFIELD takes it."""
    return f"#{_PLACES[name]}"


def counter_tables() -> str:
    """The Lua table `usage`, where the steps find what counts: places as BITFIELD takes them,
    bounds of histograms as they are kept.
    """
    places = ", ".join(f"['{name}'] = '{place(name)}'" for name in _PLACES)
    counted = (state for state in TaskState if state != TaskState.SUCCEEDED)
    tasks = ", ".join(f"{state} = '{place(f'tasks {state}')}'" for state in counted)
    return "\n".join(
        (
            f"local usage = {{PARTS = {CORE_PARTS}}}",
            f"usage.COUNTER = {{{places}}}",
            f"usage.TASKS = {{{tasks}}}",
            "usage.HISTOGRAM = {",
            *(f"  {name} = {_histogram_table(name)}," for name in HISTOGRAMS),
            "}",
        )
    )


def _histogram_table(name: str) -> str:
    first, buckets = _FIRST[name], HISTOGRAMS[name]
    *places, total = (f"'#{place}'" for place in range(first, first + buckets.places))
    bounds = ", ".join(str(round(bound * buckets.scale)) for bound in buckets.bounds)
    return f"{{bounds = {{{bounds}, 1 / 0}}, sum = {total}, {', '.join(places)}}}"
