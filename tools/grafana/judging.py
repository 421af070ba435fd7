"""What is wrong with the committed dashboards: lint, in words; nothing wrong is an empty list."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml

from farm.model.metrics import CATALOGUE, Kind, Metric, Source, Values
from tools.grafana.promql import Selector, groupings, selectors
from tools.grafana.reading import FOLDER, Sheet, Shown

RULES = FOLDER.parents[1] / "prometheus" / "rules.yml"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24
#: Prometheus's own.
_FOREIGN = {"ALERTS": {"alertname", "alertstate"}}
#: What Grafana puts in itself.
_BUILT_IN = {"__rate_interval", "__range", "__range_s", "__interval"}
_RATES = {"rate", "increase"}
_SERIES: dict[str, Metric] = {name: one for one in CATALOGUE for name in one.series()}


def faults(sheets: Iterable[Sheet], *, recorded: set[str]) -> list[str]:
    """All that is wrong; `recorded` are the names that rules write."""
    sheets = list(sheets)
    uids = {sheet.uid for sheet in sheets}
    found = [] if len(uids) == len(sheets) else ["two boards have the same uid"]
    for sheet in sheets:
        found += [f"{sheet.uid}: {fault}" for fault in _of_sheet(sheet)]
        for panel in sheet.panels:
            told = [*_of_panel(panel), *_of_links(panel, sheets)]
            for query in panel.queries:
                told += _of_query(query.expr, sheet, recorded)
                if query.exemplars and not _has_exemplars(query.expr):
                    told.append(f"{query.letter} asks for exemplars of what has none")
            found += [f"{sheet.uid}, {panel.title!r}: {fault}" for fault in told]
    return found


def recorded_names(path: Path = RULES) -> set[str]:
    """What the recording rules write."""
    groups = yaml.safe_load(path.read_text("utf-8"))["groups"]
    return {rule["record"] for group in groups for rule in group["rules"]}


def _of_sheet(sheet: Sheet) -> Iterator[str]:
    if not sheet.raw.get("description"):
        yield "the board says not what it is for"
    if sheet.raw.get("editable") is not False:
        yield "it can be edited in Grafana, where nobody reviews it"
    ids = [one.get("id") for one in sheet.raw["panels"]]
    if None in ids or len(set(ids)) != len(ids):
        yield "panels without an id of their own"
    titles = [panel.title for panel in sheet.panels]
    yield from (f"two panels are called {one!r}" for one in set(titles) if titles.count(one) > 1)
    places = [(one["title"], one["gridPos"]) for one in sheet.raw["panels"]]
    for (first, a), (second, b) in combinations(places, 2):
        if _overlap(a, b):
            yield f"{first!r} lies over {second!r}"
    yield from (f"{name!r} leaves the grid" for name, at in places if at["x"] + at["w"] > WIDTH)
    for name, variable in sheet.variables.items():
        yield from (f"variable {name}: {fault}" for fault in _of_variable(variable))


def _overlap(a: dict[str, int], b: dict[str, int]) -> bool:
    across = a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"]
    return across and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]


def _of_variable(variable: Mapping[str, Any]) -> Iterator[str]:
    if variable["type"] == "datasource":
        return
    if variable.get("datasource") != SOURCE:
        yield "asks another data source than the chosen one"
    if variable.get("refresh") != 2:
        yield "is not read again when the time changes"
    if not (variable.get("multi") and variable.get("includeAll")):
        yield "one cannot choose several, or all"
    if variable.get("allValue") != ".*":
        yield "All leaves out what has no value"
    asked = re.fullmatch(r"label_values\((\w+), (\w+)\)", str(variable["query"]["query"]))
    if not asked or asked[2] not in _labels(_SERIES[asked[1]]):
        yield "asks for values of a label that is not there"


def _of_panel(panel: Shown) -> Iterator[str]:
    if not panel.title:
        yield "no title"
    if len(str(panel.raw.get("description", "")).split()) < 8:
        yield "says not what it means and what to do"
    if panel.raw.get("datasource") != SOURCE:
        yield "asks another data source than the chosen one"
    if any(one.get("datasource") != SOURCE for one in panel.raw["targets"]):
        yield "a query asks another data source than the chosen one"
    if not panel.queries:
        yield "asks nothing"
    letters = [query.letter for query in panel.queries]
    if len(set(letters)) != len(letters):
        yield "two queries have the same letter"
    yield from _of_form(panel)


def _of_form(panel: Shown) -> Iterator[str]:
    """Unit, bounds and what is said of nothing."""
    if not panel.defaults.get("unit"):
        yield "no unit"
    now = panel.kind in {"stat", "bargauge"}
    always = any("vector(0)" in query.expr for query in panel.queries)
    if now and not always and not panel.defaults.get("noValue"):
        yield "says nothing where there is no value"
    if now and not all(query.instant for query in panel.queries):
        yield "reads a whole range to show its end"
    if panel.kind == "stat" and not panel.defaults.get("thresholds", {}).get("steps"):
        yield "no colours for its values"
    bounds = (panel.defaults.get("min"), panel.defaults.get("max"))
    part = panel.kind == "timeseries" and panel.defaults.get("unit") == "percentunit"
    if part and bounds != (0, 1):
        yield "a part of a whole is not drawn from 0 to 1"


def _of_links(panel: Shown, sheets: Iterable[Sheet]) -> Iterator[str]:
    boards = {sheet.uid: sheet for sheet in sheets}
    for uid, rest in re.findall(r'"/d/([\w-]+)\?([^"]*)"', repr(panel.raw).replace("'", '"')):
        if uid not in boards:
            yield f"leads to a board {uid!r} that is not there"
            continue
        for name in re.findall(r"&var-(\w+)=", rest):
            if name not in boards[uid].variables:
                yield f"leads to {uid} with a variable {name!r} that it does not have"


def _of_query(expr: str, sheet: Sheet, recorded: set[str]) -> Iterator[str]:
    for name in re.findall(r"\$\{?(\w+)", expr):
        if name not in sheet.variables and name not in _BUILT_IN:
            yield f"there is no variable ${name}"
    labels: set[str] = set()
    for selector in selectors(expr):
        there = _labels_of(selector.name, recorded)
        if there is None:
            yield f"there is no metric {selector.name}"
            continue
        labels |= there.keys()
        yield from _of_selector(selector, there)
    yield from (f"groups by {one!r}, which none has" for one in groupings(expr) - labels)


def _has_exemplars(expr: str) -> bool:
    """All that it asks for are buckets of histograms that have some."""
    names = [selector.name for selector in selectors(expr)]
    return all(name.endswith("_bucket") and _SERIES[name].exemplars for name in names)


def _labels_of(name: str, recorded: set[str]) -> dict[str, Values] | None:
    """The labels of a series, with their values where these are known; None: there is no such."""
    if name in _FOREIGN:
        return dict.fromkeys(_FOREIGN[name], ())
    if name in recorded:
        level = name.partition(":")[0]
        return dict.fromkeys([] if level == "farm" else level.split("_"), ())
    if name not in _SERIES:
        return None
    found = _labels(_SERIES[name])
    return {**found, "le": ()} if name.endswith("_bucket") else found


def _labels(metric: Metric) -> dict[str, Values]:
    """What its exporter gives it, and what Prometheus adds on the way."""
    added: dict[str, Values] = {"node": (), "pool": ()} if metric.source is Source.NODE else {}
    return {**added, **metric.labels}


def _of_selector(selector: Selector, there: dict[str, Values]) -> Iterator[str]:
    for one in selector.matchers:
        if one.label not in there:
            yield f"{selector.name} has no label {one.label!r}"
            continue
        known = there[one.label]
        if known and not one.value.startswith("$"):
            unknown = set(one.value.split("|")) - set(known)
            yield from (f"{selector.name} has no {one.label} {value!r}" for value in unknown)
    metric = _SERIES.get(selector.name)
    rated = selector.function in _RATES and selector.window != ""
    if metric and metric.kind is Kind.GAUGE and rated:
        yield f"{selector.name} is a gauge, and has no rate"
    if metric and metric.kind is not Kind.GAUGE and not rated:
        yield f"{selector.name} counts from a beginning: ask for its rate or increase"
