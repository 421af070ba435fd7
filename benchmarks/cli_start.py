"""What `farm --help` costs before it says a word, against a bare `python -c pass`."""

import os
import subprocess
import sys

from benchmarks.table import Report, Row, Target, ratios, run

REPETITIONS, QUICK_REPETITIONS = 30, 10
BARE = (sys.executable, "-c", "pass")
HELP = (sys.executable, "-m", "farm.cli.main", "--help")


def measure(quick: bool) -> Report:
    """CPU time of both, in turn."""
    repetitions = QUICK_REPETITIONS if quick else REPETITIONS
    for command in (BARE, HELP):
        _cpu_seconds(*command)  # compiles what is new
    pairs = [(_cpu_seconds(*HELP), _cpu_seconds(*BARE)) for _ in range(repetitions)]
    ours, bare = zip(*pairs, strict=True)
    return Report(
        name="cli_start",
        title=f"CPU time of `farm --help`, {repetitions} times",
        rows=(
            Row(what="farm --help", unit="ms", values=tuple(1000 * one for one in ours)),
            Row(what="python -c pass", unit="ms", values=tuple(1000 * one for one in bare)),
            Target(what="farm / python", unit="x", values=ratios(ours, bare), bound=5.0),
        ),
    )


def _cpu_seconds(*command: str) -> float:
    """User and system time of one process and all it waited for."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with exit code {child.returncode}")
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    run(measure)
