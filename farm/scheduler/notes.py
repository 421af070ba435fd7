"""What the leader tells of its passes: noted in the store, for those who watch it."""

from bisect import bisect_left
from collections import Counter

from farm.model.snapshot import Snapshot
from farm.policy.overview import overview
from farm.policy.plan import Plan
from farm.store import Store
from farm.store.connection import new_id
from farm.store.usage import PASS_BOUNDS


class Notes:
    """Gathers passes between two notes. What could not be noted is noted with what follows."""

    def __init__(self, store: Store, token: str) -> None:
        """Note for the leader with `token`."""
        self._store = store
        self._token = token
        self._passes: Counter[int] = Counter()
        self._seconds = 0.0

    def passed(self, seconds: float, seen: tuple[Snapshot, Plan] | None) -> None:
        """A pass took `seconds`. When it told what waits, in `seen`, all passes so far are noted.

        Raises StoreUnavailable.
        """
        self._passes[bisect_left(PASS_BOUNDS, seconds)] += 1
        self._seconds += seconds
        if seen is None:
            return
        told = self._store.usage.note_plan(
            overview(*seen),
            passes=self._passes,
            seconds=self._seconds,
            leader=self._token,
            request=new_id(),
        )
        if told:  # another one leads else, and those passes were not the leader's
            self._passes, self._seconds = Counter(), 0.0
