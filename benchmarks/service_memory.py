"""Gigabytes pass through the service, in and out: does its memory stay flat?"""

import os
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import psutil

from benchmarks.farm import bench_farm
from benchmarks.table import Report, Row, Target, run
from farm.files.hashing import hash_file
from farm.wire import FileWire, Wire

FILES, QUICK_FILES = 8, 2
FILE_BYTES, QUICK_FILE_BYTES = 256 * 2**20, 64 * 2**20
CONNECTIONS = 4
LOOK_SECONDS = 0.05
GROWTH_MIB = 32.0  #: what connections, threads and buffers may take


def measure(quick: bool) -> Report:
    """Send files over several connections at once, then fetch them all."""
    count, size = (QUICK_FILES, QUICK_FILE_BYTES) if quick else (FILES, FILE_BYTES)
    with bench_farm() as farm:
        wire = Wire(farm.start_service())
        service = psutil.Process(farm.pid_of("service"))
        files = FileWire(wire, "/productions/bench/files")
        sources = [_a_file(farm.folder / f"source-{number}", size) for number in range(count)]
        rest = service.memory_info().rss
        with watched(service) as seen:
            _each(lambda source: _send(files, *source), sources)
            sent = max(seen)
            _each(lambda source: _fetch(files, *source), sources)
            fetched = max(seen)
        wire.close()
    total = count * size
    return Report(
        name="service_memory",
        title=f"{total / 2**30:.1f} GiB in and out, {CONNECTIONS} connections",
        rows=(
            Row(what="memory before", unit="MiB", values=(rest / 2**20,)),
            Row(what="most while files come in", unit="MiB", values=(sent / 2**20,)),
            Row(what="most until all are fetched, too", unit="MiB", values=(fetched / 2**20,)),
            Target(what="growth", unit="MiB", values=((fetched - rest) / 2**20,), bound=GROWTH_MIB),
        ),
    )


@contextmanager
def watched(process: psutil.Process) -> Iterator[list[int]]:
    """Its resident memory, looked at again and again."""
    seen, stop = [process.memory_info().rss], Event()

    def look() -> None:
        while not stop.wait(LOOK_SECONDS):
            seen.append(process.memory_info().rss)

    thread = Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def _a_file(path: Path, size: int) -> tuple[Path, str, int]:
    """A file that no other is like; its path, digest and size."""
    block = os.urandom(2**20)
    with path.open("wb") as file:
        file.write(secrets.token_bytes(2**20))
        for _ in range(size // 2**20 - 1):
            file.write(block)
    return path, *hash_file(path)


def _send(files: FileWire, source: Path, digest: str, size: int) -> None:
    files.send(source, digest=digest, size_bytes=size)


def _fetch(files: FileWire, source: Path, digest: str, size: int) -> None:
    target = source.with_suffix(".fetched")
    files.fetch(digest, target, size_bytes=size)
    target.unlink()


def _each(what: object, sources: list[tuple[Path, str, int]]) -> None:
    assert callable(what)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for done in [pool.submit(what, source) for source in sources]:
            done.result()


if __name__ == "__main__":
    run(measure)
