"""Rules and alerts ask for what there is, are told of on their page, and have a scenario each."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from farm.model.metrics import CATALOGUE, Source
from tools.grafana.promql import Selector, groupings, selectors

HOUSE = Path(__file__).parents[2]
DEPLOY = HOUSE / "deploy" / "prometheus"
PAGE = (HOUSE / "docs" / "alerts.md").read_text("utf-8")


def rules_of(path: Path) -> list[dict[str, Any]]:
    return [
        rule
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]
        for rule in group["rules"]
    ]


RECORDED = rules_of(DEPLOY / "rules.yml")
ALERTS = rules_of(DEPLOY / "alerts.yml")
NAMES = [alert["alert"] for alert in ALERTS]
SERIES = {name: metric for metric in CATALOGUE for name in metric.series()}
#: What Prometheus adds to what a node tells of itself, as the exporter's /sd has it.
DISCOVERED = {"node", "pool"}


def labels_of(selector: Selector) -> dict[str, tuple[str, ...]]:
    """The labels that a series has, and their values where these are few and known."""
    if selector.name not in SERIES:
        level = selector.name.partition(":")[0]
        metric = selector.name.split(":")[1] + "_total"
        known = SERIES[metric].labels if metric in SERIES else {}
        return {label: known.get(label, ()) for label in level.split("_")}
    metric_ = SERIES[selector.name]
    found = dict(metric_.labels)
    if metric_.source is Source.NODE:
        found |= dict.fromkeys(DISCOVERED, ())
    return found


@pytest.mark.parametrize("rule", [*RECORDED, *ALERTS], ids=lambda r: r.get("record") or r["alert"])
def test_a_rule_asks_only_for_series_and_values_that_there_are(rule: dict[str, Any]) -> None:
    recorded = {one["record"] for one in RECORDED}
    asked = list(selectors(rule["expr"]))

    assert asked
    for one in asked:
        assert one.name in SERIES or one.name in recorded
        known = labels_of(one)
        for matcher in one.matchers:
            assert matcher.label in known
            if known[matcher.label]:
                assert set(matcher.value.split("|")) <= set(known[matcher.label])
    assert groupings(rule["expr"]) <= {label for one in asked for label in labels_of(one)}


@pytest.mark.parametrize("rule", RECORDED, ids=lambda rule: rule["record"])
def test_a_recorded_series_is_named_after_its_level_metric_and_operations(
    rule: dict[str, Any],
) -> None:
    level, _, operations = rule["record"].split(":")
    told = re.fullmatch(r"sum by \((.*?)\).*|.*", rule["expr"], re.DOTALL)
    windows = set(re.findall(r"\[(\w+)\]|:(?:ratio_)?rate(\w+)", rule["expr"]))

    assert told is not None
    if operations == "bool":
        assert level in labels_of(next(selectors(rule["expr"])))
        return
    assert level == ("_".join((told[1] or "farm").split(", ")))
    assert {a or b for a, b in windows} == {re.sub(r"^(ratio_)?rate", "", operations)}
    assert operations.startswith("ratio_") == ("/" in rule["expr"])


def test_every_recorded_series_has_a_value_worked_out_by_hand() -> None:
    told = yaml.safe_load((DEPLOY / "tests" / "recording.yml").read_text("utf-8"))
    exprs = {check["expr"] for one in told["tests"] for check in one["promql_expr_test"]}
    checked = {re.sub(r"^round\((\S+), 0\.000001\)$", r"\1", expr) for expr in exprs}

    assert {rule["record"] for rule in RECORDED} <= checked


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_an_alert_says_how_urgent_it_is_what_is_wrong_and_what_to_do(alert: dict[str, Any]) -> None:
    told = alert["annotations"]

    assert alert["labels"] == {"severity": alert["labels"]["severity"]}
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert told["summary"].endswith(".")
    assert len(told["description"].split()) > 15


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_the_page_has_a_section_for_an_alert_that_begins_with_how_urgent_it_is(
    alert: dict[str, Any],
) -> None:
    section = re.search(
        rf"^## {alert['alert']}\n\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL
    )
    held = alert.get("for", "")

    assert section is not None
    words = section[1]
    began = {"page": "Page", "ticket": "Ticket"}[alert["labels"]["severity"]]
    after = f"after {waits(alert)} min" if held else "at once"
    assert words.startswith(f"{began}, {after}: ")
    assert "\n1. " in words


def waits(alert: dict[str, Any]) -> int:
    """Minutes from the trouble to the alert: what it looks back over as a whole, and its `for`."""
    back = [int(found) for found in re.findall(r"min_over_time\(.*\[(\d+)m:", alert["expr"])]
    return int(alert["for"].removesuffix("m")) + max(back, default=0)


def test_the_page_tells_of_no_other_alerts_and_in_the_same_order() -> None:
    assert re.findall(r"^## (\w+)$", PAGE, re.MULTILINE) == NAMES


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_the_figures_on_the_page_are_those_of_the_rule(alert: dict[str, Any]) -> None:
    section = PAGE.partition(f"## {alert['alert']}\n")[2].partition("\n## ")[0]
    parts = {"0.80": "80 %", "0.20": "a fifth", "0.05": "5 %", "0.10": "a tenth", "0.02": "2 %"}

    for found in re.findall(r"[<>]=? (0\.\d+)", alert["expr"]):
        assert parts[found] in section
    for found in re.findall(r"(\d+) \* 1024\^3", alert["expr"]):
        assert f"{found} GiB" in section


def test_each_alert_has_a_scenario_in_which_it_alone_speaks() -> None:
    for name in NAMES:
        told = yaml.safe_load((DEPLOY / "tests" / f"{name}.yml").read_text("utf-8"))
        first = told["tests"][0]["promql_expr_test"][-1]

        assert told["rule_files"] == ["../rules.yml", "../alerts.yml"]
        assert first["exp_samples"] == [{"labels": f'{{alertname="{name}"}}', "value": 1}]
        assert all(ends_with_a_count_of_all_alerts(one) for one in told["tests"])


def test_what_must_wake_nobody_is_played_too() -> None:
    told = yaml.safe_load((DEPLOY / "tests" / "quiet.yml").read_text("utf-8"))

    assert len(told["tests"]) >= 5
    for one in told["tests"]:
        assert ends_with_a_count_of_all_alerts(one)
        assert one["promql_expr_test"][-1]["exp_samples"] == []


def ends_with_a_count_of_all_alerts(scenario: dict[str, Any]) -> bool:
    """Every alert that ever fired in it is named, from its beginning to its end."""
    last = scenario["promql_expr_test"][-1]
    span = last["eval_time"]
    asked = f'group by (alertname) (count_over_time(ALERTS{{alertstate="firing"}}[{span}]))'
    return bool(last["expr"] == asked and ends_at(scenario) <= seconds(span))


def ends_at(scenario: dict[str, Any]) -> int:
    """Seconds until the last of its samples."""
    step = seconds(scenario["interval"])
    return max(samples(str(one["values"])) - 1 for one in scenario["input_series"]) * step


def samples(values: str) -> int:
    """How many samples promtool makes of `values`; a run `xN` has one more than N."""
    return sum(
        int(part.rpartition("x")[2]) + (not part.startswith("_")) if "x" in part else 1
        for part in values.split()
        if part != "stale"
    )


def seconds(told: str) -> int:
    """Of "1h30m", say."""
    parts = re.findall(r"(\d+)([smhd])", told)
    return sum(
        int(number) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit] for number, unit in parts
    )
