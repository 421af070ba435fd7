"""Child processes that never outlive us: what every part of a farm on one machine is started as.

A child leads its own process group, so a Ctrl-C meant for us does not reach it, and the kernel
kills it when we die, be it by kill -9. The kernel ties the child to the *thread* that started it:
start children from a thread that lives as long as they should.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


def start_child(
    command: Sequence[str],
    *,
    log: Path,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    feed: bytes = b"",
    keep_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start `command` with its output appended to `log` and `feed` as its standard input.

    Raises OSError when the command cannot be run or the log not be written.
    """
    parent = os.getpid()

    def tie() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # we died between fork and prctl: nobody will send the signal
            os._exit(1)

    with log.open("ab") as output:
        # preexec_fn is safe here: `tie` allocates nothing that another thread could hold locked.
        child = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=None if environment is None else dict(environment),
            pass_fds=tuple(keep_fds),
            process_group=0,
            preexec_fn=tie,  # noqa: PLW1509
        )
    _feed(child, feed)
    return child


def _feed(child: subprocess.Popen[bytes], feed: bytes) -> None:
    assert child.stdin is not None
    try:
        child.stdin.write(feed)
        child.stdin.close()
    except BrokenPipeError:  # it died at once; whoever waits for it will see why in the log
        return


def end_child(
    child: subprocess.Popen[bytes], *, grace_seconds: float, hard_seconds: float = 2.0
) -> None:
    """Ask `child` to end, ask again once its grace is over, and then kill its whole group."""
    if child.returncode is not None:
        return
    for seconds in (grace_seconds, hard_seconds):
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
            _signal_group(child)  # whatever it left behind
            return
    kill_group(child)


def kill_group(child: subprocess.Popen[bytes]) -> None:
    """Kill `child` and all that lives in its process group, and reap it."""
    if child.returncode is None:  # once it is reaped, its number may be somebody else's
        _signal_group(child)
        child.wait()


def _signal_group(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def wait_for_death(children: Iterable[subprocess.Popen[bytes]], timeout_seconds: float) -> None:
    """Wait until one of `children` ends, at most for `timeout_seconds`."""
    fds = [os.pidfd_open(child.pid) for child in children if child.returncode is None]
    try:
        select.select(fds, [], [], max(0.0, timeout_seconds))
    finally:
        for fd in fds:
            os.close(fd)


def log_tail(log: Path, lines: int = 10) -> list[str]:
    """The last lines of a part's log; none where there is no log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return [line for line in text.splitlines() if line.strip()][-lines:]
