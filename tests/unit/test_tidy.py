"""No collection delays a pass, and none of its rubbish stays."""

import gc
import weakref

from farm.scheduler.tidy import collected_after


class Knot:
    """Refers to itself: only a collection frees it."""

    def __init__(self) -> None:
        """Tie it."""
        self.self = self


def test_nothing_is_collected_in_a_pass_however_much_it_makes() -> None:
    with collected_after():
        knot = weakref.ref(Knot())
        kept = [[number] for number in range(100_000)]  # a collection begins at some hundreds
        there = knot() is not None

    assert there
    assert kept


def test_after_a_pass_what_it_left_is_collected_and_collections_go_on() -> None:
    with collected_after():
        knot = weakref.ref(Knot())

    assert knot() is None
    assert gc.isenabled()
