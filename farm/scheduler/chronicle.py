"""Has it noted, once an hour, where the farm's time went: reports over months are made of that."""

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
        """Note how the accounts stand, if an hour has begun. Raises StoreUnavailable."""
        if self._pace.is_due():
            began = time.monotonic()
            self._store.history.note()
            self._pace.looked(began)
