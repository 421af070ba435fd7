"""Moments as people write them."""

from datetime import datetime, timedelta, timezone

import pytest

from farm.model.errors import BadRequest
from farm.model.when import check_moment, parse_when

ZONE = timezone(timedelta(hours=2))
NOW = datetime(2026, 11, 24, 17, 30, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("22:00", "2026-11-24T22:00:00+02:00"),
        ("17:30", "2026-11-25T17:30:00+02:00"),
        ("9:05", "2026-11-25T09:05:00+02:00"),
        ("2026-12-01", "2026-12-01T00:00:00+02:00"),
        ("2026-12-01T06:00", "2026-12-01T06:00:00+02:00"),
        ("2026-12-01T06:00Z", "2026-12-01T06:00:00+00:00"),
        ("2h", "2026-11-24T19:30:00+02:00"),
        ("+30m", "2026-11-24T18:00:00+02:00"),
        ("now", "2026-11-24T17:30:00+02:00"),
    ],
)
def test_a_moment_is_read_as_it_is_meant(text: str, iso: str) -> None:
    assert parse_when(text, now=NOW).isoformat() == iso


@pytest.mark.parametrize("text", ["", "soon", "25:00", "2026-13-01", "99999999999999d", "7"])
def test_what_is_no_moment_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadRequest, match="cannot be read: write 22:00, 2026-11-24T22:00"):
        parse_when(text, now=NOW)


@pytest.mark.parametrize("at", [-1.0, float("nan"), float("inf"), 1e15])
def test_seconds_that_are_no_moment_are_refused(at: float) -> None:
    with pytest.raises(BadRequest, match="start time"):
        check_moment("start time", at)
