"""How long a farm that does not answer is waited for: long enough for a service that restarts."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from farm.client.crew import Stop
from farm.model.errors import FarmError, ServiceUnavailable, StoreUnavailable

Answer = TypeVar("Answer")
Tell = Callable[[str], None]

AWAY = (ServiceUnavailable, StoreUnavailable)  #: what passes by itself
PATIENCE_SECONDS = 120.0  #: a service or store that restarts is back long before
_PAUSE_SECONDS = 0.5


def tell_nobody(_line: str) -> None:
    """For programs that do not want to hear it."""


class Patience:
    """Waits, and says so once each time. Safe to share between threads."""

    def __init__(self, tell: Tell = tell_nobody, *, stop: Stop | None = None) -> None:
        self._tell = tell
        self._stop = stop or Stop()
        self._lock = threading.Lock()
        self._last_heard: float | None = None  # None: never; nothing to be patient with yet
        self._said = False

    def heard(self) -> None:
        """The farm did something for us."""
        with self._lock:
            self._last_heard, self._said = time.monotonic(), False

    def failed(self, error: FarmError) -> None:
        """Wait a moment; raise `error` when that has gone on for two minutes, or from the start."""
        with self._lock:
            since = self._last_heard
            if since is None or time.monotonic() - since > PATIENCE_SECONDS:
                raise error
            if not self._said:
                self._tell("the farm does not answer; waiting two minutes for it to come back")
            self._said = True
        self._stop.rest(_PAUSE_SECONDS)

    def ask(self, question: Callable[[], Answer]) -> Answer:
        """The answer to `question`, asked until there is one. Raises what does not pass."""
        while True:
            try:
                answer = question()
            except AWAY as error:
                self.failed(error)
            else:
                self.heard()
                return answer
