"""Reading one table of a scenario file: each field once, and a plain line for each fault."""

import difflib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from farm.model.errors import BadRequest
from farm.model.names import check_name
from farm.model.sizes import parse_size, parse_span

T = TypeVar("T")


class Fields:
    """The fields of one table. What is wrong raises BadRequest, saying where it stands."""

    def __init__(self, table: object, where: str) -> None:
        if not isinstance(table, Mapping):
            raise BadRequest(f"{where}: write a table of fields, not {table!r}")
        self._table = dict(table)
        self.where = where
        self._known: list[str] = []

    def done(self) -> None:
        """Raise BadRequest on a field that nothing asked for."""
        for key in self._table:
            if key not in self._known:
                near = difflib.get_close_matches(key, self._known, n=1)
                guess = f"perhaps {near[0]}" if near else f"known: {', '.join(self._known)}"
                raise BadRequest(f"{self.where}: no field {key!r}; {guess}")

    def text(self, key: str, default: str | None = None) -> str:
        return self._read(key, default, self._as_text)

    def name(self, key: str, default: str | None = None) -> str:
        """A name that the farm takes for nodes, productions and pools."""
        found = self.text(key, default)
        if found:
            check_name(f"{self.where}.{key}", found)
        return found

    def flag(self, key: str) -> bool:
        found = self._take(key, default=False)
        if not isinstance(found, bool):
            raise self._fault(key, found, "write true or false")
        return found

    def number(
        self, key: str, default: float | None = None, *, least: float = 0.0, most: float = 1e12
    ) -> float:
        def read(value: object) -> float:
            return self._as_number(key, value, least, most)

        return self._read(key, default, lambda _, value: read(value))

    def whole(
        self, key: str, default: int | None = None, *, least: int = 0, most: int = 10**9
    ) -> int:
        found = self.number(key, default, least=least, most=most)
        if found != int(found):
            raise self._fault(key, found, "give a whole number")
        return int(found)

    def size(self, key: str, default: str | None = None) -> int:
        return self._read(key, parse_size(default) if default else None, self._as_size)

    def span(self, key: str, default: str | None = None) -> float:
        """Seconds; written 90d, 12h, 30m, 45s, or as a plain number of seconds."""
        return self._read(key, self._as_span(key, default) if default else None, self._as_span)

    def names(self, key: str) -> tuple[str, ...]:
        found = self._take(key, default=[])
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise self._fault(key, found, 'write a list of names, ["one", "two"]')
        return tuple(found)

    def numbers(self, key: str, count: int) -> tuple[float, ...]:
        found = self._take(key, default=[1.0] * count)
        if not isinstance(found, list) or len(found) != count:
            raise self._fault(key, found, f"write a list of {count} numbers")
        numbers = tuple(self._as_number(key, one, 0.0, 1e6) for one in found)
        if not sum(numbers):
            raise self._fault(key, found, "at least one must be above 0")
        return numbers

    def table(self, key: str) -> Mapping[str, Any]:
        found = self._take(key, default={})
        if not isinstance(found, Mapping):
            raise self._fault(key, found, f"write it as [{key}.NAME]")
        return found

    def rows(self, key: str, name: str = "name") -> list["Fields"]:
        """The tables of the list `key`; a fault in one is told with its name."""
        found = self._take(key, default=[])
        if not isinstance(found, list):
            raise self._fault(key, found, f"write it as [[{key}]]")
        return [Fields(row, self._where(key, row, at, name)) for at, row in enumerate(found, 1)]

    def _where(self, key: str, row: object, at: int, name: str) -> str:
        label = row.get(name, f"number {at}") if isinstance(row, Mapping) else f"number {at}"
        return (
            f"{self.where}: {key}.{label}"
            if name in ("name", "kind")
            else f"{self.where}: {key} {at}"
        )

    def _take(self, key: str, *, default: Any) -> Any:  # noqa: ANN401 - as the file has it
        self._known.append(key)
        return self._table.get(key, default)

    def _read(self, key: str, default: T | None, read: Callable[[str, object], T]) -> T:
        found = self._take(key, default=None)
        if found is None:
            if default is None:
                raise BadRequest(f"{self.where}: {key} is missing")
            return default
        return read(key, found)

    def _as_text(self, key: str, value: object) -> str:
        if not isinstance(value, str):
            raise self._fault(key, value, 'write text in quotes, "like this"')
        return value

    def _as_number(self, key: str, value: object, least: float, most: float) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._fault(key, value, "give a number")
        if not least <= value <= most:
            raise self._fault(key, value, f"give {least:g} to {most:g}")
        return value

    def _as_size(self, key: str, value: object) -> int:
        try:
            return parse_size(str(value))
        except BadRequest as error:
            raise BadRequest(f"{self.where}: {key}: {error}") from error

    def _as_span(self, key: str, value: object) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return float(value)
        try:
            return float(parse_span(str(value)))
        except BadRequest as error:
            raise BadRequest(f"{self.where}: {key}: {error}") from error

    def _fault(self, key: str, value: object, mend: str) -> BadRequest:
        return BadRequest(f"{self.where}: {key} is {value!r}: {mend}")
