"""One file that comes in: hashed and written as it comes, resumed where it broke off.

Its part is locked from the first byte to the last, so two senders never mix their bytes. Whatever
ends an upload, what has come stays in the part; only bytes that are not the file's are removed.
One that is gone on with is hashed at its end, whole: however long that takes, the sender, who may
lose patience, has nothing left to send again.
"""

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from farm.files.disk import check_room, open_in, told, write_all
from farm.files.hashing import BLOCK_BYTES, Hasher
from farm.model.errors import BadRequest, UploadElsewhere, WrongDigest, WrongOffset

_SYNC_BYTES = 256 * 1024 * 1024  #: so often written bytes are sent to the disk, not all at the end
_TRIES = 10


class Upload:
    """A file that is coming in; see `ContentStore.receive`."""

    def __init__(
        self,
        part: Path,
        *,
        root: Path,
        digest: str,
        size_bytes: int,
        is_there: Callable[[], bool],
        keep: Callable[[], None],
    ) -> None:
        """Lock `part`. `keep` gives it its name once it is whole; `is_there` tells whether it has.

        Raises UploadElsewhere, StorageFull.
        """
        self.digest = digest
        self.size_bytes = size_bytes
        self._part = part
        self._root = root
        self._is_there = is_there
        self._keep = keep
        self._unsynced_bytes = 0
        self._hasher: Hasher | None = None  #: None when what came before was not hashed
        self._come_bytes = 0
        with told(root):
            self._descriptor = self._open()
        self.is_there = self._descriptor < 0  #: it was here before, and wants no bytes

    def begin(self, offset: int) -> None:
        """Go on after what has come before, which must be `offset` bytes.

        Raises WrongOffset, and StorageFull when it is plain that the rest will not fit.
        """
        if self.is_there:
            return
        with told(self._root):
            if os.fstat(self._descriptor).st_size > self.size_bytes:  # cannot be of this file
                os.ftruncate(self._descriptor, 0)
            have = os.fstat(self._descriptor).st_size
            if offset != have:
                raise WrongOffset(
                    f"file {self.digest}: the farm has its first {have} bytes, not {offset}: "
                    f"send it from offset {have}"
                )
            self._come_bytes = os.lseek(self._descriptor, 0, os.SEEK_END)
            check_room(self._descriptor, self.size_bytes - have, self._root)
        if not offset:
            self._hasher = Hasher()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Add `data`. Raises BadRequest when it is more than was announced, StorageFull."""
        if self.is_there:
            return
        if len(data) > self.size_bytes - self._come_bytes:
            raise BadRequest(
                f"file {self.digest} goes on after the {self.size_bytes} bytes that were "
                "announced: send exactly as many"
            )
        with told(self._root):
            write_all(self._descriptor, data)
            self._come_bytes += len(data)
            if self._hasher is not None:
                self._hasher.update(data)
            self._unsynced_bytes += len(data)
            if self._unsynced_bytes >= _SYNC_BYTES:
                os.fdatasync(self._descriptor)
                self._unsynced_bytes = 0

    def finish(self) -> None:
        """Verify the file and keep it; from here on it survives any crash.

        Raises BadRequest when bytes are missing, WrongDigest, StorageFull.
        """
        if self.is_there:
            return
        come = self._come_bytes
        if come < self.size_bytes:
            raise BadRequest(
                f"file {self.digest} ended after {come} of the {self.size_bytes} bytes that were "
                f"announced: send the rest from offset {come}"
            )
        found = self._digest()
        if found != self.digest:
            with told(self._root):
                self._part.unlink(missing_ok=True)
            raise WrongDigest(
                f"the {come} bytes sent as {self.digest} have the digest {found}: "
                "the file has changed, or was damaged on its way; read it again and send it whole"
            )
        with told(self._root):
            os.fsync(self._descriptor)
        self._keep()

    def close(self) -> None:
        """Let others go on with it."""
        if self._descriptor >= 0:
            with suppress(OSError):
                if not os.fstat(self._descriptor).st_size:
                    self._part.unlink()
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def _digest(self) -> str:
        if self._hasher is not None:
            return self._hasher.digest()
        hasher = Hasher()
        with told(self._root):
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            while block := os.read(self._descriptor, BLOCK_BYTES):
                hasher.update(block)
        return hasher.digest()

    def _open(self) -> int:
        """The part, open and locked; -1 when the whole file is here."""
        for _ in range(_TRIES):  # others may finish it, or remove it, between two of our steps
            self._keep_what_is_whole()
            if self._is_there():
                return -1
            try:
                descriptor = open_in(self._part, os.O_RDWR | os.O_CREAT)
            except PermissionError:
                self._part.unlink(missing_ok=True)  # whole and read-only; its file was collected
                continue
            if self._is_ours(descriptor):
                return descriptor
            os.close(descriptor)
        raise self._elsewhere()

    def _keep_what_is_whole(self) -> None:
        """A part that has a second name was verified, and whoever kept it died over it."""
        with suppress(FileNotFoundError):
            if self._part.lstat().st_nlink > 1:
                self._keep()

    def _is_ours(self, descriptor: int) -> bool:
        """Lock it; False when it has got another name meanwhile. Raises UploadElsewhere."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            opened, named = os.fstat(descriptor), self._part.lstat()
        except BlockingIOError as error:
            os.close(descriptor)
            raise self._elsewhere() from error
        except FileNotFoundError:
            return False
        return os.path.samestat(opened, named) and named.st_nlink == 1

    def _elsewhere(self) -> UploadElsewhere:
        return UploadElsewhere(
            f"file {self.digest} comes in by another connection: ask again in a moment whether "
            "the farm has it"
        )
