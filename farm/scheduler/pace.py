"""How often a dear look is worth its time."""

import time

SHARE = 20  #: a look that took a second is not repeated for so many


class Pace:
    """Keeps looks apart: by `least_seconds`, and so that they take a small share of all time."""

    def __init__(self, least_seconds: float = 0.0, *, share: int = SHARE) -> None:
        """The first look is due at once; of all time they take one part in `share`."""
        self._least_seconds = least_seconds
        self._share = share
        self._next_at = 0.0

    def is_due(self) -> bool:
        """Is it time for another look?"""
        return self.left_seconds() == 0.0

    def left_seconds(self) -> float:
        """How long until then; 0 when it is."""
        return max(0.0, self._next_at - time.monotonic())

    def looked(self, began: float) -> None:
        """A look has ended that `began` on the monotonic clock."""
        now = time.monotonic()
        self._next_at = now + max(self._least_seconds, self._share * (now - began))
