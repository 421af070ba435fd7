"""Metric families of the catalogue, filled: the only place that makes series of the farm.

What is told stands in `farm.model.metrics`; a series that is not there cannot be made here.
"""

from collections.abc import Iterator, Sequence

from prometheus_client import samples
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from farm.model.metrics import CATALOGUE, Kind, Source
from farm.model.usage import Exemplar, Exemplars, Histogram

#: Names and values of an exemplar's labels together, as OpenMetrics 1.0 has it.
MOST_LABEL_CHARACTERS = 128
_BY_NAME = {one.name: one for one in CATALOGUE if one.source is Source.FARM}


class Families:
    """The families of one scrape. Those that nothing was added to are not told of."""

    def __init__(self) -> None:
        self._families: dict[str, Metric] = {}

    def add(self, name: str, value: float, *labels: str) -> None:
        """One value of the gauge or counter `name`, with its labels in the catalogue's order.

        Raises KeyError if the catalogue has no such metric.
        """
        family = self._family(name)
        assert isinstance(family, GaugeMetricFamily | CounterMetricFamily)
        family.add_metric(labels, value)

    def add_histogram(
        self, name: str, seen: Histogram, *labels: str, exemplars: Exemplars | None = None
    ) -> None:
        """The histogram `name` as it stands. Raises KeyError if the catalogue has none such."""
        family = self._family(name)
        assert isinstance(family, HistogramMetricFamily)
        bounds = (*(repr(float(bound)) for bound in seen.bounds), "+Inf")
        told = exemplars or {}
        buckets: list[tuple[str, float] | tuple[str, float, samples.Exemplar]] = [
            (bound, count, as_exemplar(told[number])) if number in told else (bound, count)
            for number, (bound, count) in enumerate(zip(bounds, seen.cumulative(), strict=True))
        ]
        family.add_metric(labels, buckets=buckets, sum_value=seen.total)

    def __iter__(self) -> Iterator[Metric]:
        """In the catalogue's order, so that two scrapes are easy to compare."""
        return (self._families[name] for name in _BY_NAME if name in self._families)

    def _family(self, name: str) -> Metric:
        if name not in self._families:
            self._families[name] = _new(name)
        return self._families[name]


def as_exemplar(one: Exemplar) -> samples.Exemplar:
    """What OpenMetrics takes beside a bucket; names that would be too long for it are left out.

    The job is `job_id`: by `job` Prometheus calls what it scraped, and Grafana shows both as one.
    """
    labels = {"job_id": one.job}
    if one.frame is not None:
        labels["frame"] = str(one.frame)
    room = MOST_LABEL_CHARACTERS - sum(map(len, (*labels, *labels.values())))
    for label, value in (("layer", one.layer), ("node", one.node)):
        if len(label) + len(value) <= room:
            labels[label] = value
            room -= len(label) + len(value)
    return samples.Exemplar(labels, one.value, one.at)


def _new(name: str) -> Metric:
    told = _BY_NAME[name]
    labels: Sequence[str] = tuple(told.labels)
    match told.kind:
        case Kind.GAUGE:
            return GaugeMetricFamily(name, told.help, labels=labels)
        case Kind.COUNTER:
            return CounterMetricFamily(name, told.help, labels=labels)
        case Kind.HISTOGRAM:
            return HistogramMetricFamily(name, told.help, labels=labels)
