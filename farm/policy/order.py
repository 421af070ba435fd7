"""Who is next: the sort keys of the scheduler, each a named function. Pure."""

from farm.model.resources import Resources
from farm.model.snapshot import LayerView

#: What counts as one unit of use: so many bytes of memory weigh as much as one core.
BYTES_PER_CORE = 4 * 1024**3
CORES_PER_GPU = 8


def use(booked: Resources) -> float:
    """What `booked` takes of the farm, in cores' worth: its dearest part counts.

    A production that books few cores but most of the memory uses what others then lack.
    """
    return max(booked.cores, booked.memory_bytes / BYTES_PER_CORE, booked.gpus * CORES_PER_GPU)


def burden(booked: Resources, weight: float) -> float:
    """Use over weight: the production with the least is next."""
    return use(booked) / weight


def urgency(layer: LayerView) -> tuple[int, float, str]:
    """Inside one production: higher priority first, then the older job, then the id."""
    return (-layer.priority, layer.created_at, layer.id)
