"""Waiting for a condition, instead of sleeping and hoping."""

import time
from collections.abc import Callable


def wait_until(
    predicate: Callable[[], object], *, timeout_seconds: float, every_seconds: float = 0.01
) -> None:
    """Return once `predicate()` is true; fail once `timeout_seconds` have passed."""
    give_up_at = time.monotonic() + timeout_seconds
    while not predicate():
        assert time.monotonic() < give_up_at, f"not within {timeout_seconds} s: {predicate}"
        time.sleep(every_seconds)
