"""Many small waits at a time, and how long a service that is away is waited for."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from farm.model.errors import NodeUnfit

AT_ONCE = 8  #: small files wait for answers, not for the line
PATIENCE_SECONDS = 60.0  #: without one byte; then another node may reach the service
_LOOK_SECONDS = 0.25

_Item = TypeVar("_Item")


def do_all(work: Callable[[_Item], None], items: Iterable[_Item], look: Callable[[], None]) -> None:
    """Do `work` on every item, several at a time.

    `look` is called before and now and then meanwhile; what it or any work raises breaks it all
    off, without waiting for work that hangs.
    """
    threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="many")
    try:
        look()
        pending: set[Future[None]] = {threads.submit(work, item) for item in items}
        while pending:
            done, pending = wait(pending, _LOOK_SECONDS, FIRST_EXCEPTION)
            for one in done:
                one.result()
            if pending:
                look()
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


class Patience:
    """With a service that is away: as long as something comes between, it has no end."""

    def __init__(self) -> None:
        """Begin now."""
        self._heard_at = time.monotonic()
        self._got = 0

    def bear(self, error: Exception, what: str, *, got: int) -> None:
        """Wait on, if more than before has been got or not much time has passed.

        Raises NodeUnfit.
        """
        now = time.monotonic()
        if got > self._got:
            self._heard_at, self._got = now, got
        if now - self._heard_at > PATIENCE_SECONDS:
            raise NodeUnfit(f"cannot fetch {what}: {error}") from error
