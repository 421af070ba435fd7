"""Counts of what the node's Blenders were started for. Safe to use from many threads."""

import threading


class Tally:
    """Since this worker began; only ever up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.starts = 0  #: Blenders started
        self.warm_opens = 0  #: tasks that found their scene open
        self.cold_opens = 0  #: tasks for which a fresh Blender opened it

    def started(self) -> None:
        """A Blender starts."""
        with self._lock:
            self.starts += 1

    def opened(self, *, warm: bool) -> None:
        """A task has its scene: a renderer had it open, or opened it."""
        with self._lock:
            if warm:
                self.warm_opens += 1
            else:
                self.cold_opens += 1
