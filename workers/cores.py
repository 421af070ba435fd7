"""Which CPU cores each slot is pinned to.

Renders that wander over the same cores slow each other down; pinned apart they fill the machine.
"""

import os
import threading


class Cores:
    """The cores a node offers; each is lent to one slot at a time."""

    def __init__(self, count: int) -> None:
        """Offer `count` cores. More than the machine has are not pinned at all."""
        mine = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self._pinned = count <= len(mine)
        self._free = mine[:count] if self._pinned else []
        self._lock = threading.Lock()

    def take(self, count: int) -> tuple[int, ...]:
        """Cores for a new slot; empty when this node does not pin or too few are free."""
        with self._lock:
            if len(self._free) < count:
                return ()
            taken, self._free = self._free[:count], self._free[count:]
            return tuple(taken)

    def give_back(self, cores: tuple[int, ...]) -> None:
        """A slot ended."""
        with self._lock:
            self._free = sorted([*self._free, *cores])
