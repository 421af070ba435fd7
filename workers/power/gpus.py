"""What the NVIDIA GPUs do and have used, by their driver's library.

Newer ones (Volta and after) count millijoules themselves; of others the power told is summed over
the time between two looks.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pynvml


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuState:
    """One GPU now. None: the driver does not tell."""

    index: int
    busy_ratio: float | None = None  #: of the last moments, in which any of it worked
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    watts: float | None = None
    joules: float | None = None  #: since this process first looked


@dataclass(slots=True)
class _Count:
    """Joules of one GPU since the first look."""

    last_mj: int | None = None
    joules: float = 0.0
    seen_at: float | None = None


class Gpus:
    """Those that the driver shows; without a driver, none. Safe to use by one thread at a time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Look for a driver, once."""
        self._clock = clock
        self._handles: list[Any] = []
        self._counts: dict[int, _Count] = {}
        with contextlib.suppress(pynvml.NVMLError):
            pynvml.nvmlInit()
            count = pynvml.nvmlDeviceGetCount()
            self._handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(count)]

    def look(self) -> tuple[GpuState, ...]:
        """Every GPU now."""
        return tuple(self._state(index, handle) for index, handle in enumerate(self._handles))

    def _state(self, index: int, handle: Any) -> GpuState:  # noqa: ANN401 - the library has no types
        use = _told(pynvml.nvmlDeviceGetUtilizationRates, handle)
        memory = _told(pynvml.nvmlDeviceGetMemoryInfo, handle)
        milliwatts = _told(pynvml.nvmlDeviceGetPowerUsage, handle)
        watts = None if milliwatts is None else milliwatts / 1000
        return GpuState(
            index=index,
            busy_ratio=None if use is None else use.gpu / 100,
            memory_used_bytes=None if memory is None else int(memory.used),
            memory_total_bytes=None if memory is None else int(memory.total),
            watts=watts,
            joules=self._joules(index, handle, watts),
        )

    def _joules(self, index: int, handle: Any, watts: float | None) -> float | None:  # noqa: ANN401
        count = self._counts.setdefault(index, _Count())
        used_mj = _told(pynvml.nvmlDeviceGetTotalEnergyConsumption, handle)
        if used_mj is not None:
            # A driver that was loaded anew counts from zero.
            before = count.last_mj if count.last_mj is not None else used_mj
            count.joules += (used_mj - before if used_mj >= before else used_mj) / 1000
            count.last_mj = used_mj
            return count.joules
        if watts is None:
            return None
        now = self._clock()
        if count.seen_at is not None:
            count.joules += watts * max(0.0, now - count.seen_at)
        count.seen_at = now
        return count.joules


def _told(ask: Callable[[Any], Any], handle: Any) -> Any:  # noqa: ANN401 - as above
    """What the driver answers; None where it does not know, or has gone."""
    try:
        return ask(handle)
    except pynvml.NVMLError:
        return None
