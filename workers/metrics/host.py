"""The machine as its kernel tells of it: cores, memory, disks, network."""

import contextlib
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from workers.idle import tree_seconds

Traffic = tuple[int, int]  #: bytes in and out: read and written, received and sent

_NET = Path("/sys/class/net")
_LEAST_SECONDS = 1.0  #: over which the use of cores is told


def cpu_seconds() -> Mapping[str, float]:
    """Core-seconds since the machine began, by what they went to; together all that there were."""
    told = psutil.cpu_times()
    return {
        "user": told.user + told.nice,
        "system": told.system,
        "iowait": told.iowait,
        "idle": told.idle,
        "other": told.irq + told.softirq + told.steal,
    }


def memory_bytes() -> Mapping[str, int]:
    """All there is, and what could be had without swapping."""
    told = psutil.virtual_memory()
    return {"total": int(told.total), "available": int(told.available)}


def disk_free_bytes(folder: Path) -> int:
    """Of the disk that has `folder`. Raises OSError."""
    return shutil.disk_usage(folder).free


def disk_bytes() -> Traffic | None:
    """Of all whole disks; None where the kernel tells of none."""
    told = psutil.disk_io_counters()
    return (told.read_bytes, told.write_bytes) if told else None


def network_bytes() -> Traffic:
    """Of what leads out of this machine."""
    told = psutil.net_io_counters(pernic=True)
    leading = outward(told, physical=[name for name in told if (_NET / name / "device").exists()])
    return (
        sum(told[name].bytes_recv for name in leading),
        sum(told[name].bytes_sent for name in leading),
    )


def outward(names: Iterable[str], physical: Iterable[str]) -> list[str]:
    """The interfaces whose traffic counts: cards of the machine, where it has any.

    Bridges and tunnels carry the same bytes again. A container has no card: there all but the loop.
    """
    return sorted(physical) or sorted(name for name in names if name != "lo")


@dataclass(slots=True)
class _Point:
    at: float
    seconds: float


class UsedCores:
    """Cores that this worker's renderers use, between one question and the next."""

    def __init__(self) -> None:
        self._since = self._point()
        self._cores = 0.0

    def cores(self) -> float:
        """Since the last time it was asked, a second ago at least."""
        now = self._point()
        seconds = now.at - self._since.at
        if seconds >= _LEAST_SECONDS:
            self._cores = max(0.0, now.seconds - self._since.seconds) / seconds
            self._since = now
        return self._cores

    @staticmethod
    def _point() -> _Point:
        me = psutil.Process()
        own = 0.0
        with contextlib.suppress(psutil.Error):
            times = me.cpu_times()
            own = times.user + times.system
        return _Point(time.monotonic(), tree_seconds(me) - own)
