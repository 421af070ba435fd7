"""Moments as people write them: 22:00, 2026-11-24T22:00, 2h from now, now."""

from datetime import datetime, time, timedelta

from farm.model.errors import BadRequest
from farm.model.sizes import parse_span

LAST_MOMENT = 253_402_300_799.0  #: seconds since 1970: the end of the year 9999


def parse_when(text: str, *, now: datetime) -> datetime:
    """The moment that `text` means at `now`, which has a time zone. Raises BadRequest.

    A time of day is the next one; a date without a time zone is one of `now`'s; a span, such as
    2h or +30m, counts from `now`.
    """
    word = text.strip()
    if word.lower() == "now":
        return now
    try:
        if len(word) <= len("22:00:00") and ":" in word:
            hour, minute = map(int, word.split(":"))
            of_day = time(hour, minute)
            then = datetime.combine(now.date(), of_day, tzinfo=now.tzinfo)
            return then if then > now else then + timedelta(days=1)
        if "-" in word:
            found = datetime.fromisoformat(word)
            return found if found.tzinfo else found.replace(tzinfo=now.tzinfo)
        return now + timedelta(seconds=parse_span(word.removeprefix("+")))
    except (ValueError, OverflowError, BadRequest) as error:
        raise BadRequest(
            f"time {text!r} cannot be read: write 22:00, 2026-11-24T22:00, 2h or now"
        ) from error


def check_moment(what: str, at: float) -> float:
    """Return `at`, seconds since 1970 (0 for none). Raises BadRequest when it can be no moment."""
    if not 0 <= at <= LAST_MOMENT:
        raise BadRequest(f"{what} {at}: give seconds since 1970, or 0 for none")
    return at
