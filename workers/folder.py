"""The node's own folder: results on their way to the store, and what renderers need for a while.

One worker at a time uses it; what a killed one left in `tmp` is swept by the next."""

import fcntl
import shutil
from pathlib import Path
from typing import IO

from farm.model.errors import Conflict


class StateFolder:
    """A folder that is this worker's alone until it ends, however it ends."""

    def __init__(self, path: Path) -> None:
        """Take `path`, made when it is not there. Raises Conflict when it is taken, OSError."""
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        # Held open: the lock goes with the process.
        self._lock: IO[str] = (path / "lock").open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise Conflict(
                f"another worker uses the folder {path}; give this one another --state"
            ) from error
        self.temporary = path / "tmp"
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir()

    def close(self) -> None:
        """Leave the folder to another worker."""
        self._lock.close()
