"""Files whose way breaks: cut lines, early refusals, full disks, damaged packs; nothing is lost."""

import fcntl
import logging
import random
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from farm.files.content import ContentStore
from farm.files.hashing import hash_bytes, hash_file
from farm.files.pack import packed
from farm.model.errors import (
    FarmError,
    ServiceUnavailable,
    StorageFull,
    UploadElsewhere,
    WrongOffset,
)
from farm.service import intake
from farm.service.link import StoreLink
from farm.store import Store
from farm.wire import FileWire, Wire
from tests.cutting import Line, line_to
from tests.sending import DIGEST, WOOD, parts
from tests.serving import raw, serving
from tests.waiting import wait_until

HERON = "/productions/heron/files"
KEY = {"Idempotency-Key": "k"}
LARGE_BYTES = 3_000_000


@pytest.fixture
def line(url: str) -> Iterator[Line]:
    with line_to(url) as line:
        yield line


@pytest.fixture
def wire(line: Line) -> FileWire:
    return FileWire(Wire(line.url), HERON)


@pytest.fixture
def large(tmp_path: Path) -> tuple[Path, str]:
    """A file, and its digest."""
    path = tmp_path / "large.exr"
    path.write_bytes(random.Random(3).randbytes(LARGE_BYTES))
    return path, hash_file(path)[0]


@pytest.fixture
def wood(tmp_path: Path) -> Path:
    path = tmp_path / "wood.png"
    path.write_bytes(WOOD)
    return path


@contextmanager
def half_sent(url: str, data: bytes) -> Iterator[socket.socket]:
    """A line on which of a file only `data` was sent."""
    where = urlsplit(url)
    assert where.hostname
    head = f"PUT {HERON}/{DIGEST}?size_bytes=4000 HTTP/1.1\r\nHost: {where.netloc}\r\n"
    head += "Idempotency-Key: k\r\nContent-Length: 4000\r\nConnection: close\r\n\r\n"
    with socket.create_connection((where.hostname, where.port or 0), timeout=20) as sender:
        sender.sendall(head.encode() + data)
        yield sender


def is_taken_in(content: ContentStore, digest: str) -> bool:
    """Whether no request of before is still writing what came of the file."""
    try:
        with content.part_of("heron", digest).open("rb") as part:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return False
    return True


def send_until_there(
    wire: FileWire, path: Path, digest: str, *, alone_in: ContentStore | None = None
) -> list[int]:
    """The offsets that it was sent from, one for each try; who is `alone_in` waits between them."""
    tries = list[int]()
    size = path.stat().st_size
    while len(tries) < 100:
        wait_until(lambda: not alone_in or is_taken_in(alone_in, digest), timeout_seconds=10)
        try:
            there = wire.missing([(digest, size)])
            if digest not in there:
                return tries
            tries.append(there[digest])
            wire.send(path, digest=digest, size_bytes=size, offset=there[digest])
        except (ServiceUnavailable, UploadElsewhere, WrongOffset):
            continue  # what was sent before the break may still be coming in
    raise AssertionError(tries)


def test_a_file_whose_line_is_cut_goes_on_where_it_broke(
    wire: FileWire, line: Line, large: tuple[Path, str], content: ContentStore
) -> None:
    chance = random.Random(7)
    path, digest = large
    line.break_at(*sorted(chance.sample(range(1, LARGE_BYTES), 8)))
    tries = send_until_there(wire, path, digest, alone_in=content)

    assert content.path_of(digest).read_bytes() == path.read_bytes()
    assert parts(content) == []
    assert line.breaks == 8
    assert tries == sorted(tries)
    assert tries[-1] > LARGE_BYTES // 2
    assert line.sent_bytes < 2 * LARGE_BYTES


