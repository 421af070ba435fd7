"""One Blender process and the line to it.

The promise: it is alone in its own session and process group, it is killed as a group and waited
for, it ends when this process does, and it leaves no temporary files.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import psutil

from farm.blender import BlenderCommand
from workers.blender.tree import Tree
from workers.renderer import NodeUnfit

_INSIDE = Path(__file__).with_name("inside.py")
_WAIT_FOR_TRACE_SECONDS = 0.2  #: which the signal's handler writes at once, or never
_WAIT_FOR_DEATH_SECONDS = 10.0  #: longer, and it hangs in the kernel, on a dead mount for instance


class ChildEnded(Exception):
    """The process has ended, or closed its line."""


class Spawner:
    """Starts processes from one thread that lives as long as this object.

    Linux sends the parent-death signal when the *thread* that started a child ends; a lease's
    thread would take a warm Blender with it. Make it after any fork.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")

    def call(self, start: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
        """Do it in the long-lived thread. Raises what it raises, RuntimeError once closed."""
        return self._thread.submit(start).result()

    def close(self) -> None:
        self._thread.shutdown(wait=False)


class Child:
    """A Blender that is about to run, runs, or has run `workers.blender.inside`."""

    def __init__(self, command: BlenderCommand) -> None:
        requests, self._requests = os.pipe()
        self._replies, replies = os.pipe()
        self._theirs = (requests, replies)
        self._open = {*self._theirs, self._requests, self._replies}
        self.argv = command.argv(_INSIDE, *(str(one) for one in self._theirs))
        self.is_up = False  #: it has said that it listens
        self._process: subprocess.Popen[bytes] | None = None
        self._heard: deque[dict[str, Any]] = deque()
        self._rest = b""
        self._lock = threading.Lock()  #: nobody signals a process id that is no longer ours
        self._temporary = tempfile.mkdtemp(prefix="karst-blender-")

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def start(self, spawner: Spawner, log: Path) -> None:
        """Start it; what it prints at first goes to `log`. Raises NodeUnfit."""
        temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), self._temporary)

        def begin(output: BinaryIO) -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                self.argv,
                pass_fds=self._theirs,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=os.environ | temporary,
            )

        try:
            with log.open("ab") as output:
                self._process = spawner.call(lambda: begin(output))
        except (OSError, RuntimeError) as error:
            raise NodeUnfit(f"{self.argv[0]} does not start: {error}") from error
        self.tree.offer_to_oom_killer()
        self._close(*self._theirs)  # now its end alone keeps the line open

    def pin(self, cores: tuple[int, ...]) -> None:
        """Keep every thread it has, and will have, to these CPUs. None: to all."""
        wanted = set(cores) or os.sched_getaffinity(0)
        with contextlib.suppress(OSError):  # it has ended, or the node has no such CPU
            for thread in Path(f"/proc/{self.pid}/task").iterdir():
                with contextlib.suppress(ProcessLookupError):
                    os.sched_setaffinity(int(thread.name), wanted)

    def ask(self, request: dict[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):  # `hear` will tell
            os.write(self._requests, (json.dumps(request) + "\n").encode())

    def hear(self, timeout_seconds: float) -> dict[str, Any] | None:
        """Its next message, or None when it says nothing for so long. Raises ChildEnded."""
        end = time.monotonic() + timeout_seconds
        while not self._heard:
            left = end - time.monotonic()
            if not select.select([self._replies], [], [], max(0.0, left))[0]:
                if self._process is None or self._process.poll() is not None:
                    raise ChildEnded
                return None
            self._read()
        return self._heard.popleft()

    def _read(self) -> None:
        data = os.read(self._replies, 65536)
        if not data:
            raise ChildEnded
        *lines, self._rest = (self._rest + data).split(b"\n")
        try:
            self._heard.extend(json.loads(line) for line in lines)
        except ValueError as error:  # not from our script: whatever it is, it is not to be trusted
            raise ChildEnded from error

    def cut(self) -> None:
        """Kill it and all it has started, from any thread; whoever listens hears of it.

        `kill` must follow.
        """
        with self._lock:
            if self._process is not None and self._process.returncode is None:
                self.tree.kill()

    def kill(self) -> int:
        """Kill the group, wait for the end and clean up. Returns the exit status; may be repeated.

        Raises NodeUnfit when it cannot be killed.
        """
        self.cut()
        with self._lock:
            self._close(*self._open)
            shutil.rmtree(self._temporary, ignore_errors=True)
            if self._process is None:
                return 0
            try:
                return self._process.wait(_WAIT_FOR_DEATH_SECONDS)
            except subprocess.TimeoutExpired as error:
                raise NodeUnfit(
                    f"Blender (process {self.pid}) cannot be killed: it hangs in the kernel, "
                    "often on storage that does not answer"
                ) from error

    def wait(self, seconds: float) -> int:
        """Its own exit status, once its line is closed; else that of being killed."""
        with self._lock, contextlib.suppress(subprocess.TimeoutExpired):
            if self._process is not None:
                self._process.wait(seconds)
        return self.kill()

    @property
    def tree(self) -> Tree:
        """It and all it has started, which have its temporary folder for a mark."""
        return Tree(self.pid, mark=f"TMPDIR={self._temporary}")

    def doing(self) -> str:
        """What the system says of it, in short."""
        with contextlib.suppress(psutil.Error):
            status = psutil.Process(self.pid).status()
            return f"{status}, {self.tree.cpu_seconds():.0f} s of CPU used"
        return "gone"

    def tell_all(self) -> list[str]:
        """Evidence when it no longer talks: where its Python is goes to its log, if it can."""
        with self._lock, contextlib.suppress(ProcessLookupError):
            if self._process is not None and self._process.poll() is None and self.is_up:
                os.kill(self.pid, signal.SIGUSR1)
        told = self.tree.evidence()
        time.sleep(_WAIT_FOR_TRACE_SECONDS)
        return told

    def _close(self, *descriptors: int) -> None:
        for one in descriptors:
            if one in self._open:
                self._open.remove(one)
                os.close(one)
