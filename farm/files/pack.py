"""Many small files in one body: for each 32 bytes of digest, 8 of size (big end first), its bytes.

Ten thousand files one by one are ten thousand requests; packs of some hundred are a few dozen.
"""

import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from farm.files.content import ContentStore
from farm.files.disk import told, write_all
from farm.files.hashing import hash_bytes
from farm.model.errors import BadRequest, WrongDigest

MOST_FILE_BYTES = 1024 * 1024
MOST_PACK_BYTES = 64 * 1024 * 1024
_HEAD = struct.Struct(">32sQ")
_KEPT_AT_ONCE = 128  #: files; the disk is waited for once for all of them
_KEPT_BYTES = 8 * 1024 * 1024


def packed(files: Sequence[tuple[str, bytes]]) -> Iterator[bytes]:
    """The body that carries `files`, given as (digest, bytes)."""
    for digest, data in files:
        yield _HEAD.pack(bytes.fromhex(digest), len(data))
        yield data


def packed_bytes(files: Sequence[tuple[str, bytes]]) -> int:
    """The length of that body."""
    return sum(_HEAD.size + len(data) for _, data in files)


class Unpacker:
    """Takes a pack in as it comes: each file is verified, and kept with others that came with it.

    Whatever ends the pack, files that were whole by then are kept when it is closed.
    """

    def __init__(self, store: ContentStore, production: str) -> None:
        self.stored = 0  #: files that are kept
        self._store = store
        self._production = production
        self._held = bytearray()
        self._whole: list[tuple[str, bytes]] = []
        self._whole_bytes = 0

    def feed(self, data: bytes | bytearray) -> None:
        """Add the next bytes. Raises BadRequest for what is no pack, WrongDigest, StorageFull."""
        self._held += data
        at = 0
        while len(self._held) - at >= _HEAD.size:
            raw, size = _HEAD.unpack_from(self._held, at)
            if size > MOST_FILE_BYTES:
                raise BadRequest(
                    f"file {self._number} of the pack has {size} bytes, {MOST_FILE_BYTES} are the "
                    "most: send it by itself, or mend how the pack is made"
                )
            start = at + _HEAD.size
            if len(self._held) < start + size:
                break
            self._add(raw.hex(), bytes(self._held[start : start + size]))
            at = start + size
        del self._held[:at]

    def finish(self) -> None:
        """Keep the last files. Raises BadRequest when the pack ends inside one, StorageFull."""
        self.close()
        if self._held:
            raise BadRequest(
                f"the pack ends inside its file {self._number}: those before it are kept; "
                "send the others again"
            )

    def close(self) -> None:
        """Keep what has come whole. Raises StorageFull."""
        files, self._whole, self._whole_bytes = self._whole, [], 0
        with ExitStack() as parts:
            kept = []
            for digest, data in files:
                part, descriptor = parts.enter_context(self._store.new_part(self._production))
                with told(self._store.root):
                    write_all(descriptor, data)
                kept.append((digest, part, descriptor))
            for _, _, descriptor in kept:
                with told(self._store.root):
                    os.fsync(descriptor)
            self._store.keep(self._production, [(digest, part) for digest, part, _ in kept])
        self.stored += len(files)

    @property
    def _number(self) -> int:
        return self.stored + len(self._whole) + 1

    def _add(self, digest: str, data: bytes) -> None:
        found = hash_bytes(data)
        if found != digest:
            raise WrongDigest(
                f"file {self._number} of the pack, sent as {digest}, has the digest {found}: it "
                "has changed, or was damaged on its way; read it again and send it once more"
            )
        self._whole.append((digest, data))
        self._whole_bytes += len(data)
        if len(self._whole) >= _KEPT_AT_ONCE or self._whole_bytes >= _KEPT_BYTES:
            self.close()
