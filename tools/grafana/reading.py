"""The committed dashboards, read back as what Grafana will see."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboards"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One query of a panel."""

    letter: str
    expr: str
    legend: str
    instant: bool
    exemplars: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A panel as it is committed; `raw` is all of it."""

    board: str
    title: str
    kind: str
    queries: tuple[Query, ...]
    raw: Mapping[str, Any]

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Left, top, width and height on the grid."""
        at = self.raw["gridPos"]
        return at["x"], at["y"], at["w"], at["h"]

    @property
    def defaults(self) -> Mapping[str, Any]:
        """Unit, bounds and colours that hold for all its series."""
        found: Mapping[str, Any] = self.raw.get("fieldConfig", {}).get("defaults", {})
        return found

    def set_for(self, series: str) -> dict[str, Any]:
        """What is set for the series or column of that name alone."""
        return {
            one["id"]: one.get("value")
            for override in self.raw.get("fieldConfig", {}).get("overrides", [])
            if override["matcher"] == {"id": "byName", "options": series}
            for one in override["properties"]
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A dashboard as it is committed."""

    uid: str
    title: str
    panels: tuple[Shown, ...]  #: without the titles of its parts
    variables: Mapping[str, Mapping[str, Any]]
    raw: Mapping[str, Any]


def sheets() -> list[Sheet]:
    """Every committed dashboard, by name."""
    return [sheet_of(json.loads(path.read_text("utf-8"))) for path in sorted(FOLDER.glob("*.json"))]


def sheet_of(raw: Mapping[str, Any]) -> Sheet:
    """The dashboard that Grafana would make of `raw`."""
    return Sheet(
        uid=raw["uid"],
        title=raw["title"],
        panels=tuple(_shown(raw["uid"], one) for one in raw["panels"] if one["type"] != "row"),
        variables={one["name"]: one for one in raw["templating"]["list"]},
        raw=raw,
    )


def _shown(board: str, raw: Mapping[str, Any]) -> Shown:
    return Shown(
        board=board,
        title=raw["title"],
        kind=raw["type"],
        queries=tuple(
            Query(
                letter=one["refId"],
                expr=one["expr"],
                legend=one.get("legendFormat", ""),
                instant=bool(one.get("instant")),
                exemplars=bool(one.get("exemplar")),
            )
            for one in raw["targets"]
        ),
        raw=raw,
    )
