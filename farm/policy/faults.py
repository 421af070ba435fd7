"""Faults of a request, collected so that all of them can be told at once. Pure."""

from collections.abc import Callable
from typing import TypeVar

from farm.model.errors import BadRequest

T = TypeVar("T")


class Faults:
    """Collects what is wrong, so that all of it can be told at once."""

    def __init__(self) -> None:
        self._found: list[BadRequest] = []

    def add(self, error: BadRequest) -> None:
        """Keep `error` for later."""
        self._found.append(error)

    def catch(self, step: Callable[[], T], instead: T) -> T:
        """The value of `step`, or `instead` when it finds a fault."""
        try:
            return step()
        except BadRequest as error:
            self._found.append(error)
            return instead

    def check(self, good: bool, fault: str) -> None:
        """Note `fault` unless `good`."""
        if not good:
            self._found.append(BadRequest(fault))

    def tell(self) -> None:
        """Raise what was found: a single fault as it is, several as one BadRequest."""
        if len(self._found) == 1:
            raise self._found[0]
        if self._found:
            raise BadRequest("; ".join(str(fault) for fault in self._found))
