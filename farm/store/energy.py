"""Energy, as the heartbeats of nodes brought it: by node, production, and pool. Whole millijoules.

The promise: what nodes counted is what productions used and what was idle, to the millijoule.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from farm.model.node import NodeHealth
from farm.store import keys
from farm.store.breach import Breach, compare
from farm.store.connection import Connection

_MODEL = "model"  #: of a source, and after the slash of a field


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """An amount of energy, and how much of it comes from a stated model, not from a meter."""

    millijoules: int = 0
    modelled_millijoules: int = 0

    @property
    def joules(self) -> float:
        return self.millijoules / 1000

    @property
    def modelled_joules(self) -> float:
        return self.modelled_millijoules / 1000

    def __add__(self, other: "Used") -> "Used":
        return Used(
            millijoules=self.millijoules + other.millijoules,
            modelled_millijoules=self.modelled_millijoules + other.modelled_millijoules,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FarmEnergy:
    """All that has been counted since the store began."""

    nodes: Mapping[str, Used] = field(default_factory=dict)
    productions: Mapping[str, Used] = field(default_factory=dict)
    busy: Mapping[str, Used] = field(default_factory=dict)  #: by pool: of booked cores
    idle: Mapping[str, Used] = field(default_factory=dict)  #: by pool: of all others
    forgotten: Used = field(default_factory=Used)  #: of nodes that were struck off


class EnergyStore:
    """Questions about energy."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`."""
        self._connection = connection

    def read(self) -> FarmEnergy:
        """All sums at one instant. Raises StoreUnavailable."""
        with self._connection.guard():
            found = self._connection.client.hgetall(keys.ENERGY)
        return _farm_energy(found)


def write_reading(health: NodeHealth) -> str:
    """What the heartbeat step takes of a node's meter; "" when it has none."""
    if not health.energy_meter:
        return ""
    modelled = _MODEL in health.energy_source.split("+")
    return f"{health.energy_meter} {health.energy_millijoules} {int(modelled)}"


def energy_breaches(energy: FarmEnergy) -> Iterator[Breach]:
    """Where the sums do not agree."""
    sums = {name: _sum(getattr(energy, name)) for name in ("nodes", "productions", "busy", "idle")}
    where = "energy"
    shared = sums["productions"] + sums["idle"]
    counted = sums["nodes"] + energy.forgotten
    yield from compare("nodes = productions + idle", where, counted, shared)
    yield from compare("busy = productions", where, sums["productions"], sums["busy"])


def _sum(used: Mapping[str, Used]) -> Used:
    return sum(used.values(), start=Used())


def _farm_energy(fields: Mapping[str, str]) -> FarmEnergy:
    kinds: dict[str, dict[str, Used]] = {"node": {}, "production": {}, "busy": {}, "idle": {}}
    kinds["forgotten"] = {}
    for told, count in fields.items():
        kind, name, *model = told.split("/")
        kinds[kind][name] = kinds[kind].get(name, Used()) + Used(
            millijoules=int(count), modelled_millijoules=int(count) if model else 0
        )
    return FarmEnergy(
        nodes=kinds["node"],
        productions=kinds["production"],
        busy=kinds["busy"],
        idle=kinds["idle"],
        forgotten=_sum(kinds["forgotten"]),
    )


def job_energy(fields: Mapping[str, str]) -> Used:
    """What the job used that has these fields in the store."""
    modelled = int(fields.get(f"energy_mj/{_MODEL}", 0))
    return Used(
        millijoules=int(fields.get("energy_mj", 0)) + modelled, modelled_millijoules=modelled
    )
