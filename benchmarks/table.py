"""How a benchmark tells what it found: medians, spread over the repetitions, target and verdict."""

import argparse
import json
import signal
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Values = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure, with a value per repetition."""

    what: str
    unit: str
    values: Values

    @property
    def median(self) -> float:
        return statistics.median(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Row):
    """A figure with a bound: the median over the repetitions has to keep to it."""

    bound: float
    at_least: bool = False  #: else at most

    @property
    def passed(self) -> bool:
        return self.median >= self.bound if self.at_least else self.median <= self.bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one benchmark found."""

    name: str
    title: str
    rows: tuple[Row, ...]  #: targets among them
    notes: tuple[str, ...] = field(default=())

    @property
    def passed(self) -> bool:
        return all(row.passed for row in self.rows if isinstance(row, Target))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def ratios(over: Sequence[float], under: Sequence[float]) -> Values:
    """One ratio per repetition: both sides of it stood next to each other in time."""
    return tuple(a / b for a, b in zip(over, under, strict=True))


def run(*measures: Callable[[bool], Report]) -> None:
    """The command line of a benchmark; the exit status tells whether its targets are met."""
    sys.exit(0 if all(one.passed for one in measured(measures, sys.argv[1:])) else 1)


def measured(measures: Sequence[Callable[[bool], Report]], words: Sequence[str]) -> list[Report]:
    """Run `measures` as `words` ask for, and print each report as soon as it is there."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller and fewer: is it sound?")
    parser.add_argument("--json", action="store_true", help="for machines, one object a line")
    asked = parser.parse_args(words)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    reports = []
    try:
        for measure in measures:
            report = measure(asked.quick)
            print(json.dumps(as_dict(report)) if asked.json else as_text(report), flush=True)
            reports.append(report)
    except KeyboardInterrupt:
        sys.exit("stopped; nothing is left running")
    return reports


def as_dict(report: Report) -> dict[str, Any]:
    """`report` for a machine."""
    return {
        "name": report.name,
        "title": report.title,
        "passed": report.passed,
        "rows": [_row_dict(row) for row in report.rows],
        "notes": list(report.notes),
    }


def _row_dict(row: Row) -> dict[str, Any]:
    told: dict[str, Any] = {
        "what": row.what,
        "unit": row.unit,
        "median": row.median,
        "values": list(row.values),
    }
    if isinstance(row, Target):
        told |= {"bound": row.bound, "at_least": row.at_least, "passed": row.passed}
    return told


def as_text(report: Report) -> str:
    """`report` for a person: a small table."""
    wide = max(len(row.what) for row in report.rows)
    lines = [f"\n{report.name}: {report.title}"]
    lines += [f"  {_row_line(row, wide)}" for row in report.rows]
    lines += [f"  note: {note}" for note in report.notes]
    return "\n".join(lines)


def _row_line(row: Row, wide: int) -> str:
    line = f"{row.what:<{wide}}  {_number(row.median):>9} {row.unit:<9}"
    if len(row.values) > 1:
        line += f" {_number(min(row.values)):>9} to {_number(max(row.values)):<9}"
    else:
        line += " " * 22
    if isinstance(row, Target):
        sign = "≥" if row.at_least else "≤"
        verdict = "PASS" if row.passed else "FAIL"
        line += f"  target {sign} {_number(row.bound)} {row.unit}  {verdict}"
    return line.rstrip()


def _number(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
