"""Limits by way of the service: named counts, such as licences."""

from urllib.parse import quote

from farm.model.names import check_name
from farm.wire import Answer, Wire


class Limits:
    """One method per route."""

    def __init__(self, wire: Wire) -> None:
        """Ask over `wire`."""
        self._wire = wire

    def set(self, name: str, most: int, *, unit: str | None = None) -> Answer:
        """Let `most` be held at once; each "slot" holds one, or each "node"."""
        return self._wire.change("PUT", _path(name), {"most": most, "unit": unit})

    def remove(self, name: str) -> Answer:
        """Take the limit away: it holds nothing up any more."""
        return self._wire.change("DELETE", _path(name), {})

    def list(self) -> list[Answer]:
        """Each limit, with how many are held and `["held_by"]` which jobs."""
        return self._wire.rows("/limits", {})


def _path(name: str) -> str:
    """The path of a limit's resource. Raises BadName."""
    return f"/limits/{quote(check_name('limit', name))}"
