"""Files on their way to the farm: only what it lacks, whatever breaks, whoever sends beside us."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from farm.client import outbound, reading
from farm.client.crew import side_by_side
from farm.client.hashes import HashCache, Hashed
from farm.client.outbound import Outbound
from farm.client.transfer import Transfer
from farm.files.hashing import hash_bytes
from farm.model.errors import BadRequest, MissingAssets, NotAllowed, StorageFull, WrongDigest
from farm.wire import FileWire, Wire
from tests.cutting import Line, line_to
from tests.waiting import wait_until

LARGE, SMALL = 3_000_000, 5_000


@pytest.fixture
def line(url: str) -> Iterator[Line]:
    with line_to(url) as line:
        yield line


@pytest.fixture
def files(line: Line) -> Iterator[FileWire]:
    wire = Wire(line.url)
    yield FileWire(wire, "/productions/heron/files")
    wire.close()


@pytest.fixture
def project(tmp_path: Path) -> dict[str, Path]:
    """Five small files, three large ones, and one of them under another name too."""
    found = {}
    (tmp_path / "project").mkdir()
    for number, size in enumerate([SMALL] * 5 + [LARGE] * 3):
        path = tmp_path / "project" / f"{number}.png"
        path.write_bytes(os.urandom(size))
        found[path.name] = path
    return {**found, "again.png": found["7.png"]}


Made = Callable[..., Outbound]


@pytest.fixture
def made(files: FileWire, tmp_path: Path) -> Made:
    """A sender; what it tells goes into its list `told`."""

    def make(told: list[str] | None = None, seen: list[Transfer] | None = None) -> Outbound:
        return Outbound(
            files,
            cache=HashCache(tmp_path / "hashes.sqlite"),
            tell=(told if told is not None else []).append,
            on_transfer=(seen if seen is not None else []).append,
        )

    return make


def send(sender: Outbound, project: dict[str, Path]) -> dict[str, Hashed]:
    return sender.send(sender.hash(project))


def digests(project: dict[str, Path]) -> dict[str, str]:
    return {name: hash_bytes(path.read_bytes()) for name, path in project.items()}


def test_all_that_the_farm_lacks_is_sent_once(
    made: Made, files: FileWire, project: dict[str, Path]
) -> None:
    seen: list[Transfer] = []
    sender = made(seen=seen)
    sent = send(sender, project)

    assert {name: one.digest for name, one in sent.items()} == digests(project)
    assert files.missing([(one.digest, one.size_bytes) for one in sent.values()]) == {}
    last = sender.meter.told()
    assert (last.files_done, last.files, sender.sent_files) == (8, 8, 8)
    assert last.bytes_done == last.bytes == last.bytes_moved == 5 * SMALL + 3 * LARGE


@pytest.mark.parametrize("name", ["0.png", "7.png"])
def test_a_second_send_sends_only_what_changed(
    made: Made, line: Line, project: dict[str, Path], name: str
) -> None:
    send(made(), project)
    before, size = line.sent_bytes, project[name].stat().st_size
    project[name].write_bytes(os.urandom(size))
    sender = made()
    sent = send(sender, project)

    assert sent[name].digest == hash_bytes(project[name].read_bytes())
    assert sender.sent_files == 1
    assert sender.meter.told().bytes_moved == size
    assert line.sent_bytes - before < size + 10_000


def test_a_broken_line_is_waited_for_and_nothing_is_sent_twice(
    made: Made, line: Line, files: FileWire, project: dict[str, Path]
) -> None:
    line.break_at(*range(500_000, 9_000_000, 1_000_000))
    told: list[str] = []
    sent = send(made(told), project)

    assert files.missing([(one.digest, one.size_bytes) for one in sent.values()]) == {}
    assert line.breaks >= 8
    assert line.sent_bytes < 2 * (5 * SMALL + 3 * LARGE)
    assert set(told) == {"the farm does not answer; waiting two minutes for it to come back"}


def test_a_sender_that_dies_leaves_its_part_for_the_next(
    made: Made,
    line: Line,
    files: FileWire,
    project: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only = {"7.png": project["7.png"]}
    line.break_at(LARGE // 2)
    monkeypatch.setattr("farm.client.patience.PATIENCE_SECONDS", -1)
    with pytest.raises(Exception, match="cannot be reached"):
        send(made(), only)
    (digest,) = digests(only).values()
    most = LARGE // 2 - 200_000  # what was on the line when it broke is lost
    wait_until(lambda: files.missing([(digest, LARGE)])[digest] > most, timeout_seconds=10)
    sender = made()
    send(sender, only)

    assert 0 < sender.meter.told().bytes_moved < LARGE * 2 // 3


@pytest.mark.parametrize("name", ["0.png", "7.png"])
def test_a_file_that_changes_before_it_is_sent_is_sent_as_it_is_now(
    made: Made, files: FileWire, project: dict[str, Path], name: str
) -> None:
    sender = made()
    state = sender.hash(project)
    project[name].write_bytes(b"something else " * 100_000)
    sent = sender.send(state)

    assert {name: one.digest for name, one in sent.items()} == digests(project)
    assert files.missing([(one.digest, one.size_bytes) for one in sent.values()]) == {}


def test_a_change_that_its_time_does_not_show_is_found_by_the_farm(
    made: Made, project: dict[str, Path]
) -> None:
    only = {"7.png": project["7.png"]}
    sender = made()
    state = sender.hash(only)
    before = only["7.png"].stat()
    only["7.png"].write_bytes(os.urandom(LARGE))
    os.utime(only["7.png"], ns=(before.st_atime_ns, before.st_mtime_ns))
    sent = sender.send(state)

    assert {name: one.digest for name, one in sent.items()} == digests(only)


@pytest.mark.parametrize("name", ["0.png", "7.png"])
def test_a_file_that_goes_on_changing_is_told(
    made: Made, project: dict[str, Path], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = made()
    state = sender.hash(project)

    def written_again(*args: Any, **kwargs: Any) -> Any:
        project[name].write_bytes(os.urandom(project[name].stat().st_size))
        return side_by_side(*args, **kwargs)

    monkeypatch.setattr(outbound, "side_by_side", written_again)
    with pytest.raises(BadRequest, match=rf"{name} changes while it is read: wait until"):
        sender.send(state)


def test_a_file_that_the_line_damages_twice_is_told_as_that(
    made: Made, project: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = FileWire.send

    def damaged(self: FileWire, source: Path, **kwargs: Any) -> None:
        other = source.with_name("damaged")
        other.write_bytes(b"x" * LARGE)
        real(self, other, **kwargs)

    monkeypatch.setattr(FileWire, "send", damaged)
    with pytest.raises(WrongDigest, match=r"7\.png reached the farm damaged, twice"):
        send(made(), {"7.png": project["7.png"]})


@pytest.mark.parametrize("name", ["0.png", "7.png"])
def test_a_file_that_goes_before_it_is_sent_is_told(
    made: Made, project: dict[str, Path], name: str
) -> None:
    sender = made()
    state = sender.hash(project)
    project[name].unlink()

    with pytest.raises(MissingAssets, match=rf"{name} cannot be read: it has gone since"):
        sender.send(state)


def test_what_somebody_else_sends_is_left_to_them_and_the_rest_goes_first(
    made: Made, files: FileWire, project: dict[str, Path]
) -> None:
    shared = project["7.png"]
    digest, moved, go_on = hash_bytes(shared.read_bytes()), [0], threading.Event()

    def stop_halfway(count: int) -> None:
        moved[0] += count
        if moved[0] > LARGE // 2:
            go_on.wait(20)

    def of_other() -> int:
        return files.missing([(digest, LARGE)])[digest]

    other = threading.Thread(
        target=lambda: files.send(shared, digest=digest, size_bytes=LARGE, on_bytes=stop_halfway)
    )
    told: list[str] = []
    sender = made(told)
    state = sender.hash(project)
    rest = [(one.digest, one.size_bytes) for one in state.values() if one.digest != digest]
    ours = threading.Thread(target=lambda: sender.send(state))
    other.start()
    wait_until(lambda: of_other() > 0, timeout_seconds=10)
    ours.start()
    wait_until(lambda: bool(told), timeout_seconds=10)
    rest_is_there = files.missing(rest) == {}
    go_on.set()
    other.join()
    ours.join(20)

    assert rest_is_there
    assert told == ["7.png: somebody else is sending the same to the farm; waiting for that to end"]
    assert not ours.is_alive()
    assert sender.sent_files == 7
    assert sender.meter.told().files_done == 8


@pytest.mark.parametrize(
    "error", [StorageFull("the farm's disk is full"), NotAllowed("the token has ended")]
)
def test_what_does_not_pass_by_itself_ends_the_send(
    made: Made,
    project: dict[str, Path],
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(FileWire, "send", refuse)
    with pytest.raises(type(error), match=str(error)):
        send(made(), project)


def test_many_small_files_travel_in_few_requests(
    made: Made, files: FileWire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = {str(number): tmp_path / f"small.{number}" for number in range(1200)}
    for number, path in project.items():
        path.write_text(number)
    requests: list[int] = []
    real = FileWire.send_pack

    def counted(self: FileWire, some: list[tuple[str, bytes]], **kwargs: Any) -> None:
        requests.append(len(some))
        real(self, some, **kwargs)

    monkeypatch.setattr(FileWire, "send_pack", counted)
    sent = send(made(), project)

    assert files.missing([(one.digest, one.size_bytes) for one in sent.values()]) == {}
    assert sorted(requests) == [200, 500, 500]


def test_nothing_is_read_again_that_was_read_before(
    made: Made, project: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in project.values():
        os.utime(path, (1_700_000_000, 1_700_000_000))
    send(made(), project)
    monkeypatch.setattr(reading, "hash_file", lambda *_: pytest.fail("it was read"))
    sender = made()
    send(sender, project)

    assert sender.sent_files == 0
