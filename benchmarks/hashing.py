"""Which digest names a file: bytes hashed a second, the file in the cache of the disk.

The farm names files by BLAKE3. SHA-256 and BLAKE2b are as safe and come with Python; CRC-32 is told
for scale only: anybody can make two files of one checksum.
"""

import hashlib
import os
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

from benchmarks.table import Report, Row, Target, ratios, run
from farm.files.hashing import BLOCK_BYTES, hash_file

REPETITIONS, QUICK_REPETITIONS = 7, 3
FILE_BYTES, QUICK_FILE_BYTES = 512 * 1024 * 1024, 64 * 1024 * 1024


def measure(quick: bool) -> Report:
    """All of them over the same file, in turn."""
    size = QUICK_FILE_BYTES if quick else FILE_BYTES
    repetitions = QUICK_REPETITIONS if quick else REPETITIONS
    rates: dict[str, list[float]] = {name: [] for name in HASHES}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "file"
        file.write_bytes(os.urandom(1024 * 1024) * (size // (1024 * 1024)))
        for _ in range(repetitions):
            for name, hashed in HASHES.items():
                began = time.perf_counter()
                hashed(file)
                rates[name].append(size / (time.perf_counter() - began) / 1e6)
    rows = [Row(what=name, unit="MB/s", values=tuple(found)) for name, found in rates.items()]
    against = ratios(rates["BLAKE3"], rates["SHA-256"])
    target = Target(what="BLAKE3 / SHA-256", unit="x", values=against, bound=1.0, at_least=True)
    return Report(
        name="hashing", title=f"a file of {size // 2**20} MiB, one thread", rows=(*rows, target)
    )


def _blocks(update: Callable[[memoryview], object], file: Path) -> None:
    buffer = memoryview(bytearray(BLOCK_BYTES))
    with file.open("rb", buffering=0) as opened:
        while count := opened.readinto(buffer):
            update(buffer[:count])


HASHES: dict[str, Callable[[Path], object]] = {
    "BLAKE3": hash_file,
    "SHA-256": lambda file: _blocks(hashlib.sha256().update, file),
    "BLAKE2b": lambda file: _blocks(hashlib.blake2b().update, file),
    "CRC-32": lambda file: _blocks(zlib.crc32, file),
}

if __name__ == "__main__":
    run(measure)
