"""Being asked to stop: SIGTERM and Ctrl-C, for processes that end in good order."""

import signal
import threading
from queue import SimpleQueue
from types import FrameType


class StopSignals:
    """SIGTERM and Ctrl-C, counted by a thread of its own.

    A handler may have interrupted whoever holds the lock that it would need to set an event or to
    start a thread, be it the handler of the signal before; to put something into a SimpleQueue it
    needs none.
    """

    def __init__(self) -> None:
        """Listen from now on. Only the main thread may."""
        self.asked = threading.Event()
        self.asked_again = threading.Event()
        self._heard: SimpleQueue[int] = SimpleQueue()
        threading.Thread(target=self._count, name="signals", daemon=True).start()
        self.listen()

    def listen(self) -> None:
        """Take the signals, also from somebody who has set handlers meanwhile."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._hear)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        self._heard.put(number)

    def _count(self) -> None:
        self._heard.get()
        self.asked.set()
        self._heard.get()
        self.asked_again.set()
