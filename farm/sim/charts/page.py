"""What a run leaves in its folder: every number."""

import json
from collections.abc import Sequence
from pathlib import Path

from farm.sim.outcome import Outcome


def write(folder: Path, runs: Sequence[Outcome]) -> Path:
    """Write `numbers.json` into `folder`; the file to look at."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "numbers.json"
    path.write_text(json.dumps([run.as_json() for run in runs], indent=2), "utf-8")
    return path
