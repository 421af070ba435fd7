"""The farm's recording rules over a week that is there already, as if they had run all along.

promtool evaluates each rule on what the server has, and not on what it is about to record itself:
so what is made of raw series comes first, and what is made of recorded ones in a second round.
"""

import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml

from tools.prometheus import tool
from tools.week.server import serve
from tools.week.truth import Truth

RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "rules.yml"


def record(week: Path, truth: Truth) -> None:
    """Add the recorded series to the blocks of `week`. Raises RuntimeError where promtool fails."""
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    names = {rule["record"] for group in groups for rule in group["rules"]}
    with tempfile.TemporaryDirectory(prefix="rules-") as scratch:
        # The same path in both rounds: from it come the instants at which a group is evaluated.
        rules = Path(scratch) / "rules.yml"
        for second in (False, True):
            chosen = [
                {**one, "rules": [r for r in one["rules"] if _is_second(r, names) is second]}
                for one in groups
            ]
            rules.write_text(yaml.safe_dump({"groups": chosen}, sort_keys=False), "utf-8")
            with serve(week) as url:
                _evaluate(rules, url, week / "blocks", truth)


def _is_second(rule: dict[str, Any], names: set[str]) -> bool:
    return any(name in rule["expr"] for name in names)


def _evaluate(rules: Path, url: str, blocks: Path, truth: Truth) -> None:
    made = subprocess.run(
        [
            *(tool("promtool"), "tsdb", "create-blocks-from", "rules"),
            *(f"--start={truth.begins_at}", f"--end={truth.ends_at}"),
            *(f"--url={url}", f"--output-dir={blocks}", rules),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise RuntimeError(f"promtool recorded nothing: {made.stderr.strip()}")
