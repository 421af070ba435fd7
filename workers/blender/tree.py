"""All processes of one renderer: measured, told of, and killed, also those that have run away.

A scene may start programs of its own. They are found by descent, and where they have left the tree
(their parent has ended, or they made themselves a session) by a mark in their environment.
"""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil

#: The kernel's out-of-memory killer takes renderers before the worker, which can tell of it.
OOM_SCORE_ADJUST = 600
_TOLD = 6  #: processes that evidence tells of


class Tree:
    """The process `pid` and what it has started, as far as it lives."""

    def __init__(self, pid: int, *, mark: str) -> None:
        """`mark` is "NAME=value" in the environment of them all, and of no other process."""
        self.pid = pid
        self._mark = mark.encode()

    def offer_to_oom_killer(self) -> None:
        """Let it be killed first when memory runs out; what it starts later, too."""
        with contextlib.suppress(OSError):
            Path(f"/proc/{self.pid}/oom_score_adj").write_text(str(OOM_SCORE_ADJUST), "ascii")

    def processes(self) -> list[psutil.Process]:
        """The process itself and its descendants."""
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(self.pid)
            return [root, *root.children(recursive=True)]
        return []

    def strays(self) -> Iterator[psutil.Process]:
        """Those that bear the mark, wherever they are."""
        for process in psutil.process_iter():
            with contextlib.suppress(OSError, psutil.Error):
                if self._mark in Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0"):
                    yield process

    def memory_bytes(self) -> int:
        """Resident memory of all; what they share is counted once for each."""
        total = 0
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                total += process.memory_info().rss
        return total

    def cpu_seconds(self) -> float:
        """CPU time of all, and of those of their children that have ended."""
        total = 0.0
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                used = process.cpu_times()
                total += used.user + used.system + used.children_user + used.children_system
        return total

    def evidence(self) -> list[str]:
        """What the system says of each process: a line each, and where it hangs in the kernel."""
        lines = []
        for process in self.processes()[:_TOLD]:
            with contextlib.suppress(psutil.Error):
                used = process.cpu_times()
                cpu = f"{used.user + used.system:.1f} s of CPU used"
                waits = _proc(process.pid, "wchan").strip("0\n")
                where = f", waits in {waits}" if waits else ""
                lines.append(
                    f"process {process.pid} {process.name()}: {process.status()}, {cpu}{where}"
                )
                lines += [f"  {line}" for line in _proc(process.pid, "stack").splitlines()]
        return lines

    def kill(self) -> None:
        """Kill them all: the group first, then whoever has left it."""
        descendants = self.processes()[1:]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        for process in [*descendants, *self.strays()]:
            with contextlib.suppress(psutil.Error):
                process.kill()


def _proc(pid: int, name: str) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/{name}").read_text("utf-8", "replace")
    return ""
