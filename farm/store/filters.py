"""Submit filters in the store: one JSON for each."""

import json
from dataclasses import asdict

from farm.model.errors import Conflict, NotFound
from farm.policy.filters import Filter, in_order
from farm.store import keys
from farm.store.connection import Connection

MOST_FILTERS = 1_000


class FilterStore:
    """One method per step on filters."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`."""
        self._connection = connection

    def set(self, one: Filter) -> None:
        """Set a filter, in place of another of its name. Raises BadRequest, Conflict."""
        one.check()
        if not self._connection.call(
            "farm_filter", one.name, json.dumps(asdict(one)), MOST_FILTERS
        ):
            raise Conflict(f"there are {MOST_FILTERS:,} filters, the most there may be: remove one")

    def delete(self, name: str) -> None:
        """Take a filter away; jobs that are in stay as they are. Raises NotFound."""
        if not self._connection.call("farm_filter", name, "", MOST_FILTERS):
            raise NotFound(f"no filter {name!r:.80}; `farm filters ls` shows the filters there are")

    def list(self) -> list[Filter]:
        """All filters in the order in which they are applied."""
        with self._connection.guard():
            found = self._connection.client.hvals(keys.FILTERS)
        return in_order(_read(text) for text in found)


def _read(text: str) -> Filter:
    fields = json.loads(text)
    for name in ("add_limits", "add_tags"):
        fields[name] = tuple(fields[name])
    return Filter(**fields)
