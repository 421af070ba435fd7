"""The service as a process of its own, and what it says."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMAND = [sys.executable, "-m", "farm.service"]


def service(
    store_url: str, folder: Path, *words: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """A service that ends by itself."""
    return subprocess.run(
        [*COMMAND, *words],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env=_environment(store_url, folder, environment),
    )


class Running:
    """A service that listens."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def said(self) -> str:
        return self._log.read_text("utf-8")

    @property
    def url(self) -> str:
        """Where it listens, once it does; else ""."""
        line = next((line for line in self.said.splitlines() if "listening on " in line), "")
        return line.partition("listening on ")[2].partition('"')[0]


@contextmanager
def running(store_url: str, folder: Path, *words: str, **environment: str) -> Iterator[Running]:
    """A service on a port of its own, until the end of the block."""
    log = folder / f"service-{len(list(folder.glob('service-*')))}.log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [*COMMAND, "--port", "0", *words],
            stderr=output,
            text=True,
            env=_environment(store_url, folder, environment),
        )
    try:
        yield Running(process, log)
    finally:
        process.terminate()
        process.wait(timeout=15)


def _environment(store_url: str, folder: Path, more: dict[str, str]) -> dict[str, str]:
    ours = {"FARM_REDIS_URL": store_url, "FARM_FILES": str(folder / "files")}
    return {**os.environ, **ours, **more}
