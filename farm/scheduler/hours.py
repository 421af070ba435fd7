"""Nodes that keep hours fall asleep and wake by themselves: the leader's, by the policy's word."""

import logging
import time
from datetime import UTC, datetime

from farm.policy.schedule import read_schedule
from farm.store import Store

log = logging.getLogger("karst.scheduler")

LOOK_SECONDS = 5.0


class Hours:
    """Looks now and then; a schedule is of minutes."""

    def __init__(self, store: Store) -> None:
        """Put the nodes of `store` to sleep."""
        self._store = store
        self._look_at = 0.0

    def keep(self) -> None:
        """Look, if it is time to. Raises StoreUnavailable."""
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_SECONDS
            self.keep_at(datetime.now(UTC))

    def keep_at(self, at: datetime) -> None:
        """Put to sleep, and wake, what should be so at `at`. Raises StoreUnavailable."""
        for name, text, is_asleep in self._store.nodes.schedules():
            schedule = read_schedule(text)
            is_open = schedule.is_open(at)
            if is_open and is_asleep:
                self._store.nodes.sleep(name, "")
                log.info("node %s wakes: its hours have come", name)
            elif not is_open and not is_asleep:
                opens = schedule.next_open(at)
                self._store.nodes.sleep(
                    name, f"outside its hours, {text}; again at {opens:%Y-%m-%d %H:%M} UTC"
                )
                log.info("node %s falls asleep", name)
