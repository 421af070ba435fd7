"""What this machine is and how it does: cores, memory, GPUs, load."""

import contextlib
import shutil
import socket
from pathlib import Path
from typing import Any

import psutil
import pynvml

from farm import __version__
from farm.model.node import NodeHealth, NodeSpec
from farm.model.resources import GIB, Cores, Resources
from workers.power.meter import Energy

KEPT_FOR_SYSTEM_BYTES = GIB  #: memory the farm does not book
LEAST_DISK_FREE_BYTES = 256 * 1024 * 1024  #: with less a node takes no work
WANTED_DISK_FREE_BYTES = 2 * LEAST_DISK_FREE_BYTES  #: with less it clears up


def shield_from_oom_killer() -> None:
    """Where the system lets us, ask the kernel to take anybody else first when memory runs out."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("-500", "ascii")


def default_memory_bytes() -> int:
    """What the farm may book: all but a little for the system."""
    total = int(psutil.virtual_memory().total)
    return max(total - KEPT_FOR_SYSTEM_BYTES, total // 2)


def default_cores() -> int:
    """The cores this process may use."""
    return len(psutil.Process().cpu_affinity() or ()) or psutil.cpu_count() or 1


def gpus_found() -> tuple[tuple[str, ...], int]:
    """Model names of the NVIDIA GPUs, and the memory of the smallest; none without a driver."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return (), 0
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        models = tuple(str(pynvml.nvmlDeviceGetName(handle)) for handle in handles)
        with contextlib.suppress(pynvml.NVMLError):  # some tell their name and nothing else
            sizes = [int(pynvml.nvmlDeviceGetMemoryInfo(handle).total) for handle in handles]
            return models, min(sizes, default=0)
        return models, 0
    finally:
        pynvml.nvmlShutdown()


def describe(
    name: str,
    *,
    cores: Cores,
    memory_bytes: int,
    pool: str,
    blenders: tuple[str, ...],
    tags: tuple[str, ...] = (),
    cores_kept_per_gpu: Cores = 1,
) -> NodeSpec:
    """This machine as it registers; 0 cores or bytes mean all there are."""
    gpus, gpu_memory_bytes = gpus_found()
    return NodeSpec(
        name=name,
        resources=Resources(
            cores=cores or default_cores(),
            memory_bytes=memory_bytes or default_memory_bytes(),
            gpus=len(gpus),
        ),
        pool=pool,
        hostname=socket.gethostname(),
        blenders=blenders,
        gpus=gpus,
        gpu_memory_bytes=gpu_memory_bytes,
        cores_kept_per_gpu=cores_kept_per_gpu,
        tags=tags,
        worker_version=__version__,
    )


def disk_free_bytes(folder: Path) -> int:
    """What the disk that has `folder` has left. Raises OSError."""
    return shutil.disk_usage(folder).free


def health(
    state: Path,
    warm_scenes: tuple[str, ...],
    unfit: str,
    *,
    warm_files: tuple[str, ...] = (),
    energy: Energy | None = None,
) -> NodeHealth:
    """How the machine does now. A full disk makes it unfit by itself."""
    disk_free = 0
    try:
        disk_free = disk_free_bytes(state)
    except OSError as error:
        unfit = unfit or f"folder {state} cannot be used: {error.strerror or error}"
    if not unfit and disk_free < LEAST_DISK_FREE_BYTES:
        unfit = f"the disk of {state} is full: {disk_free // 2**20} MiB left"
    return NodeHealth(
        cpu_ratio=psutil.cpu_percent() / 100,
        memory_used_bytes=int(psutil.virtual_memory().used),
        disk_free_bytes=disk_free,
        warm_scenes=warm_scenes,
        warm_files=warm_files,
        unfit=unfit,
        **_counted(energy),
    )


def _counted(energy: Energy | None) -> dict[str, Any]:
    if energy is None or not energy.source:
        return {}
    return {
        "power_watts": sum(energy.watts.values()),
        "energy_source": energy.source,
        "energy_meter": energy.meter,
        "energy_millijoules": energy.millijoules,
    }
