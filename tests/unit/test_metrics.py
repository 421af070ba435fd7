"""The table of metrics keeps Prometheus's rules, and the page is drawn from it."""

import re

import pytest

from farm.model.metrics import CATALOGUE, Kind, Metric
from tools import draw_metrics

#: What a name ends with, by the unit of its values.
ENDINGS = {"seconds": "_seconds", "unix seconds": "_timestamp_seconds", "bytes": "_bytes"}
ENDINGS |= {"ratio": "_ratio", "watts": "_watts", "joules": "_joules", "cores": "_cores"}
ENDINGS |= {"core-seconds": "_seconds", "node-seconds": "_seconds", "GPU-seconds": "_seconds"}
#: A label for jobs, frames, users or paths of them would make a series for each.
BOUNDED = {"pool", "state", "outcome", "reason", "production", "node", "version", "limit", "use"}
OF_A_NODE = {"mode", "kind", "path", "direction", "gpu", "source", "result"}


def name_of(metric: Metric) -> str:
    return metric.name


@pytest.mark.parametrize("metric", CATALOGUE, ids=name_of)
def test_a_metric_is_named_after_what_it_counts_and_in_which_unit(metric: Metric) -> None:
    stem = metric.name.removesuffix("_total")

    assert re.fullmatch(r"farm_[a-z]+(_[a-z]+)*", metric.name)
    assert (metric.kind is Kind.COUNTER) == metric.name.endswith("_total")
    assert stem.endswith(ENDINGS.get(metric.unit, ""))
    assert metric.help.endswith(".")
    assert "percent" not in metric.name


@pytest.mark.parametrize("metric", CATALOGUE, ids=name_of)
def test_no_label_grows_with_the_work(metric: Metric) -> None:
    assert set(metric.labels) <= BOUNDED | OF_A_NODE


def test_no_two_metrics_share_a_series_or_a_base_name() -> None:
    series = [name for metric in CATALOGUE for name in metric.series()]
    bases = [metric.name.removesuffix("_total").removesuffix("_info") for metric in CATALOGUE]

    assert len(set(series)) == len(series)
    assert len(set(bases)) == len(bases)


def test_the_page_of_metrics_is_what_the_table_draws() -> None:
    assert draw_metrics.PAGE.read_text("utf-8") == draw_metrics.page()
