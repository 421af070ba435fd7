"""Where the farm's time goes, by way of the service."""

from collections.abc import Collection
from datetime import date

from farm.wire import Answer, Wire


class Usage:
    """One method per route."""

    def __init__(self, wire: Wire) -> None:
        """Ask over `wire`."""
        self._wire = wire

    def now(self, *, nodes: bool = False) -> Answer:
        """The `["farm"]`, its `["pools"]` and `["productions"]`: what cores do, and have done.

        With `nodes` also its `["nodes"]`, as they are at the same instant.
        """
        return self._wire.ask("/usage", {"nodes": nodes or None})

    def nodes(self) -> list[Answer]:
        """What the cores of each node do now."""
        return self._wire.rows("/usage/nodes", {})

    def longest(self, most: int = 20) -> list[Answer]:
        """What has run for longest, longest first."""
        return self._wire.rows("/usage/longest", {"most": most})

    def history(
        self, first: date | None = None, last: date | None = None, *, per: str = "day"
    ) -> list[Answer]:
        """Where the time went from `first` to `last`: a row for each pool and "day" or "hour"."""
        asked = {"first": _iso(first), "last": _iso(last), "per": per}
        return self._wire.rows("/usage/history", asked)

    def days(
        self, first: date | None = None, last: date | None = None, *, by: Collection[str] = ()
    ) -> list[Answer]:
        """Core-seconds credited from `first` to `last`, summed `by` day, production, user, pool."""
        asked = {"first": _iso(first), "last": _iso(last), "by": list(by) or None}
        return self._wire.rows("/usage/days", asked)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
