"""The digest of a file's bytes: BLAKE3, 256 bits, in hexadecimal.

Chosen by measuring (`python -m benchmarks.hashing`): several times as fast as SHA-256, and as safe
against files made to collide, which a checksum would not be.
"""

import os
from collections.abc import Callable
from pathlib import Path

from blake3 import blake3

BLOCK_BYTES = 4 * 1024 * 1024


class Hasher:
    """The digest of bytes that come one after the other."""

    def __init__(self) -> None:
        self._hash = blake3()
        self.size_bytes = 0

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Add `data`."""
        self._hash.update(data)
        self.size_bytes += len(data)

    def digest(self) -> str:
        """Of all that was added so far."""
        return str(self._hash.hexdigest())


def hash_bytes(data: bytes) -> str:
    """The digest of `data`."""
    return str(blake3(data).hexdigest())


def hash_file(
    path: str | os.PathLike[str], on_bytes: Callable[[int], None] | None = None
) -> tuple[str, int]:
    """Digest and size of the file at `path`, read a block at a time. Raises OSError.

    `on_bytes` hears how many bytes each block had.
    """
    hasher = Hasher()
    buffer = memoryview(bytearray(BLOCK_BYTES))
    with Path(path).open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            hasher.update(buffer[:count])
            if on_bytes is not None:
                on_bytes(count)
    return hasher.digest(), hasher.size_bytes
