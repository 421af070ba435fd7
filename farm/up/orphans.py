"""Nothing is left behind: what our children leave when they die becomes ours, and we end it.

A renderer whose worker was killed would else be handed to the machine's first process, out of
sight.
"""

import contextlib
import ctypes
import os
from collections.abc import Collection

import psutil

_LIBC = ctypes.CDLL(None)
_PR_SET_CHILD_SUBREAPER = 36  # <sys/prctl.h>


class Orphans:
    """The orphans that come to us from now on; children that we have already are left alone."""

    def __init__(self) -> None:
        """From now on they come to us, until `end`."""
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)
        self._spared = {child.pid for child in psutil.Process().children()}

    def reap(self, known: Collection[int]) -> None:
        """Forget those that have ended. `known` are children that somebody else waits for."""
        for child in self._present():
            if child.pid not in known:
                _reap(child.pid, os.WNOHANG)

    def end(self) -> None:
        """Kill and reap all there are. Only when nobody waits for a child any more."""
        while present := self._present():
            for child in present:
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
                _reap(child.pid, 0)  # its own children come to us now: look again
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 0)

    def _present(self) -> list[psutil.Process]:
        return [child for child in psutil.Process().children() if child.pid not in self._spared]


def descendants() -> list[str]:
    """What runs below us, as "name (process number)"; what has ended does not count."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"{process.name()} (process {process.pid})")
    return found


def _reap(pid: int, options: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, options)
