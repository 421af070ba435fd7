"""A store of our own: one Valkey or Redis process, kept safe and never left behind.

Append-only file synced every second, nothing ever evicted, bound to this machine and behind a
password that only the parts know. What was acknowledged survives kill -9 of the store; the store
itself dies with whoever started it. For one machine, demos, tests and small studios; a render
centre runs its own and names it in FARM_REDIS_URL.
"""

import secrets
import subprocess
import time
from pathlib import Path
from types import TracebackType

from farm.model.errors import BadRequest, Conflict, StoreUnavailable
from farm.up.binary import find_store_binary
from farm.up.child import end_child, kill_group, log_tail, start_child
from farm.up.lock import FolderLock
from farm.up.ping import answers
from farm.up.port import free_port

READY_SECONDS = 60.0  #: a large append-only file takes a while to load
STOP_SECONDS = 10.0
_PORT_TRIES = 5
_LOCK_SECONDS = 2.0  #: a store whose owner was just killed may take this long to be gone
_POLL_SECONDS = 0.01

_CONFIG = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir .
pidfile store.pid
appendonly yes
appendfsync everysec
auto-aof-rewrite-min-size 256mb
save ""
maxmemory-policy noeviction
maxclients 4096
tcp-keepalive 60
"""


class StoreProcess:
    """A running store. As a context manager it is stopped on the way out."""

    def __init__(self, folder: Path, *, lock: FolderLock, log: Path) -> None:
        """Use `start` instead."""
        self.folder = folder
        self.log = log
        self._lock = lock
        self._binary = find_store_binary()
        self._password = secrets.token_urlsafe(24)
        self._port = 0
        self._child: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(cls, folder: Path, *, log: Path | None = None) -> "StoreProcess":
        """Start a store on the data in `folder` and return once it answers.

        It logs to `log`, or to `store.log` beside its data.

        Raises Conflict when another one runs there, StoreUnfit when there is no binary to run,
        BadRequest when the folder cannot be used, StoreUnavailable when it does not come up.
        """
        lock = _lock(folder)
        try:
            store = cls(folder.absolute(), lock=lock, log=log or folder.absolute() / "store.log")
            store._begin()
        except BaseException:
            lock.release()
            raise
        return store

    @property
    def url(self) -> str:
        """For FARM_REDIS_URL; the same over restarts."""
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    @property
    def child(self) -> subprocess.Popen[bytes]:
        assert self._child is not None  # `start` hands out only what runs
        return self._child

    def is_alive(self) -> bool:
        return self.child.poll() is None

    def kill(self) -> None:
        """Kill it as a power cut would, data left as they are. `restart` brings it back."""
        kill_group(self.child)

    def restart(self) -> None:
        """Bring it up again on the same data, at the same URL.

        Raises StoreUnavailable when it does not come up.
        """
        self.kill()
        self._run()

    def stop(self) -> None:
        """Let it write all it has and end; give the folder back."""
        end_child(self.child, grace_seconds=STOP_SECONDS)
        self._lock.release()

    def __enter__(self) -> "StoreProcess":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _begin(self) -> None:
        """Run on a free port; another process may snatch it before we have it, so try a few."""
        for tries_left in reversed(range(_PORT_TRIES)):
            self._port = free_port()
            try:
                self._run()
            except StoreUnavailable as error:
                if tries_left == 0 or "Failed listening" not in str(error):
                    raise
            else:
                return

    def _run(self) -> None:
        config = _CONFIG.format(port=self._port, password=self._password)
        try:
            self._child = start_child(
                [str(self._binary), "-"],
                log=self.log,
                cwd=self.folder,
                feed=config.encode(),
                # The store keeps the folder locked for as long as it writes there, even if we
                # are killed and it outlives us by a moment.
                keep_fds=[self._lock.fd],
            )
        except OSError as error:
            raise BadRequest(
                f"the store cannot start in {self.folder}: {error.strerror or error}"
            ) from error
        try:
            self._await_answer(self._child)
        except BaseException:
            self.kill()
            raise

    def _await_answer(self, child: subprocess.Popen[bytes]) -> None:
        give_up_at = time.monotonic() + READY_SECONDS
        while not answers(self.url):
            if child.poll() is not None:
                raise StoreUnavailable(f"the store ended while starting: {self._last_words()}")
            if time.monotonic() > give_up_at:
                raise StoreUnavailable(
                    f"the store did not answer within {READY_SECONDS:.0f} s: {self._last_words()}"
                )
            _pause(child)

    def _last_words(self) -> str:
        lines = log_tail(self.log, 3)
        return f"{lines[-1] if lines else 'it said nothing'} (log: {self.log})"


def _lock(folder: Path) -> FolderLock:
    """Lock `folder`, with patience for a predecessor that is just dying."""
    give_up_at = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            return FolderLock(folder, what="store")
        except Conflict:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(_POLL_SECONDS)


def _pause(child: subprocess.Popen[bytes]) -> None:
    """Wait a moment, less if the child ends."""
    try:
        child.wait(_POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return
