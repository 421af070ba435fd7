"""Runs inside Blender: keeps a scene open and renders one task after another.

Started as `python inside.py -- FDS` with the bpy module, or by `blender --python inside.py -- FDS`;
FDS are two inherited file descriptors, requests in and replies out, one JSON object a line. Stdlib
and bpy only, and nothing newer than Python 3.10: a studio's Blender may be some years old.

The promise: this process ends with its parent, whatever happens; and a reply without `failed`
means that Blender found nothing missing, but what the job allows, and told of no failure, for an
exit code of 0 proves nothing.
"""

import contextlib
import ctypes
import faulthandler
import json
import os
import queue
import re
import signal
import sys
import threading
import time
from typing import Any

import bpy

# The neighbours of this file, without leaving the node's other packages in Blender's way.
_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.append(_ROOT)
from workers.blender.movie import make_movie  # noqa: E402
from workers.blender.stage import RenderFailed, Stage, render  # noqa: E402
from workers.blender.words import failure_in, failure_of, progress_in  # noqa: E402

sys.path.remove(_ROOT)

PROGRESS_SECONDS = 0.5  #: between two lines of progress
_PR_SET_PDEATHSIG = 1
_IOLBF = 1  #: libc: a line of output is written when it ends
_LIBC = ctypes.CDLL(None)


class Link:
    """The way to the parent, and the lifeline: when it is cut, this process's group dies."""

    def __init__(self, requests: int, replies: int) -> None:
        for one in (requests, replies):
            os.set_inheritable(one, False)  # a program that a scene starts must not hold the line
        self._requests = requests
        self._replies = replies
        self._said = 0.0
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with open(self._requests, encoding="utf-8") as lines:
            for line in lines:
                self._lines.put(line)
            die()

    def hear(self) -> dict[str, Any]:
        """The next request."""
        request: dict[str, Any] = json.loads(self._lines.get())
        return request

    def say_progress(self, text: str) -> None:
        if self.wants_progress():
            self._said = time.monotonic()
            self.say({"progress": text})

    def wants_progress(self) -> bool:
        """Not more often than anybody reads it."""
        return time.monotonic() - self._said >= PROGRESS_SECONDS

    def say(self, message: dict[str, Any]) -> None:
        try:
            os.write(self._replies, (json.dumps(message) + "\n").encode())
        except OSError:
            die()


def answer(stage: Stage, link: Link, ask: dict[str, Any]) -> dict[str, Any]:
    """Render, or make a movie, with all output going to the task's log; how it went."""
    begin = redirect(ask["log"])
    new_peak()
    reply: dict[str, Any] = {}

    def printed_failure() -> str | None:
        allowed = ask.get("allow_missing", False)
        return failure_in(printed_since(begin, ask["log"]), allow_missing=allowed)

    try:
        if "movie" in ask:
            reply = make_movie(ask, say=link.say_progress)
        else:
            reply = render(stage, ask, check=printed_failure)
        failure = None
    except (RenderFailed, RuntimeError, OSError, UnicodeError, ReferenceError) as error:
        failure = failure_of(error)
    failure = failure or printed_failure()
    if failure:
        stage.forget()  # Blender tells of some faults only once: the next task must meet them too
    redirect(os.devnull)
    return {"warnings": stage.warnings, **reply, "failed": failure, **memory()}


def redirect(path: str) -> int:
    """Send all output, Blender's too, to the end of the file at `path`; returns where that is."""
    target = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    flush()
    os.dup2(target, 1)
    os.dup2(target, 2)
    size = os.fstat(target).st_size
    os.close(target)
    return size


def printed_since(begin: int, path: str) -> str:
    flush()
    with open(path, "rb") as log:
        log.seek(begin)
        return log.read().decode("utf-8", "replace")


def flush() -> None:
    """Blender writes through libc, Python beside it."""
    sys.stdout.flush()
    sys.stderr.flush()
    _LIBC.fflush(None)


def memory() -> dict[str, int]:
    """Resident memory now, and at its highest since the task began."""
    with open("/proc/self/status", encoding="utf-8") as status:
        kib = dict(re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB", status.read(), re.MULTILINE))
    return {
        "memory_bytes": int(kib["VmRSS"]) * 1024,
        "peak_memory_bytes": int(kib["VmHWM"]) * 1024,
    }


def new_peak() -> None:
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def die() -> None:
    """End at once, with everything this process has started."""
    if os.getpgrp() == os.getsid(0):  # the group is ours alone: the parent made a session for us
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def die_with_parent() -> None:
    parent = os.getppid()
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died just before
        die()


def report_progress(link: Link) -> None:
    @bpy.app.handlers.persistent  # type: ignore[untyped-decorator]  # else opening a file drops it
    def progress(stats: object, _: object = None) -> None:
        """Called by Blender's render thread very often: be quick."""
        if link.wants_progress():
            link.say_progress(progress_in(stats))

    bpy.app.handlers.render_stats.append(progress)


def write_lines_at_once() -> None:
    """A crash must not eat the last lines of the log; and it leaves a trace of its own."""
    stdout = ctypes.c_void_p.in_dll(_LIBC, "stdout")
    _LIBC.setvbuf(stdout, None, _IOLBF, ctypes.c_size_t(0))
    faulthandler.enable(file=2)
    faulthandler.register(signal.SIGUSR1, file=2)  # the parent asks where it hangs


def main() -> None:
    die_with_parent()
    requests, replies = (int(one) for one in sys.argv[sys.argv.index("--") + 1 :])
    link = Link(requests, replies)
    write_lines_at_once()
    report_progress(link)
    link.say({"version": bpy.app.version_string, "pid": os.getpid()})
    stage = Stage()
    while True:
        link.say(answer(stage, link, link.hear()))


if __name__ == "__main__":
    main()
