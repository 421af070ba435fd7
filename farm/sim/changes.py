"""What-if: changes to a scenario's tables before they are read. Raise BadRequest."""

import tomllib
from collections.abc import Mapping
from typing import Any

from farm.model.errors import BadRequest

Tables = dict[str, Any]
_LISTS = {"nodes": "kind", "productions": "name", "mix": "name"}


def expand(tables: Mapping[str, Any], where: str) -> Tables:
    """`tables` with `count = 3` productions written out: name-001, name-002, name-003."""
    found = dict(tables)
    rows: list[Any] = []
    listed = found.get("productions", [])
    for row in listed if isinstance(listed, list) else []:
        count = row.get("count", 1) if isinstance(row, Mapping) else 1
        if not isinstance(count, int) or not 0 <= count <= 10_000:
            raise BadRequest(f"{where}: productions: count is {count!r}: give 0 to 10000")
        if not isinstance(row, Mapping) or "count" not in row:
            rows.append(row)
            continue
        one = {key: value for key, value in row.items() if key != "count"}
        rows += [{**one, "name": f"{one.get('name')}-{n:03d}"} for n in range(1, count + 1)]
    if rows:
        found["productions"] = rows
    return found


def change(tables: Tables, changes: tuple[str, ...], add_nodes: tuple[str, ...]) -> None:
    """Carry out `productions.heron.weight=2` and the like, and `std=50` more nodes."""
    for text in changes:
        path, equals, value = text.partition("=")
        words = path.split(".")
        if not equals or not all(words):
            raise BadRequest(f"--set {text}: write it as productions.heron.weight=2")
        _set(tables, words, _value(value), text)
    for text in add_nodes:
        kind, _, count = text.rpartition("=")
        if not count.isdigit():
            raise BadRequest(f"--add-nodes {text}: write 50, or KIND=50")
        row = _row(tables, "nodes", kind, text)
        row["count"] = row.get("count", 1) + int(count)


def sleep_table(text: str) -> Tables:
    """What `[sleep]` of a file would say, from `floor=64,idle=15m,wake=3m`. Raises BadRequest."""
    found: Tables = {}
    for part in text.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals or not value:
            raise BadRequest(f"--sleep {text}: write it as floor=64,idle=15m,wake=3m")
        found[name] = _value(value)
    return found


def _value(text: str) -> Any:  # noqa: ANN401 - whatever TOML can say
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text  # 128G, heron: text needs no quotes here


def _set(tables: Tables, words: list[str], value: object, text: str) -> None:
    place: Any = tables
    while len(words) > 1:
        word = words.pop(0)
        if word in _LISTS and place is tables:
            place = _row(tables, word, words.pop(0) if len(words) > 1 else "", text)
        else:
            place = place.setdefault(word, {})
        if not isinstance(place, dict):
            raise BadRequest(f"--set {text}: {word} has no fields")
    place[words[0]] = value


def _row(tables: Tables, key: str, name: str, text: str) -> Tables:
    rows = tables.get(key, [])
    for row in rows:
        if isinstance(row, dict) and name in ("", row.get(_LISTS[key])):
            return row
    known = ", ".join(str(row.get(_LISTS[key])) for row in rows[:8])
    raise BadRequest(f"{text}: no {key} {name!r}; there are {known or 'none'}")
