"""Keeps a node off its machine while somebody uses it."""

import logging
import threading
import time
from collections.abc import Sequence
from typing import Protocol

from farm.model.node import IN_USE
from farm.model.sizes import format_span
from workers.idle import Machine, Use, after, most_others_cores

log = logging.getLogger("karst.worker")

LOOK_SECONDS = 0.25


class Guest(Protocol):
    """The node, which is a guest on the machine."""

    def step_aside(self, why: str) -> None:
        """Give back what is in hand, at once, and take no more. May be repeated."""
        ...

    def come_back(self) -> None:
        """Work again. May be repeated."""
        ...


class Presence:
    """Looks until `close`. The node has to step aside before the first look."""

    def __init__(
        self,
        guest: Guest,
        *,
        span_seconds: float,
        sources: Sequence[str],
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        """Let `guest` work once nobody has been seen by `sources` for `span_seconds`."""
        self._guest = guest
        self._machine = Machine(sources)
        self._span = span_seconds + self._machine.grain_seconds
        self._look_seconds = look_seconds
        self._use: Use | None = None
        self._works: bool | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Look no more; what the node does then is its own affair."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(self._look_seconds):
            try:
                self._look()
            except Exception:
                # Who cannot tell whether somebody is there must not act as if nobody were.
                log.exception("cannot tell whether somebody uses this machine")
                self._use = None
                self._move(False)

    def _look(self) -> None:
        seen = self._machine.look()
        self._use = after(self._use, seen, most_others_cores())
        self._move(self._use.is_idle(time.monotonic(), self._span))

    def _move(self, may_work: bool) -> None:
        changed, self._works = self._works is not may_work, may_work
        if may_work and changed:
            log.info("nobody has used this machine for %s: it works", format_span(self._span))
            self._guest.come_back()
        elif not may_work:
            if changed:
                log.info("%s: tasks in hand are given back", IN_USE)
            self._guest.step_aside(IN_USE)  # again: an order may meet a renderer as it begins
