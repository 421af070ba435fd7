"""Who leads: a lock in the store, held by renewing it, fenced by its token.

The lead is renewed by a thread of its own, so that a long pass does not lose it. Every grant,
recall and reap carries the token, so a leader that lost the lead unnoticed changes nothing.
"""

import logging
import threading
import time

from farm.model.errors import StoreUnavailable
from farm.settings import LEADER_SECONDS
from farm.store import Store

log = logging.getLogger("karst.scheduler")

RENEW_SECONDS = LEADER_SECONDS / 4


class Lead:
    """Holds the lead, or waits for it, until `close`."""

    def __init__(self, store: Store, token: str) -> None:
        """Compete for the lead under `token`; `start` begins."""
        self._store = store
        self.token = token
        self.held = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lead", daemon=True)
        #: Since when the store has answered without a pause, on the monotonic clock.
        self._in_touch_since = time.monotonic()

    def start(self) -> None:
        """Begin to compete."""
        self._thread.start()

    def close(self) -> None:
        """Stop competing and give the lead up, so that a standby need not wait for it."""
        self._stop.set()
        self._thread.join(timeout=LEADER_SECONDS)
        self.held.clear()
        self._store.leader.resign(self.token)

    def in_touch_seconds(self) -> float:
        """For how long the store has answered without a pause.

        Right after a store was away, every node looks silent; nobody is declared dead until the
        living had the time to report.
        """
        return time.monotonic() - self._in_touch_since

    def _run(self) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                epoch = self._store.leader.lead(self.token)
            except StoreUnavailable as error:
                self._lose(str(error))
                self._in_touch_since = time.monotonic()
            except Exception:
                log.exception("the lead could not be renewed")
                self._lose("something went wrong")
            else:
                if time.monotonic() - began > RENEW_SECONDS:
                    self._in_touch_since = time.monotonic()
                self._note(epoch)
            self._stop.wait(RENEW_SECONDS)

    def _note(self, epoch: int) -> None:
        if epoch and not self.held.is_set():
            log.info("leading, takeover %d", epoch)
            self.held.set()
        elif not epoch:
            self._lose("another scheduler leads")

    def _lose(self, why: str) -> None:
        if self.held.is_set():
            log.warning("no longer leading: %s", why)
            self.held.clear()
