"""What may be held at once: limits by name, and bounds of groups inside a production."""

import math

from farm.model.bounds import Group, Limit
from farm.model.errors import BadRequest, NotFound
from farm.model.names import check_group, check_name
from farm.model.resources import Cores, exact_cores
from farm.model.snapshot import CapUnit
from farm.store import keys
from farm.store.connection import Connection
from farm.store.records import read_cores

MOST_HELD = 1_000_000_000


def bound_word(value: Cores | None) -> Cores | str:
    """A bound as the step takes it; "" leaves it as it is. Raises BadRequest."""
    if value is None:
        return ""
    if not math.isfinite(value) or not 0 <= value <= MOST_HELD:
        raise BadRequest(f"a bound of {value}: give 0 (no bound) to {MOST_HELD:,}")
    return exact_cores(value)


class LimitStore:
    """Named counts that layers take from, such as licences: one per slot, or one per node."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`."""
        self._connection = connection

    def set(self, name: str, most: int, *, unit: CapUnit = CapUnit.SLOT) -> None:
        """Set how many of `name` may be held at once, counted per slot or per node.

        Below what is held now, no more are given until enough came back. Raises BadRequest.
        """
        check_name("limit", name)
        if unit not in (CapUnit.SLOT, CapUnit.NODE):
            raise BadRequest(f"limit {name}: it counts per slot or per node, not per {unit}")
        self._connection.call("farm_limit", name, bound_word(most), unit)

    def delete(self, name: str) -> None:
        """Take a limit away: layers that name it are no longer held up by it. Raises NotFound."""
        if not self._connection.call("farm_limit", name, "", ""):
            there = ", ".join(limit.name for limit in self.list()) or "none"
            raise NotFound(f"no limit {name!r}; there are: {there}")

    def list(self) -> list[Limit]:
        """All limits by name, with what is held of each."""
        client = self._connection.client
        with self._connection.guard():
            names = sorted(client.smembers(keys.LIMITS))
            pipeline = client.pipeline(transaction=False)
            for name in names:
                pipeline.hgetall(keys.limit(name))
            found = pipeline.execute() if names else []
        return [_limit(name, fields) for name, fields in zip(names, found, strict=True) if fields]


class GroupStore:
    """Groups of a production's jobs, such as sequences and shots, as far as they matter now."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`."""
        self._connection = connection

    def set(
        self,
        production: str,
        group: str,
        *,
        most_tasks: int | None = None,
        most_cores: Cores | None = None,
    ) -> None:
        """Bound what all jobs inside `group` may have at once, those in groups within it too.

        0 is no bound, None leaves it as it is. Raises NotFound, BadRequest.
        """
        words = [bound_word(most_tasks), bound_word(most_cores), ""]
        path = f"{production}/{check_group(group)}"
        if not self._connection.call("farm_bounds", "group", path, production, *words):
            raise NotFound(f"no production {production!r}; it appears with its first job")

    def list(self, production: str) -> list[Group]:
        """The groups of `production` that have a bound, or hold a slot now."""
        client = self._connection.client
        with self._connection.guard():
            paths = sorted(client.smembers(keys.production(production, "groups")))
            pipeline = client.pipeline(transaction=False)
            for path in paths:
                pipeline.hgetall(keys.group(path))
            found = pipeline.execute() if paths else []
        return [
            Group(
                production=production,
                name=path.partition("/")[2],
                most_tasks=int(fields.get("most_tasks", 0)),
                most_cores=read_cores(fields.get("most_cores", "0")),
                held_tasks=int(fields.get("held_tasks", 0)),
                held_cores=read_cores(fields.get("held_cores", "0")),
            )
            for path, fields in zip(paths, found, strict=True)
        ]


def _limit(name: str, fields: dict[str, str]) -> Limit:
    unit = CapUnit(fields["unit"])
    held = fields.get("held_nodes" if unit is CapUnit.NODE else "held_slots", "0")
    return Limit(name=name, most=int(fields["most"]), unit=unit, held=int(held))
