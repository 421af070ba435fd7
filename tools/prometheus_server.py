"""A real Prometheus on a free port of this machine, for as long as it is needed."""

import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import urllib3

from farm.up.port import HOST, free_port
from tools.prometheus import tool

READY_SECONDS = 60.0
#: Without it Prometheus reads exemplars and keeps none.
FEATURES = "--enable-feature=exemplar-storage"


@contextmanager
def running(config: Path, data: Path, *options: str) -> Iterator[str]:
    """The URL of a server with this configuration file, which keeps its blocks in `data`.

    Raises Missing, and RuntimeError when it does not come up.
    """
    port = free_port()
    command = [
        str(tool("prometheus")),
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        f"--web.listen-address={HOST}:{port}",
        "--log.level=error",
        FEATURES,
        *options,
    ]
    with tempfile.TemporaryFile() as said:
        server = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        try:
            url = f"http://{HOST}:{port}"
            if not _is_ready(url, server):
                said.seek(0)
                words = said.read().decode("utf-8", "replace").strip()
                raise RuntimeError(f"prometheus ended: {words}")
            yield url
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()


def _is_ready(url: str, server: subprocess.Popen[bytes]) -> bool:
    """Wait until it answers; False when it ended. Raises RuntimeError when it takes long."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            return False
        try:
            if urllib3.request("GET", f"{url}/-/ready", retries=False, timeout=5.0).status == 200:
                return True
        except urllib3.exceptions.HTTPError:
            pass
        time.sleep(0.02)
    raise RuntimeError(f"prometheus was not ready within {READY_SECONDS:g} s")
