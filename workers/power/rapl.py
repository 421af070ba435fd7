"""What processors and memory have used, by the counters that the kernel shows as powercap.

Each zone counts microjoules and begins again at zero above `max_energy_range_uj`, which takes a
busy package minutes: look more often than that. Since Linux 5.10 only root may read the counters,
unless an operator lets others (docs/energy.md).

Counted are packages and the memory beside them. Left out are `core` and `uncore`, which are parts
of their package; `psys`, which is told of some machines only and there holds the packages too; and
`intel-rapl-mmio`, the same packages by another way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")
_COUNTED = ("package", "dram")


@dataclass(slots=True, kw_only=True)
class _Zone:
    name: str  #: "package-0", "dram"
    folder: Path
    range_uj: int  #: above it the counter begins again
    last_uj: int
    used_uj: int = 0


@dataclass(slots=True)
class Rapl:
    """The zones of this machine, as far as they may be read; sums since this was made."""

    root: Path = POWERCAP
    why_not: str = field(default="", init=False)  #: why nothing is measured; "": it is
    _zones: list[_Zone] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        for folder in sorted(self.root.glob("intel-rapl:*")):  # AMD's are called so, too
            self._open(folder)
        if self._zones:
            self.why_not = ""
        elif not self.why_not:
            self.why_not = f"the system tells of no RAPL zone in {self.root}"

    def _open(self, folder: Path) -> None:
        try:
            name = (folder / "name").read_text("ascii").strip()
            if name.startswith(_COUNTED):
                zone = _Zone(
                    name=name,
                    folder=folder,
                    range_uj=int((folder / "max_energy_range_uj").read_text("ascii")),
                    last_uj=_counter(folder),
                )
                self._zones.append(zone)
        except PermissionError:
            self.why_not = f"{folder / 'energy_uj'} may be read by root only"
        except (OSError, ValueError) as error:
            self.why_not = f"RAPL zone {folder} cannot be read: {error}"

    @property
    def is_there(self) -> bool:
        """Can anything be measured?"""
        return bool(self._zones)

    def joules(self) -> float:
        """Used by all zones since this was made; never less than before."""
        return sum(self.by_zone().values())

    def by_zone(self) -> Mapping[str, float]:
        """Joules since this was made, by folder: "intel-rapl:0". One that fails stands still."""
        for zone in self._zones:
            try:
                now_uj = _counter(zone.folder)
            except (OSError, ValueError):
                continue
            zone.used_uj += used_between(zone.last_uj, now_uj, zone.range_uj)
            zone.last_uj = now_uj
        return {zone.folder.name: zone.used_uj / 1e6 for zone in self._zones}


def used_between(last_uj: int, now_uj: int, range_uj: int) -> int:
    """Microjoules between two looks at a counter that goes from 0 to `range_uj` and round again.

    At most one round is seen; a counter that was set back without a round (a suspend, a reload of
    the driver) cannot be told from one that went round.
    """
    return now_uj - last_uj if now_uj >= last_uj else now_uj + range_uj + 1 - last_uj


def _counter(folder: Path) -> int:
    return int((folder / "energy_uj").read_text("ascii"))
