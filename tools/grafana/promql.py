"""What a query asks for: the series that it names, with their labels and windows.

Not a parser: it reads the few forms that the boards use. Whether a query is right is Prometheus's
to say (`asking`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_GROUPING = re.compile(
    r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\((?P<labels>[^()]*)\)"
)
_NAME = re.compile(
    r"(?<![\w:$.])(?P<name>[a-zA-Z_:][\w:]*)(?P<matchers>\{[^}]*\})?(?P<window>\[[^\]]*\])?(?P<call>\s*\()?"
)
_MATCHER = re.compile(r'(?P<label>\w+)\s*(?P<how>=~|!~|!=|=)\s*"(?P<value>(?:[^"\\]|\\.)*)"')
_WORDS = {"and", "or", "unless", "on", "by", "bool", "offset", "end", "start"}
_WORDS |= {"group_left", "group_right", "ignoring", "without"}


@dataclass(frozen=True, slots=True)
class Matcher:
    """`label="value"` and its kin."""

    label: str
    how: str
    value: str


@dataclass(frozen=True, slots=True)
class Selector:
    """A series that is named in a query."""

    name: str
    matchers: tuple[Matcher, ...]
    window: str  #: "" for its value now
    function: str  #: that it stands in at once; "" for none


def selectors(expr: str) -> Iterator[Selector]:
    """Every series that `expr` names."""
    bare = _GROUPING.sub(" ", expr)
    for found in _NAME.finditer(_without_strings(bare)):
        if found["call"] or found["name"] in _WORDS:
            continue
        before = re.search(r"(\w+)\s*\(\s*$", bare[: found.start()])
        yield Selector(
            found["name"],
            tuple(
                Matcher(one["label"], one["how"], one["value"])
                for one in _MATCHER.finditer(bare[found.start() : found.end()])
            ),
            (found["window"] or "").strip("[]"),
            before[1] if before else "",
        )


def groupings(expr: str) -> set[str]:
    """Labels that `expr` groups or joins by."""
    told = (found["labels"].split(",") for found in _GROUPING.finditer(expr))
    return {label.strip() for labels in told for label in labels} - {""}


def _without_strings(expr: str) -> str:
    """`expr` of the same length, with nothing in its strings that looks like a name."""
    return _STRING.sub(lambda found: '"' + "." * (len(found[0]) - 2) + '"', expr)
