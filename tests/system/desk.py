"""A studio's desk under test: the `farm` command in a home of its own, far from the farm."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "farm.cli.main"]


class Desk:
    """Runs `farm …` as an artist would, against one service."""

    def __init__(self, home: Path, url: str, *, token: str = "") -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.url = url
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FARM_")}
        self.environment = {
            **kept,
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home / "cache"),
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PYTHONUNBUFFERED": "1",
            "FARM_URL": url,
            **({"FARM_TOKEN": token} if token else {}),
        }

    def begin(self, *words: str) -> "subprocess.Popen[str]":
        """Start `farm WORDS`, to be read from or killed."""
        return subprocess.Popen(
            [*COMMAND, *words],
            cwd=self.home,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, seconds: float = 120) -> "subprocess.CompletedProcess[str]":
        """Run `farm WORDS` to its end, whatever that is."""
        return subprocess.run(
            [*COMMAND, *words],
            cwd=self.home,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def ask(self, *words: str, seconds: float = 120) -> Any:
        """What `farm WORDS --json` says; it must end well."""
        done = self.run(*words, "--json", seconds=seconds)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
