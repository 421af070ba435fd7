"""One owner per folder, held by the kernel: the lock is gone when its last holder is dead."""

import fcntl
import os
from pathlib import Path

from farm.model.errors import BadRequest, Conflict


class FolderLock:
    """An exclusive lock on a folder. A child given `fd` keeps it held beyond our own death."""

    def __init__(self, folder: Path, *, what: str) -> None:
        """Lock `folder` for `what` ("farm"), making it (only ours to enter) if need be.

        Raises Conflict when somebody holds it, BadRequest when the folder cannot be used.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise BadRequest(
                f"folder {folder} cannot be used: {error.strerror or error}; "
                "mend that or choose another folder"
            ) from error
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self.fd, 20, 0).decode("ascii", "replace").strip()
            os.close(self.fd)
            by = f" (process {holder})" if holder else ""
            raise Conflict(
                f"a {what} already runs in {folder}{by}: stop it, or choose another folder"
            ) from error
        self._sign(folder)

    def _sign(self, folder: Path) -> None:
        try:
            os.ftruncate(self.fd, 0)
            os.pwrite(self.fd, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            os.close(self.fd)
            raise BadRequest(
                f"folder {folder} cannot be written: {error.strerror or error}; "
                "make room or choose another folder"
            ) from error

    def release(self) -> None:
        """Give the folder back. A child that was given `fd` may still hold it."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
