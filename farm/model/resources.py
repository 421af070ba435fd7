"""What a node has, a lease books and a task asks for."""

from dataclasses import dataclass

from farm.model.errors import BadRequest

MIB = 1024 * 1024
GIB = 1024 * MIB
TIB = 1024 * GIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """An amount of cores, memory and GPUs; none is ever negative."""

    cores: int
    memory_bytes: int
    gpus: int = 0

    def __post_init__(self) -> None:
        """Raise BadRequest on a negative amount."""
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
