"""The farm's recording rules over a week that is there already, as if they had run all along.

Prometheus evaluates each rule at each of its instants, by range queries; promtool makes blocks of
what they told. What is made of raw series comes first, what is made of recorded ones second.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from tools.grafana.prometheus import Prometheus
from tools.week.blocks import BLOCK_SECONDS, make_blocks
from tools.week.families import series
from tools.week.server import serve
from tools.week.truth import Truth

RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "rules.yml"
_SECONDS = {"s": 1, "m": 60}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One recording rule, and how often it is evaluated."""

    name: str
    expr: str
    seconds: int


def record(week: Path, truth: Truth, promtool: Path, tell: Callable[[float], None]) -> None:
    """Add the recorded series to the blocks of `week`; `tell` hears how much is done, 0 to 1."""
    rules = list(rules_of(RULES))
    names = [rule.name for rule in rules]
    first = [rule for rule in rules if not any(name in rule.expr for name in names)]
    with tempfile.TemporaryDirectory(prefix="recorded-", dir=week) as scratch:
        texts, early = Path(scratch) / "texts", Path(scratch) / "early"
        texts.mkdir()
        with serve(week / "blocks") as url:
            _tell_all(first, Prometheus(url), truth, texts, lambda part: tell(part / 2))
        make_blocks(texts, early, promtool)
        with serve(week / "blocks", early) as url:
            second = [rule for rule in rules if rule not in first]
            _tell_all(second, Prometheus(url), truth, texts, lambda part: tell(0.5 + part / 2))
        make_blocks(texts, week / "blocks", promtool)


def rules_of(path: Path) -> Iterator[Rule]:
    """All recording rules of a file of rules."""
    for group in yaml.safe_load(path.read_text("utf-8"))["groups"]:
        every = group["interval"]
        seconds = int(every[:-1]) * _SECONDS[every[-1]]
        for rule in group["rules"]:
            yield Rule(name=rule["record"], expr=rule["expr"], seconds=seconds)


def _tell_all(
    rules: list[Rule],
    prometheus: Prometheus,
    truth: Truth,
    texts: Path,
    tell: Callable[[float], None],
) -> None:
    """What `rules` told, as text, a file for each block."""
    begins = range(truth.begins_at, truth.ends_at + 1, BLOCK_SECONDS)
    for number, since in enumerate(begins):
        tell(number / len(begins))
        path = texts / f"{since // BLOCK_SECONDS}.openmetrics"
        with path.open("a", encoding="utf-8") as file:
            for rule in rules:
                until = min(since + BLOCK_SECONDS - rule.seconds, truth.ends_at)
                file.writelines(_lines(rule, prometheus, since, until))


def _lines(rule: Rule, prometheus: Prometheus, since: int, until: int) -> Iterator[str]:
    for told in prometheus.over(rule.expr, since, until, rule.seconds).series:
        labels = {key: value for key, value in told.labels.items() if key != "__name__"}
        name = series(rule.name, labels, target={})
        for at, value in told.points:
            yield f"{name}{value!r} {at:.0f}\n"
