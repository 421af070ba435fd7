"""Files for a content store, and what lies in it."""

import os
import time
from pathlib import Path

from farm.files.content import ContentStore
from farm.files.hashing import hash_bytes

WOOD = b"wood" * 1000
DIGEST = hash_bytes(WOOD)
LONG_AGO = time.time() - 30 * 86_400


def send(store: ContentStore, data: bytes = WOOD, production: str = "heron") -> str:
    digest = hash_bytes(data)
    with store.receive(production, digest, len(data)) as upload:
        upload.write(data)
        upload.finish()
    return digest


def whole_files(store: ContentStore) -> list[Path]:
    return [path for path in store.blobs.rglob("*") if path.is_file()]


def parts(store: ContentStore) -> list[Path]:
    return [path for path in store.uploads.rglob("*") if path.is_file()]


def age(*paths: Path) -> None:
    """Let `paths` look as if nobody had touched them for a month."""
    for path in paths:
        os.utime(path, (LONG_AGO, LONG_AGO))
