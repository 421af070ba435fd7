"""Dear looks are kept apart."""

import time

from farm.scheduler.pace import Pace
from tests.waiting import wait_until


def test_the_first_look_is_due_and_the_next_one_is_not_before_its_time() -> None:
    pace = Pace(60.0)
    assert pace.is_due()

    pace.looked(time.monotonic())

    assert not pace.is_due()
    assert 0.0 < pace.left_seconds() <= 60.0


def test_a_look_that_took_long_is_not_repeated_soon() -> None:
    pace = Pace()

    pace.looked(time.monotonic() - 10.0)

    assert not pace.is_due()


def test_looks_that_may_take_less_of_the_time_are_further_apart() -> None:
    often, seldom = Pace(share=1), Pace(share=100)
    began = time.monotonic() - 0.2

    seldom.looked(began)
    often.looked(began)
    wait_until(often.is_due, timeout_seconds=10.0)

    assert not seldom.is_due()
