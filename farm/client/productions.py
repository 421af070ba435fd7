"""Productions by way of the service: what each is due, and bounds of their groups."""

from urllib.parse import quote

from farm.model.names import check_name
from farm.model.resources import Cores
from farm.wire import Answer, Wire


class Productions:
    """One method per route."""

    def __init__(self, wire: Wire) -> None:
        """Ask over `wire`."""
        self._wire = wire

    def get(self, production: str) -> Answer:
        """One production: `["shares"]` by pool, and its `["groups"]`."""
        return self._wire.ask(_path(production))

    def forecast(self, production: str) -> Answer:
        """When its last open job will be done: `["eta_seconds"]`, and early and late."""
        return self._wire.ask(_path(production, "forecast"))

    def set_share(
        self,
        production: str,
        pool: str = "",
        *,
        weight: float | None = None,
        guarantee_cores: float | None = None,
        ceiling_cores: float | None = None,
        no_ceiling: bool = False,
    ) -> Answer:
        """Set what it is due of `pool`, "" for nodes without one; None leaves it as it is."""
        asked = {
            "pool": pool,
            "weight": weight,
            "guarantee_cores": guarantee_cores,
            "ceiling_cores": ceiling_cores,
            "no_ceiling": no_ceiling,
        }
        return self._wire.change("PUT", _path(production, "share"), asked)

    def groups(self, production: str) -> list[Answer]:
        """Its groups that have a bound, or hold a slot now."""
        return self._wire.rows(_path(production, "groups"), {})

    def set_group(
        self,
        production: str,
        group: str,
        *,
        most_tasks: int | None = None,
        most_cores: Cores | None = None,
    ) -> Answer:
        """Bound what jobs in `group` have at once; 0 is no bound, None leaves it as it is."""
        asked = {"group": group, "most_tasks": most_tasks, "most_cores": most_cores}
        return self._wire.change("PUT", _path(production, "groups"), asked)

    def list(self) -> list[Answer]:
        """What each production is set, books and is due, pool by pool."""
        return self._wire.rows("/productions", {})


def _path(production: str, *parts: str) -> str:
    """The path of a production's resource. Raises BadName."""
    return "/".join(["/productions", quote(check_name("production", production)), *parts])
