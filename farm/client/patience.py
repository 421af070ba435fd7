"""How long a farm that does not answer is waited for: long enough for a service that restarts.

One that was not there to begin with is told at once, unless it answered this machine just before.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from farm.client.book import cache_folder
from farm.client.crew import Stop
from farm.files.hashing import hash_bytes
from farm.model.errors import FarmError, ServiceUnavailable, StoreUnavailable

Answer = TypeVar("Answer")
Tell = Callable[[str], None]

AWAY = (ServiceUnavailable, StoreUnavailable)  #: what passes by itself
PATIENCE_SECONDS = 120.0  #: a service or store that restarts is back long before
JUST_BEFORE_SECONDS = 300.0
_PAUSE_SECONDS = 0.5
_NOTE_SECONDS = 30.0


def tell_nobody(_line: str) -> None:
    """For programs that do not want to hear it."""


class Patience:
    """Waits, and says so once each time. Safe to share between threads."""

    def __init__(
        self, tell: Tell = tell_nobody, *, stop: Stop | None = None, url: str = ""
    ) -> None:
        """Be patient with the farm at `url`; "": with one that is heard for the first time."""
        self._tell = tell
        self._stop = stop or Stop()
        self._lock = threading.Lock()
        self._note = _note_of(url) if url else None
        now = time.monotonic()
        #: None: never; nothing to be patient with yet
        self._last_heard = now if self._note and _was_just_before(self._note) else None
        self._noted = float("-inf")
        self._said = False

    def heard(self) -> None:
        """The farm did something for us."""
        with self._lock:
            self._last_heard, self._said = time.monotonic(), False
            if self._note and self._last_heard > self._noted + _NOTE_SECONDS:
                self._noted = self._last_heard
                with contextlib.suppress(OSError):
                    self._note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                    self._note.touch()

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


def _note_of(url: str) -> Path | None:
    """A file whose time is that of the farm's last answer."""
    try:
        return cache_folder() / "heard" / hash_bytes(url.encode())[:32]
    except RuntimeError:  # somebody without a home
        return None


def _was_just_before(note: Path) -> bool:
    try:
        return 0 <= time.time() - note.stat().st_mtime < JUST_BEFORE_SECONDS
    except OSError:
        return False
