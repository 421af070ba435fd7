"""What a node has, a lease books and a task asks for."""

import math
from dataclasses import dataclass

from farm.model.errors import BadRequest

MIB = 1024 * 1024
GIB = 1024 * MIB
TIB = 1024 * GIB

#: Whole cores, or quarters of one: sums of quarters are exact in a double, here and in the store.
Cores = int | float
CORE_PARTS = 4


def exact_cores(cores: Cores) -> Cores:
    """`cores` as a whole number where it is one; 0.5 stays as it is. Raises BadRequest."""
    if not math.isfinite(cores) or cores * CORE_PARTS != int(cores * CORE_PARTS):
        raise BadRequest(f"cores is {cores}: give whole cores or quarters, such as 0.25 or 1.5")
    return int(cores) if cores == int(cores) else float(cores)


def threads_of(cores: Cores) -> int:
    """Threads that a renderer with `cores` runs: at least one."""
    return max(1, math.ceil(cores))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """An amount of cores, memory and GPUs; none is ever negative."""

    cores: Cores
    memory_bytes: int
    gpus: int = 0

    def __post_init__(self) -> None:
        """Raise BadRequest on a negative amount, or cores that are no quarters."""
        object.__setattr__(self, "cores", exact_cores(self.cores))
        for name in ("cores", "memory_bytes", "gpus"):
            if getattr(self, name) < 0:
                raise BadRequest(f"{name} is {getattr(self, name)}; it cannot be negative")

    def fits_in(self, free: "Resources") -> bool:
        return (
            self.cores <= free.cores
            and self.memory_bytes <= free.memory_bytes
            and self.gpus <= free.gpus
        )

    def __add__(self, other: "Resources") -> "Resources":
        return Resources(
            cores=self.cores + other.cores,
            memory_bytes=self.memory_bytes + other.memory_bytes,
            gpus=self.gpus + other.gpus,
        )

    def __sub__(self, other: "Resources") -> "Resources":
        return Resources(
            cores=self.cores - other.cores,
            memory_bytes=self.memory_bytes - other.memory_bytes,
            gpus=self.gpus - other.gpus,
        )
