"""A Prometheus, asked over HTTP as Grafana asks it."""

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

import urllib3


class Refused(Exception):
    """Prometheus did not answer the query; it says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series of an answer: instants in Unix seconds, and values; NaN is no value."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]

    @property
    def last(self) -> float | None:
        """Its last value."""
        return self.points[-1][1] if self.points else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a query brought, without series that have no value, and how long it took."""

    series: tuple[Series, ...]
    seconds: float


class Prometheus:
    """The server at `url`."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._http = urllib3.PoolManager(retries=False, timeout=30)

    def now(self, expr: str, at: float) -> Answer:
        """The value of `expr` at the Unix second `at`. Raises Refused."""
        return self._asked("query", {"query": expr, "time": f"{at:.3f}"})

    def over(self, expr: str, since: float, until: float, step: float) -> Answer:
        """Its values each `step` seconds. Raises Refused."""
        fields = {"query": expr, "start": f"{since:.3f}", "end": f"{until:.3f}"}
        return self._asked("query_range", {**fields, "step": f"{step:g}"})

    def values_of(self, metric: str, label: str, since: float, until: float) -> list[str]:
        """What `label` of `metric` was in that time. Raises Refused."""
        fields = {"match[]": metric, "start": f"{since:.0f}", "end": f"{until:.0f}"}
        return sorted(self._read(f"label/{label}/values", fields)[0])

    def exemplars(self, expr: str, since: float, until: float) -> list[dict[str, Any]]:
        """Those of the series that `expr` asks for, with their labels. Raises Refused."""
        fields = {"query": expr, "start": f"{since:.3f}", "end": f"{until:.3f}"}
        found = self._read("query_exemplars", fields)[0]
        return [one for series in found for one in series["exemplars"]]

    def told(self, what: str) -> Any:  # noqa: ANN401 - JSON
        """What it says of its "targets", "rules" or "alerts". Raises Refused."""
        return self._read(what, {})[0]

    def cpu_seconds(self) -> float:
        """CPU time that the server has used. Raises Refused."""
        answer = self._http.request("GET", f"{self._url}/metrics")
        told = re.search(rb"^process_cpu_seconds_total (\S+)", answer.data, re.MULTILINE)
        if told is None:
            raise Refused("the server tells nothing of its own CPU time at /metrics")
        return float(told[1])

    def _asked(self, how: str, fields: Mapping[str, str]) -> Answer:
        data, seconds = self._read(how, fields)
        return Answer(series=_series(data["result"]), seconds=seconds)

    def _read(self, path: str, fields: Mapping[str, str]) -> tuple[Any, float]:
        began = time.perf_counter()
        answer = self._http.request("GET", f"{self._url}/api/v1/{path}", fields=dict(fields))
        seconds = time.perf_counter() - began
        told = json.loads(answer.data)
        if told["status"] != "success":
            raise Refused(told["error"])
        return told["data"], seconds


def _series(result: Sequence[Mapping[str, Any]]) -> tuple[Series, ...]:
    found = []
    for one in result:
        raw = one["values"] if "values" in one else [one["value"]]
        points = ((float(at), float(value)) for at, value in raw)
        kept = tuple(point for point in points if not isnan(point[1]))
        if kept:
            found.append(Series(labels=one["metric"], points=kept))
    return tuple(found)
