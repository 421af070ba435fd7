"""When a node works: "Mon-Fri 22:00-06:00, Sat-Sun 00:00-24:00 Asia/Shanghai". Pure.

Windows are in the wall clock of the zone named, so one from 22:00 to 06:00 is an hour shorter or
longer in the night in which clocks change. One that ends before it begins goes on into the next
day; it belongs to the day on which it begins.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from farm.model.errors import BadRequest

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"([A-Za-z]{3})(?:-([A-Za-z]{3}))?\s+(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)")
_DAY_MINUTES = 24 * 60
_HINT = 'write it as "Mon-Fri 22:00-06:00 Asia/Shanghai", several windows between commas'


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Minutes of a day, from `start` on and before `end`, which may be the next day's."""

    days: frozenset[int]  #: 0 is Monday
    start: int
    end: int

    def has(self, day: int, minute: int) -> bool:
        """Is this minute of a day of the week in the window?"""
        if self.start < self.end:
            return day in self.days and self.start <= minute < self.end
        late = day in self.days and minute >= self.start
        return late or ((day - 1) % 7 in self.days and minute < self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a node works."""

    windows: tuple[Window, ...]
    zone: str

    def is_open(self, at: datetime) -> bool:
        """Does the node work at `at`, which has a time zone?"""
        local = at.astimezone(ZoneInfo(self.zone))
        minute = local.hour * 60 + local.minute
        return any(window.has(local.weekday(), minute) for window in self.windows)

    def next_open(self, at: datetime) -> datetime:
        """When it works again, at the latest `at` itself when it does now."""
        if self.is_open(at):
            return at
        local = at.astimezone(ZoneInfo(self.zone))
        starts = [
            (local + timedelta(days=days))
            .replace(hour=window.start // 60, minute=window.start % 60, second=0, microsecond=0)
            .astimezone(UTC)
            for days in range(16)  # one may fall into the hour that is left out
            for window in self.windows
        ]
        return min(start for start in starts if start > at and self.is_open(start))


def read_schedule(text: str) -> Schedule:
    """The schedule that people write. Raises BadRequest."""
    windows, _, zone = text.strip().rpartition(" ")
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise BadRequest(f"schedule {text!r}: {zone!r} is no time zone; {_HINT}") from error
    read = tuple(_window(one.strip(), text) for one in windows.split(","))
    return Schedule(windows=read, zone=zone)


def _window(text: str, whole: str) -> Window:
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise BadRequest(f"schedule {whole!r}: {text!r} is no window; {_HINT}")
    first = _day(found[1], whole)
    last = _day(found[2], whole) if found[2] else first
    start, end = (_minute(found[i], found[i + 1], whole) for i in (3, 5))
    if start in (_DAY_MINUTES, end):
        raise BadRequest(f"schedule {whole!r}: {text!r} has no length; {_HINT}")
    days = frozenset((first + n) % 7 for n in range((last - first) % 7 + 1))
    return Window(days=days, start=start, end=end)


def _day(word: str, whole: str) -> int:
    if word.lower() not in DAYS:
        raise BadRequest(f"schedule {whole!r}: {word!r} is no day of the week; {_HINT}")
    return DAYS.index(word.lower())


def _minute(hours: str, minutes: str, whole: str) -> int:
    minute = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or minute > _DAY_MINUTES:
        raise BadRequest(f"schedule {whole!r}: {hours}:{minutes} is no time of day; {_HINT}")
    return minute
