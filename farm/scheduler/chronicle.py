"""Has it noted, once an hour, where the farm's time went, and old days put away: for reports."""

import time

from farm.scheduler.pace import Pace
from farm.store import Store

LOOK_SECONDS = 60.0


class Chronicle:
    """The leader's; it keeps nothing, so the next leader goes on."""

    def __init__(self, store: Store) -> None:
        """Note in `store`."""
        self._store = store
        self._pace = Pace(LOOK_SECONDS)

    def keep(self) -> None:
        """Note how the accounts stand, if an hour has begun; then pack old days.

        Raises StoreUnavailable.
        """
        if self._pace.is_due():
            began = time.monotonic()
            if self._store.history.note():
                self._store.usage.pack_days()
            self._pace.looked(began)
