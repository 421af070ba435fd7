"""Work done side by side in threads, watched from the one that asked.

The threads never hold a program up that wants to end: a stopped crew's are left behind.
"""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

PULSE_SECONDS = 0.1  #: how often whoever waits hears that it goes on


class Stopped(Exception):
    """The crew was told to stop in the middle of its work."""


class Stop:
    """Told to a crew; its work looks at it now and then."""

    def __init__(self) -> None:
        self._told = threading.Event()

    def tell(self) -> None:
        """Stop."""
        self._told.set()

    def check(self) -> None:
        """Raise Stopped once it was told."""
        if self._told.is_set():
            raise Stopped

    def rest(self, seconds: float) -> None:
        """Wait a while, but not on after a stop. Raises Stopped."""
        if self._told.wait(seconds):
            raise Stopped


def side_by_side(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    threads: int,
    stop: Stop,
    pulse: Callable[[], None] = lambda: None,
) -> Iterator[Result]:
    """The results of `work` on `items`, as they come.

    The first error ends it and is raised. Whatever breaks it off tells `stop`. `pulse` is called
    about ten times a second by the thread that waits.
    """
    ahead = iter(items)
    taking = threading.Lock()
    done: queue.SimpleQueue[tuple[list[Result], BaseException | None, bool]] = queue.SimpleQueue()

    def run() -> None:
        try:
            while True:
                stop.check()
                with taking:
                    item = next(ahead)
                done.put(([work(item)], None, False))
        except (StopIteration, Stopped):
            done.put(([], None, True))
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            done.put(([], error, True))

    for number in range(threads):
        threading.Thread(target=run, name=f"crew-{number}", daemon=True).start()
    try:
        yield from _results(done, threads, pulse)
    except BaseException:
        stop.tell()
        raise


def _results(
    done: "queue.SimpleQueue[tuple[list[Result], BaseException | None, bool]]",
    threads: int,
    pulse: Callable[[], None],
) -> Iterator[Result]:
    while threads:
        try:
            results, error, ended = done.get(timeout=PULSE_SECONDS)
        except queue.Empty:
            pulse()
            continue
        if error is not None:
            raise error
        threads -= ended
        yield from results
        pulse()
