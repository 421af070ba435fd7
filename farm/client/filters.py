"""Submit filters by way of the service."""

from typing import Any
from urllib.parse import quote

from farm.model.names import check_name
from farm.wire import Answer, Wire


class Filters:
    """One method per route."""

    def __init__(self, wire: Wire) -> None:
        """Ask over `wire`."""
        self._wire = wire

    def set(self, name: str, **rule: Any) -> Answer:  # noqa: ANN401 - as FilterIn has it
        """Set a filter: position; patterns production, owner, job; set_priority, set_pool,
        set_group; add_limits, add_tags.
        """
        return self._wire.change("PUT", _path(name), rule)

    def remove(self, name: str) -> Answer:
        """Take the filter away; jobs that are in stay as they are."""
        return self._wire.change("DELETE", _path(name), {})

    def test(self, production: str, **place: Any) -> Answer:  # noqa: ANN401 - as above
        """What a submit would become: owner, job (its name), priority, pool, group, limits, tags.

        `["changes"]` says what which filter would change.
        """
        return self._wire.ask("/filters/test", {"production": production, **place})

    def list(self) -> list[Answer]:
        """In the order in which they are applied."""
        return self._wire.rows("/filters", {})


def _path(name: str) -> str:
    """The path of a filter's resource. Raises BadName."""
    return f"/filters/{quote(check_name('filter', name))}"
