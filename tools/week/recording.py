"""The farm's recording rules over a week that is there already, as if they had run all along.

The server itself evaluates them, over a range. promtool can do that too, but makes a block for each
rule and two hours: thousands of a week, and every later question has to look into all of them.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from tools.grafana.prometheus import Prometheus
from tools.grafana.promql import selectors
from tools.prometheus import tool
from tools.week.server import serve
from tools.week.truth import Truth

RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "rules.yml"
_AT_ONCE_SECONDS = 86_400  #: of the week are asked for in one question


def record(week: Path, truth: Truth) -> None:
    """Add what `RULES` record to the blocks of `week`, as often as they do, or each minute.

    Rules that ask for what others record come after these. Raises RuntimeError if promtool fails.
    """
    ahead = list(_rules())
    while ahead:
        to_come = {rule.name for rule in ahead}
        now = [rule for rule in ahead if not to_come & rule.asked]
        with serve(week) as url, tempfile.TemporaryDirectory(dir=week) as scratch:
            told = Path(scratch) / "recorded.openmetrics"
            for at in range(truth.begins_at, truth.ends_at, _AT_ONCE_SECONDS):
                end = min(at + _AT_ONCE_SECONDS, truth.ends_at)
                with told.open("w", encoding="utf-8") as file:
                    for rule in now:
                        file.writelines(rule.lines(Prometheus(url), at, end))
                    file.write("# EOF\n")
                _to_blocks(told, week / "blocks")
        ahead = [rule for rule in ahead if rule not in now]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    name: str
    expr: str
    every_seconds: int

    @property
    def asked(self) -> set[str]:
        """The series that it asks for."""
        return {one.name for one in selectors(self.expr)}

    def lines(self, prometheus: Prometheus, start: int, end: int) -> Iterator[str]:
        """What it would have recorded before `end`, as text."""
        answer = prometheus.over(self.expr, start, end - 1, self.every_seconds)
        for one in answer.series:
            told = ",".join(f'{key}="{value}"' for key, value in one.labels.items())
            yield from (f"{self.name}{{{told}}} {value!r} {at:.0f}\n" for at, value in one.points)


def _rules() -> Iterator[_Rule]:
    for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"]:
        every = re.fullmatch(r"(\d+)([sm])", group["interval"])
        assert every is not None
        seconds = int(every[1]) * {"s": 1, "m": 60}[every[2]]
        for rule in group["rules"]:
            yield _Rule(name=rule["record"], expr=rule["expr"], every_seconds=max(60, seconds))


def _to_blocks(told: Path, blocks: Path) -> None:
    words = ("tsdb", "create-blocks-from", "openmetrics", "-q", str(told), str(blocks))
    made = subprocess.run([tool("promtool"), *words], capture_output=True, text=True, check=False)
    if made.returncode:
        raise RuntimeError(f"promtool made no blocks of what was recorded: {made.stderr.strip()}")
