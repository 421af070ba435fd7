"""A figure in the store that does not agree with what it is derived from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One figure that does not agree with what it is derived from."""

    rule: str  #: what must hold
    where: str  #: "node n1", "layer 3.1", …
    expected: str
    found: str


def compare(rule: str, where: str, expected: object, found: object) -> Iterator[Breach]:
    """A breach of `rule`, unless both are alike."""
    if expected != found:
        yield Breach(rule=rule, where=where, expected=str(expected), found=str(found))


def flat(words: list[Any]) -> dict[str, str]:
    """The hash that a step tells as a flat array."""
    return dict(zip(words[::2], words[1::2], strict=True))
