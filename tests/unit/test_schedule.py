"""A node works in its windows, overnight, in its own time zone, and when clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.model.errors import BadRequest
from farm.policy.schedule import DAYS, read_schedule

NIGHTS = read_schedule("Mon-Fri 22:00-06:00 Asia/Shanghai")
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "UTC")


def shanghai(day: int, hour: int, minute: int = 0) -> datetime:
    """In June 2026, the first of which is a Monday."""
    return datetime(2026, 6, day, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    assert not NIGHTS.is_open(shanghai(1, 21, 59))
    assert NIGHTS.is_open(shanghai(1, 22))
    assert NIGHTS.is_open(shanghai(2, 5, 59))
    assert not NIGHTS.is_open(shanghai(2, 6))
    assert NIGHTS.is_open(shanghai(6, 3))  # Saturday morning is still Friday's night
    assert not NIGHTS.is_open(shanghai(6, 23))
    assert not NIGHTS.is_open(shanghai(8, 3))  # Monday morning is Sunday's


def test_the_zone_counts_and_not_where_the_clock_hangs() -> None:
    assert NIGHTS.is_open(datetime(2026, 6, 1, 14, 0, tzinfo=UTC))
    assert not NIGHTS.is_open(datetime(2026, 6, 1, 22, 0, tzinfo=UTC))


def test_when_clocks_change_the_wall_clock_counts() -> None:
    early = read_schedule("Sun 01:00-04:00 Europe/Berlin")
    spring = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)  # 02:00 becomes 03:00
    autumn = datetime(2026, 10, 24, 23, 0, tzinfo=UTC)  # 03:00 becomes 02:00

    def hours(start: datetime) -> int:
        return sum(early.is_open(start + timedelta(hours=n)) for n in range(6))

    assert (hours(spring), hours(autumn)) == (2, 4)


def test_it_is_told_when_the_node_works_again() -> None:
    assert NIGHTS.next_open(shanghai(6, 12)) == shanghai(8, 22)
    assert NIGHTS.next_open(shanghai(1, 23)) == shanghai(1, 23)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Mon-Fri 22:00-06:00", "is no time zone"),
        ("Mon-Fri 22:00-06:00 Mars/Olympus", "is no time zone"),
        ("Mon-Fri 22-06 UTC", "is no window"),
        ("Moo-Fri 22:00-06:00 UTC", "no day of the week"),
        ("Mon 25:00-06:00 UTC", "no time of day"),
        ("Mon 06:00-06:00 UTC", "has no length"),
        ("", "is no time zone"),
    ],
)
def test_what_cannot_be_read_is_told_with_an_example(text: str, why: str) -> None:
    with pytest.raises(BadRequest, match=why) as told:
        read_schedule(text)
    assert "Asia/Shanghai" in str(told.value)


minutes = st.integers(0, 1439)
windows = st.tuples(minutes, minutes).filter(lambda pair: pair[0] != pair[1])
moments = st.datetimes(
    datetime(2025, 1, 1),  # noqa: DTZ001 - the zone is told beside them
    datetime(2027, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@given(windows, moments, st.sampled_from(ZONES))
def test_a_window_and_the_rest_of_the_day_are_all_of_the_time(
    window: tuple[int, int], at: datetime, zone: str
) -> None:
    start, end = map(clock, window)
    one = read_schedule(f"Mon-Sun {start}-{end} {zone}")
    rest = read_schedule(f"Mon-Sun {end}-{start} {zone}")

    assert one.is_open(at) is not rest.is_open(at)


@given(windows, moments, st.sampled_from(DAYS), st.sampled_from(ZONES))
def test_where_it_opens_next_it_is_open_and_was_not_just_before(
    window: tuple[int, int], at: datetime, day: str, zone: str
) -> None:
    schedule = read_schedule(f"{day} {clock(window[0])}-{clock(window[1])} {zone}")
    opens = schedule.next_open(at)

    assert schedule.is_open(opens)
    assert at <= opens <= at + timedelta(days=16)
    if opens > at:
        assert not schedule.is_open(at)
