"""Logs of attempts on the shared storage, read from their end: a renderer may write gigabytes."""

import os
from pathlib import Path

MOST_BYTES = 4 * 1024 * 1024


def read_log(path: Path, *, lines: int | None = None) -> tuple[list[str], bool] | None:
    """The last `lines` of the log (all when None), and whether that is all of it.

    None when it cannot be read. Never more than the last 4 MiB.
    """
    try:
        with path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            start = log.seek(max(0, size - MOST_BYTES))
            text = log.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
    found = text.splitlines()
    if start and found:
        del found[0]  # most likely half a line
    shown = found if lines is None else found[-lines:]
    return shown, not start and len(shown) == len(found)
