"""A real Prometheus that serves a week."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import urllib3

from tools.prometheus import tool

READY_SECONDS = 60.0


@contextmanager
def serve(blocks: Path, *others: Path) -> Iterator[str]:
    """The URL of a Prometheus on a free port that has these blocks and scrapes nothing.

    `blocks` may be a week as well.
    """
    own = blocks / "blocks" if (blocks / "blocks").is_dir() else blocks
    # Beside the week, so that its blocks can be linked: the server writes into its own folder only.
    with tempfile.TemporaryDirectory(prefix="served-", dir=own.parent) as scratch:
        config = Path(scratch) / "prometheus.yml"
        config.write_text("scrape_configs: []\n", "utf-8")
        data = Path(scratch) / "data"
        for folder in (own, *others):
            shutil.copytree(folder, data, copy_function=os.link, dirs_exist_ok=True)
        port = _free_port()
        server = subprocess.Popen(_command(config, data, port), stderr=subprocess.PIPE)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_ready(url, server)
            yield url
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate()


def _command(config: Path, data: Path, port: int) -> list[str]:
    return [
        str(tool("prometheus")),
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--storage.tsdb.retention.time=100y",
        "--storage.tsdb.min-block-duration=2h",
        "--storage.tsdb.max-block-duration=2h",  # no compaction: the blocks stay as they are
        "--log.level=error",
    ]


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def wait_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    """Return once the server answers at `url`. Raises RuntimeError when it ends or takes long."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            said = server.stderr.read().decode().strip() if server.stderr else ""
            raise RuntimeError(f"prometheus ended: {said}")
        try:
            if urllib3.request("GET", f"{url}/-/ready", retries=False, timeout=5.0).status == 200:
                return
        except urllib3.exceptions.HTTPError:
            pass
        time.sleep(0.02)
    raise RuntimeError(f"prometheus was not ready within {READY_SECONDS:g} s")
