"""Makes the node's series anew at each scrape, by the farm's catalogue of metrics.

A part that cannot be read is left out, and told once; the others are told all the same.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from farm.model.metrics import CATALOGUE, Kind, Source
from workers.metrics import host
from workers.metrics.facts import NodeFacts
from workers.power.meter import Meter

log = logging.getLogger("karst.worker")

_CATALOGUE = {one.name: one for one in CATALOGUE if one.source is Source.NODE}
_HALVES = {
    "farm_host_disk_bytes_total": ("read", "write"),
    "farm_host_network_bytes_total": ("receive", "send"),
}


class NodeCollector:
    """For one registry of its own, and one scrape at a time: the server has one thread."""

    def __init__(self, facts: Callable[[], NodeFacts], meter: Meter, folder: Path) -> None:
        """Tell `facts`, what `meter` counts, and the room on the disk of `folder`."""
        self._facts, self._meter, self._folder = facts, meter, folder
        self._used = host.UsedCores()
        self._told: set[str] = set()

    def describe(self) -> Iterable[Metric]:
        """Nothing: to be registered must not cost a look at the machine."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All series."""
        for part in (self._machine, self._traffic, self._gpus, self._energy, self._node):
            try:
                yield from list(part())
            except Exception:
                if part.__name__ not in self._told:
                    log.exception("metrics leave out what%s tells", part.__name__.replace("_", " "))
                self._told.add(part.__name__)

    def _machine(self) -> Iterator[Metric]:
        yield _one("farm_host_cpu_seconds_total", host.cpu_seconds())
        yield _one("farm_host_memory_bytes", host.memory_bytes())
        yield _one("farm_host_used_cores", {(): self._used.cores()})
        free = host.disk_free_bytes(self._folder)
        yield _one("farm_host_disk_free_bytes", {str(self._folder): free})

    @staticmethod
    def _traffic() -> Iterator[Metric]:
        disk = host.disk_bytes()
        if disk is not None:
            yield _halves("farm_host_disk_bytes_total", disk)
        yield _halves("farm_host_network_bytes_total", host.network_bytes())

    def _gpus(self) -> Iterator[Metric]:
        ratios: dict[str, float] = {}
        memory: dict[tuple[str, ...], float] = {}
        for gpu in self._meter.read().gpus:
            if gpu.busy_ratio is not None:
                ratios[str(gpu.index)] = gpu.busy_ratio
            if gpu.memory_total_bytes is not None and gpu.memory_used_bytes is not None:
                memory[str(gpu.index), "total"] = gpu.memory_total_bytes
                memory[str(gpu.index), "used"] = gpu.memory_used_bytes
        yield _one("farm_host_gpu_ratio", ratios)
        yield _one("farm_host_gpu_memory_bytes", memory)

    def _energy(self) -> Iterator[Metric]:
        energy = self._meter.read()
        yield _one("farm_host_energy_joules_total", energy.joules)
        yield _one("farm_host_power_watts", energy.watts)

    def _node(self) -> Iterator[Metric]:
        facts = self._facts()
        yield _one("farm_host_booked_cores", {(): facts.booked.cores})
        yield _one("farm_host_booked_memory_bytes", {(): facts.booked.memory_bytes})
        ours = facts.renderers
        yield _one("farm_renderers", {"warm": ours.warm, "cold": ours.cold, "busy": ours.busy})
        yield _one("farm_renderer_starts_total", {(): ours.starts})
        yield _one("farm_scene_opens_total", {"warm": ours.warm_opens, "cold": ours.cold_opens})
        cache = facts.cache
        yield _one("farm_cache_files_total", {"hit": cache.hits, "miss": cache.misses})
        yield _one("farm_cache_bytes", {(): cache.size_bytes})


def _halves(name: str, traffic: host.Traffic) -> Metric:
    return _one(name, dict(zip(_HALVES[name], traffic, strict=True)))


def _one(name: str, values: Mapping[Any, float]) -> Metric:
    """The metric of the catalogue with `values` by its labels; a word stands for a single one."""
    listed = _CATALOGUE[name]
    family = CounterMetricFamily if listed.kind is Kind.COUNTER else GaugeMetricFamily
    made = family(name, listed.help, labels=tuple(listed.labels))
    for labels, value in values.items():
        made.add_metric((labels,) if isinstance(labels, str) else labels, value)
    return made
