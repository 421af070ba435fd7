"""Keeps the parts of a farm alive, and takes them down in order: nothing is left behind.

A part that dies is started again, with growing patience, and its last words are told; a store that
dies comes back on the same data. Everything happens in the caller's thread, inside `tend`.
"""

import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

from farm.model.errors import FarmError, ServiceUnavailable
from farm.up.child import wait_for_death
from farm.up.orphans import Orphans
from farm.up.part import Backoff, Part, PartSpec, how_it_ended
from farm.up.store import StoreProcess

_POLL_SECONDS = 0.05

Say = Callable[[str], None]


class Supervisor:
    """The store (if it is ours) and the parts, in the order in which they were started."""

    def __init__(self, *, logs: Path, store: StoreProcess | None, say: Say) -> None:
        self._logs = logs
        self._store = store
        self._store_backoff = Backoff()
        self._store_start_at: float | None = None
        self._say = say
        self._parts: list[Part] = []
        self._orphans = Orphans()

    def start(self, specs: Iterable[PartSpec]) -> None:
        """Start all of `specs` at once. Raises BadRequest when a log cannot be written."""
        self._store_backoff.started(time.monotonic())
        for spec in specs:
            part = Part(spec, logs=self._logs)
            self._parts.append(part)
            part.start()

    def wait_until(self, missing: Callable[[], str], *, timeout_seconds: float) -> None:
        """Return once `missing()` names nothing that is still to come.

        Raises ServiceUnavailable when a part dies meanwhile, or when it takes too long.
        """
        give_up_at = time.monotonic() + timeout_seconds
        while what := missing():
            for part in self._parts:
                if part.is_dead():
                    words = part.last_words(1) or ["it said nothing"]
                    raise ServiceUnavailable(
                        f"the {part.spec.name} did not start: {words[0]} (log: {part.log})"
                    )
            if time.monotonic() > give_up_at:
                raise ServiceUnavailable(
                    f"after {timeout_seconds:.0f} s there is still no {what} (logs: {self._logs})"
                )
            wait_for_death(self._children(), _POLL_SECONDS)

    def tend(self, timeout_seconds: float) -> None:
        """Wait for trouble, at most for `timeout_seconds`, and mend what can be mended."""
        now = time.monotonic()
        wake_at = min([now + timeout_seconds, *self._planned_starts()])
        wait_for_death(self._children(), wake_at - now)
        self._tend_store()
        for part in self._parts:
            if part.is_dead():
                self._tell([part.bury(), *part.last_words()])
            if part.child is None and part.start_at <= time.monotonic():
                part.start()
        self._orphans.reap([child.pid for child in self._children()])

    def stop(self) -> None:
        """Take all down, the last started first, the store at the very end.

        A Ctrl-C meanwhile kills what is left at once.
        """
        try:
            self._end(hurry=False)
        except KeyboardInterrupt:
            self._say("stopping at once")
        finally:
            with _deaf_to_signals():
                self._end(hurry=True)
                self._orphans.end()

    def _end(self, *, hurry: bool) -> None:
        for part in reversed(self._parts):
            part.end(hurry=hurry)
        if self._store is not None:
            self._store.stop()

    def _children(self) -> list[Popen[bytes]]:
        children = [part.child for part in self._parts if part.child is not None]
        return children if self._store is None else [self._store.child, *children]

    def _planned_starts(self) -> Iterator[float]:
        if self._store_start_at is not None:
            yield self._store_start_at
        yield from (part.start_at for part in self._parts if part.child is None)

    def _tend_store(self) -> None:
        if self._store is None or self._store.is_alive():
            return
        now = time.monotonic()
        if self._store_start_at is None:
            wait = self._store_backoff.died(now)
            self._store_start_at = now + wait
            ending = how_it_ended(self._store.child)
            self._say(f"the store {ending}; starting it again on the same data in {wait:g} s")
        if self._store_start_at <= now:
            self._store_start_at = None
            try:
                self._store.restart()
            except FarmError as error:  # the disk may be full: try again later
                self._say(str(error))
            self._store_backoff.started(now)

    def _tell(self, lines: list[str]) -> None:
        self._say("\n    ".join(lines))


@contextmanager
def _deaf_to_signals() -> Iterator[None]:
    """Let the last, quick step end whatever the keyboard says."""
    before = {s: signal.signal(s, signal.SIG_IGN) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
