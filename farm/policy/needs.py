"""What a job asks of nodes and of its production, checked: each fault is noted by itself. Pure."""

import re
from collections.abc import Callable, Sequence

from farm.model.job import JobSpec, LayerSpec
from farm.model.names import check_group, check_name
from farm.model.resources import CORE_PARTS, MIB, Cores, Resources, exact_cores
from farm.policy.faults import Faults

MOST_SLOTS = 1_000_000_000
_BLENDER = re.compile(r"\d{1,3}(\.\d{1,3}){0,2}\Z")


def slot_resources(cores: Cores, memory_bytes: int, gpus: int, faults: Faults) -> Resources:
    """What one slot asks for."""
    least = 1 / CORE_PARTS
    faults.check(cores >= least, f"cores {cores:g}: ask for at least {least:g}")
    faults.check(gpus >= 0, f"gpus {gpus}: give 0 or more")
    faults.check(
        memory_bytes >= MIB,
        f"memory of {memory_bytes} bytes: ask for at least 1M, 2G is usual",
    )
    exact = faults.catch(lambda: exact_cores(cores), least)
    return Resources(cores=max(least, exact), memory_bytes=max(0, memory_bytes), gpus=max(0, gpus))


def check_needs(layer: LayerSpec, faults: Faults) -> None:
    """Note what is wrong with what `layer` asks of a node."""
    for kind, names in (
        ("tag", layer.tags),
        ("node", layer.nodes),
        ("node", layer.not_nodes),
        ("limit", layer.limits),
    ):
        for name in names:
            faults.catch(_checked(kind, name), "")
    faults.check(
        not layer.blender or _BLENDER.match(layer.blender) is not None,
        f"blender {layer.blender!r:.80}: give a version, such as 4.5 or 4.5.1",
    )
    memory = layer.gpu_memory_bytes
    faults.check(memory >= 0, f"gpu memory of {memory} bytes: give 0 or more")
    faults.check(
        memory <= 0 or layer.resources.gpus > 0,
        "memory of a GPU is asked for, and no GPU: give gpus too",
    )
    both = sorted({*layer.nodes} & {*layer.not_nodes})
    faults.check(not both, f"node {', '.join(both)} is asked for and refused: give one of the two")


def _checked(kind: str, name: str) -> Callable[[], str]:
    return lambda: check_name(kind, name)


def check_bounds(job: JobSpec, layers: Sequence[LayerSpec], faults: Faults) -> None:
    """Note what is wrong with the group of `job` and with what it may have at once."""
    if job.group:
        faults.catch(lambda: check_group(job.group), "")
    for name, amount in (
        ("most_tasks", job.most_tasks),
        ("most_cores", job.most_cores),
        ("least_tasks", job.least_tasks),
    ):
        faults.check(
            0 <= amount <= MOST_SLOTS,
            f"{name} {amount:g}: give 0 (no bound) to {MOST_SLOTS:,}",
        )
    faults.check(
        not 0 < job.most_tasks < job.least_tasks,
        f"least_tasks {job.least_tasks} is above most_tasks {job.most_tasks}: it never has so many",
    )
    for layer in layers:
        wants = layer.resources.cores
        faults.check(
            not 0 < job.most_cores < wants,
            f"most_cores {job.most_cores:g}: a frame takes {wants:g}, so none would ever begin",
        )
