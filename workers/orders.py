"""What a lease is told while it works: to leave, or to stop at once. Heard from every thread."""

import threading


class Stopped(Exception):
    """An order came while files were on their way; nothing has gone wrong."""


class Orders:
    """Of one lease."""

    def __init__(self) -> None:
        """Go on until told otherwise."""
        self.leaving = threading.Event()  #: finish the task in hand, give back the rest
        self.killed = threading.Event()  #: stop now; always leaving, too

    def leave(self) -> None:
        """Finish the task in hand, give back the rest."""
        self.leaving.set()

    def kill(self) -> None:
        """Stop now."""
        self.killed.set()
        self.leaving.set()

    def heed_leaving(self, seconds: float = 0.0) -> None:
        """Wait, before a task has begun. Raises Stopped as soon as the lease is to leave."""
        if self.leaving.wait(seconds) if seconds else self.leaving.is_set():
            raise Stopped

    def heed_kill(self, seconds: float = 0.0) -> None:
        """Wait, with a task done. Raises Stopped as soon as the lease is killed."""
        if self.killed.wait(seconds) if seconds else self.killed.is_set():
            raise Stopped
