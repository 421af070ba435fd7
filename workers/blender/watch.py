"""The clocks and scales of one attempt: has it hung, and does it have more memory than it may?

A renderer is hung when it neither tells of progress nor uses the CPU for a time; one that is quiet
but works goes on until its task's time is over. One that has more memory than was booked is let go
on while the node can spare it, and ended by us before the kernel picks somebody.
"""

import contextlib
import signal
from dataclasses import dataclass
from pathlib import Path

import psutil

from farm.model.render import RenderSettings
from farm.model.sizes import format_size
from farm.model.states import OUT_OF_MEMORY
from workers.blender.tree import Tree

BUSY_RATIO = 0.01  #: of one core; below it a process only wakes up now and then
_BUSY_SECONDS = 0.1  #: of CPU, the least that counts
MARGIN = 1.25  #: above what was booked
SHORT_RATIO = 0.03  #: of the node's memory: with less than this left, it is short
SHORT_BYTES = 256 * 1024 * 1024


@dataclass(slots=True, kw_only=True)
class Watch:
    """Of one attempt, from its beginning."""

    settings: RenderSettings
    booked_bytes: int  #: of memory; 0: unknown
    started_at: float
    begun: float  #: on the monotonic clock, like `heard` and `busy`
    heard: float
    busy: float = 0.0  #: when the CPU was last used
    cpu_seconds: float = 0.0  #: by then
    last_words: str = "nothing"
    peak_memory_bytes: int = 0
    kernel_kills: int = 0  #: of processes, for want of memory, before it began

    def look(self, tree: Tree, now: float) -> None:
        """Take its measure."""
        self.peak_memory_bytes = max(self.peak_memory_bytes, tree.memory_bytes())
        used, since = tree.cpu_seconds() - self.cpu_seconds, now - (self.busy or self.begun)
        if used < 0 or used >= max(_BUSY_SECONDS, BUSY_RATIO * since):
            self.busy, self.cpu_seconds = now, self.cpu_seconds + used

    def overdue(self, now: float) -> str:
        """Why it has taken too long, or nothing."""
        if now - self.begun > self.settings.task_seconds:
            return f"not done within {self.settings.task_seconds:g} s"
        if now - max(self.heard, self.busy) > self.settings.no_progress_seconds:
            return f"no progress for {self.settings.no_progress_seconds:g} s"
        return ""

    def too_quick(self, now: float) -> str:
        """Why a success that came so soon is none, or nothing."""
        took, least = now - self.begun, self.settings.least_seconds
        return (
            "" if took >= least else f"done in {took:.1f} s; no frame takes less than {least:g} s"
        )

    def too_large(self, tree: Tree) -> str:
        """Why it must end for its memory's sake, or nothing."""
        if not self.booked_bytes:
            return ""
        memory = psutil.virtual_memory()
        if memory.available > max(SHORT_BYTES, SHORT_RATIO * memory.total):
            return ""
        has = tree.memory_bytes()
        if has <= MARGIN * self.booked_bytes:
            return ""
        left = f"and the node has only {format_size(memory.available)} left"
        return f"{OUT_OF_MEMORY}: it had {format_size(has)}, {self._booked()}, {left}"

    def was_killed_for_memory(self) -> str:
        """Why the kernel killed it, if it did so for want of memory."""
        if kernel_kills() <= self.kernel_kills:
            return ""
        had = f"it had {format_size(self.peak_memory_bytes)} when last looked at"
        return f"{OUT_OF_MEMORY}: the kernel killed Blender; {had}, {self._booked()}"

    def _booked(self) -> str:
        return (
            f"{format_size(self.booked_bytes)} were booked" if self.booked_bytes else "none booked"
        )


def how_it_died(status: int, watch: Watch) -> str:
    """Why a Blender ended that nobody asked to: its exit status in plain words."""
    if status >= 0:
        return f"Blender ended by itself with exit code {status}"
    name = signal.Signals(-status).name if -status in signal.valid_signals() else str(-status)
    if -status != signal.SIGKILL:
        return f"Blender crashed ({name})"
    often = f"Blender was killed ({name}): often the node was out of memory"
    return watch.was_killed_for_memory() or often


def kernel_kills() -> int:
    """How many processes the kernel has killed for want of memory: ours, or the machine's."""
    return _count("/proc/vmstat", "oom_kill") + _count(f"{_cgroup()}/memory.events", "oom_kill")


def _cgroup() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text("utf-8").splitlines():
            if line.startswith("0::"):
                return f"/sys/fs/cgroup{line[3:]}".rstrip("/")
    return "/sys/fs/cgroup"


def _count(path: str, name: str) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in Path(path).read_text("ascii").splitlines():
            if line.startswith(f"{name} "):
                return int(line.split()[1])
    return 0
