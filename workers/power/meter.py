"""The node's meter: all that its sources have counted, since this worker began.

A meter has a name of its own, made anew with each worker, so whoever adds up differences can tell
a meter that began again from one that went on. Its count never goes back.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import psutil

from workers.power.gpus import Gpus, GpuState
from workers.power.model import WattsModel
from workers.power.rapl import Rapl

log = logging.getLogger("karst.worker")

RAPL, NVML, MODEL = "rapl", "nvml", "model"
LEAST_SECONDS = 0.5  #: between two looks; power is told of no shorter time
#: Watts from a shorter time than this would tell of the moment, not of the machine.
POWER_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """What a meter has counted up to now, by source: "rapl", "nvml", "model"."""

    meter: str  #: its name
    joules: Mapping[str, float] = field(default_factory=dict)
    watts: Mapping[str, float] = field(default_factory=dict)  #: of the last seconds
    gpus: tuple[GpuState, ...] = ()

    @property
    def source(self) -> str:
        """Where the count comes from: "rapl+nvml"; "": nothing counts."""
        return "+".join(self.joules)

    @property
    def millijoules(self) -> int:
        return int(1000 * sum(self.joules.values()))


class Meter:
    """Safe to use from many threads. Looks at its sources when it is read."""

    def __init__(
        self,
        *,
        rapl: Rapl,
        gpus: Gpus,
        model: WattsModel | None,
        clock: Callable[[], float] = time.monotonic,
        cpu: "Callable[[], CpuSeconds] | None" = None,
    ) -> None:
        """The `model` counts where `rapl` has nothing to read."""
        self._rapl, self._gpus, self._clock, self._cpu = rapl, gpus, clock, cpu or cpu_seconds
        self._model = None if rapl.is_there else model
        self._name = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._looked_at, self._cpu_seen = clock(), self._cpu()
        self._modelled = 0.0
        self._power_at = self._looked_at
        self._power_from: dict[str, float] = {}
        self._energy = Energy(meter=self._name, joules=self._count(0.0, ()))

    @property
    def tells(self) -> str:
        """One line for the log: what is counted, by what, or why not."""
        if self._rapl.is_there or self._model:
            return f"energy is counted by {self._energy.source}"
        return f"no energy of processors is counted: {self._rapl.why_not}; --watts may tell a model"

    def read(self) -> Energy:
        """What has been counted. Two readers at one time get the same."""
        with self._lock:
            now = self._clock()
            if now - self._looked_at >= LEAST_SECONDS:
                self._look(now)
            return self._energy

    def _look(self, now: float) -> None:
        seconds, self._looked_at = now - self._looked_at, now
        gpus = self._gpus.look()
        joules = self._count(seconds, gpus)
        watts = self._energy.watts
        since = now - self._power_at
        if since >= POWER_SECONDS:
            watts = {
                source: max(0.0, count - self._power_from.get(source, 0.0)) / since
                for source, count in joules.items()
            }
            self._power_at, self._power_from = now, dict(joules)
        self._energy = Energy(meter=self._name, joules=joules, watts=watts, gpus=gpus)

    def _count(self, seconds: float, gpus: tuple[GpuState, ...]) -> dict[str, float]:
        joules = {}
        if self._rapl.is_there:
            joules[RAPL] = self._rapl.joules()
        if self._model:
            seen = self._cpu()
            self._modelled += seconds * self._model.watts(seen.used_ratio_since(self._cpu_seen))
            self._cpu_seen = seen
            joules[MODEL] = self._modelled
        counted = [gpu.joules for gpu in gpus if gpu.joules is not None]
        if counted:
            joules[NVML] = sum(counted)
        return joules


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuSeconds:
    """Of all cores together, since the machine began."""

    used: float
    idle: float

    def used_ratio_since(self, before: "CpuSeconds") -> float:
        """The part of all cores that was in use between; 0 when no time has passed."""
        used, idle = self.used - before.used, self.idle - before.idle
        return used / (used + idle) if used + idle > 0 else 0.0


def cpu_seconds() -> CpuSeconds:
    """Of this machine now. A guest's time is part of its user's, and waiting for a disk is idle."""
    told = psutil.cpu_times()
    used = told.user + told.nice + told.system + told.irq + told.softirq + told.steal
    return CpuSeconds(used=used, idle=told.idle + told.iowait)
