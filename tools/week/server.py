"""A real Prometheus that serves a week."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.prometheus_server import running

_KEPT_AS_IT_IS = (
    "--storage.tsdb.retention.time=100y",
    "--storage.tsdb.min-block-duration=2h",
    "--storage.tsdb.max-block-duration=2h",  # no compaction
)


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
        with running(config, data, *_KEPT_AS_IT_IS) as url:
            yield url
