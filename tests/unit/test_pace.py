"""Dear looks are kept apart."""

import time

from farm.scheduler.pace import Pace


def test_the_first_look_is_due_and_the_next_one_is_not_before_its_time() -> None:
    pace = Pace(60.0)
    assert pace.is_due()

    pace.looked(time.monotonic())

    assert not pace.is_due()


def test_a_look_that_took_long_is_not_repeated_soon() -> None:
    pace = Pace()

    pace.looked(time.monotonic() - 10.0)

    assert not pace.is_due()