def test_a_cut_line_leaves_no_traceback_and_what_has_come(
    url: str, content: ContentStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with half_sent(url, WOOD[:1234]):
        wait_until(lambda: parts(content), timeout_seconds=10)
    wait_until(lambda: content.offset("heron", DIGEST) == 1234, timeout_seconds=10)
    wait_until(lambda: " 503 in " in caplog.text, timeout_seconds=10)

    assert "Traceback" not in caplog.text
    assert not content.has(DIGEST)


def test_a_fetch_whose_line_is_cut_goes_on_where_it_broke(
    wire: FileWire, line: Line, large: tuple[Path, str], content: ContentStore, tmp_path: Path
) -> None:
    path, digest = large
    size = path.stat().st_size
    FileWire(Wire(line.url), HERON).send(path, digest=digest, size_bytes=size)
    target = tmp_path / ("\u6728\u6750" * 40 + ".exr")
    come, cuts = 0, 0

    def cut_sometimes(count: int) -> None:
        nonlocal come, cuts
        come += count
        if come > (cuts + 1) * size // 4 and cuts < 3:
            cuts += 1
            line.cut()

    for _ in range(10):
        try:
            wire.fetch(digest, target, size_bytes=size, on_bytes=cut_sometimes)
        except ServiceUnavailable:
            assert not target.exists()
            continue
        break

    assert target.read_bytes() == path.read_bytes()
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []
    assert come == size


def test_a_refusal_ends_the_sending_and_the_connection_serves_on(
    wire: FileWire, line: Line, content: ContentStore, tmp_path: Path
) -> None:
    path = tmp_path / "huge.vdb"
    with path.open("wb") as file:
        file.truncate(512 * 1024**2)
    with content.receive("heron", DIGEST, path.stat().st_size):
        for _ in range(3):
            with pytest.raises(UploadElsewhere):
                wire.send(path, digest=DIGEST, size_bytes=path.stat().st_size)
            assert wire.missing([(DIGEST, 7)]) == {DIGEST: 0}

    assert line.sent_bytes < 200 * 1024**2


def test_a_sender_that_falls_silent_is_let_go_of(
    url: str, content: ContentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "SILENT_SECONDS", 1.0)
    with half_sent(url, WOOD[:10]) as sender:
        answer = sender.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"nothing came for too long" in answer
    assert content.offset("heron", DIGEST) == 10


def test_a_service_that_is_to_stop_lets_go_of_what_comes_in(
    store: Store, content: ContentStore
) -> None:
    link = StoreLink.to(store)
    with serving(link, content=content) as url, half_sent(url, WOOD[:10]) as sender:
        wait_until(lambda: parts(content), timeout_seconds=10)
        link.stopping.set()
        answer = sender.makefile("rb").read()

    assert b"the service is stopping" in answer
    assert content.offset("heron", DIGEST) == 10


def test_the_services_memory_stays_flat_while_a_large_file_passes(
    url: str, content: ContentStore, tmp_path: Path
) -> None:
    path = tmp_path / "huge.vdb"
    size = 64 * 1024**2
    with path.open("wb") as file:
        file.truncate(size)
    digest = hash_file(path)[0]
    wire = FileWire(Wire(url), HERON)
    tracemalloc.start()
    try:
        wire.send(path, digest=digest, size_bytes=size)
        wire.fetch(digest, tmp_path / "back.vdb", size_bytes=size)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert content.size_of(digest) == size
    assert peak_bytes < size / 4  # client and service together, in this one process


def test_two_people_send_the_same_file_at_once_and_both_find_it_there(
    url: str, large: tuple[Path, str], content: ContentStore
) -> None:
    path, digest = large
    errors: list[FarmError] = []

    def send() -> None:
        try:
            send_until_there(FileWire(Wire(url), HERON), path, digest)
        except FarmError as error:
            errors.append(error)

    people = [threading.Thread(target=send) for _ in range(4)]
    for one in people:
        one.start()
    for one in people:
        one.join()

    assert errors == []
    assert content.path_of(digest).stat().st_nlink == 2
    assert parts(content) == []


def test_a_pack_brings_many_files_in_one_request(
    wire: FileWire, url: str, content: ContentStore
) -> None:
    files = [(hash_bytes(data), data) for data in (b"", *(b"%d" % n for n in range(300)))]
    wire.send_pack(files)
    again, told = raw(url, "POST", f"{HERON}/pack", body=b"".join(packed(files)), headers=KEY)

    assert wire.missing([(digest, len(data)) for digest, data in files]) == {}
    assert (again, told) == (200, {"stored": 301})
    assert parts(content) == []


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b"".join(packed([(hash_bytes(b"a"), b"a")])) + b"x", "BadRequest", "inside its file 2"),
        (b"".join(packed([(DIGEST, b"a")])), "WrongDigest", "file 1 of the pack"),
        (b"\xff" * 41, "BadRequest", "has 18446744073709551615 bytes"),
    ],
)
def test_a_pack_that_is_none_is_refused(url: str, body: bytes, kind: str, said: str) -> None:
    code, answer = raw(url, "POST", f"{HERON}/pack", body=body, headers=KEY)

    assert (code, answer["error"]["kind"]) == (400, kind)
    assert said in answer["error"]["message"]
    assert raw(url, "POST", f"{HERON}/pack", body=b"", headers=KEY)[1] == {"stored": 0}


def test_a_full_disk_is_told_as_that(
    wire: FileWire, wood: Path, content: ContentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("farm.files.disk.os.write", full)
    with pytest.raises(StorageFull, match="make room there"):
        wire.send(wood, digest=DIGEST, size_bytes=len(WOOD))
    monkeypatch.undo()
    wire.send(wood, digest=DIGEST, size_bytes=len(WOOD))

    assert content.owned("heron", DIGEST)
