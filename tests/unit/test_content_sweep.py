"""Packs of small files, full disks, and sweeps that make room on them."""

import os
import subprocess
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.files.content import NODES, ContentStore
from farm.files.hashing import hash_bytes
from farm.files.pack import Unpacker, packed, packed_bytes
from farm.files.sweep import sweep
from farm.model.errors import BadRequest, StorageFull, WrongDigest
from tests.sending import DIGEST, age, parts, send, whole_files


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "files")


def test_a_pack_keeps_each_file_that_was_whole_when_it_broke_off(store: ContentStore) -> None:
    files = [(hash_bytes(data), data) for data in (b"", b"one", b"two", b"three")]
    body = b"".join(packed(files))
    unpacker = Unpacker(store, "heron")
    for at in range(len(body) - 1):
        unpacker.feed(body[at : at + 1])
    with pytest.raises(BadRequest, match="the pack ends inside its file 4"):
        unpacker.finish()

    assert packed_bytes(files) == len(body)
    assert unpacker.stored == 3
    assert [store.owned("heron", digest) for digest, _ in files] == [True, True, True, False]
    assert parts(store) == []


def test_a_pack_that_lies_is_refused_and_says_where(store: ContentStore) -> None:
    good = (hash_bytes(b"one"), b"one")
    unpacker = Unpacker(store, "heron")
    with pytest.raises(WrongDigest, match="file 2 of the pack"):
        unpacker.feed(b"".join(packed([good, (DIGEST, b"two")])))
    unpacker.close()

    assert store.owned("heron", good[0])
    with pytest.raises(BadRequest, match="file 1 of the pack has 1048577 bytes"):
        Unpacker(store, "heron").feed(b"".join(packed([(DIGEST, bytes(1024**2 + 1))]))[:40])


def test_a_sweep_removes_what_nobody_needs_and_keeps_what_is_live_or_fresh(
    store: ContentStore,
) -> None:
    live, fresh, gone, shared = (send(store, data) for data in (b"live", b"fresh", b"old", b"both"))
    send(store, b"both", production="kite")
    age(*(store.path_of(digest) for digest in (live, gone, shared)))
    told = sweep(store, {live}, set(), dry_run=True)

    assert len(whole_files(store)) == 4
    done = sweep(store, {live}, set(), dry_run=False)
    assert done == told
    assert (done.files, done.bytes, done.kept_files, done.kept_bytes) == (2, 7, 2, 9)
    assert {path.name for path in whole_files(store)} == {live, fresh}
    assert not store.possession("kite", shared).exists()
    assert not (store.productions / "kite").exists()
    assert store.owned("heron", live)


def test_a_file_that_is_asked_for_while_a_sweep_runs_stays(store: ContentStore) -> None:
    class Asked(frozenset[str]):
        """Whoever looks here is overtaken by somebody who asks for the file."""

        def __contains__(self, digest: object) -> bool:
            store.touch([str(digest)])
            return False

    digest = send(store)
    age(store.path_of(digest))
    done = sweep(store, Asked(), set(), dry_run=False)

    assert (done.files, done.kept_files) == (0, 1)
    assert store.owned("heron", digest)


def test_a_file_that_a_node_need_not_send_again_stays(store: ContentStore) -> None:
    digest = send(store)
    age(store.path_of(digest))
    with store.receive(NODES, digest, 4000) as upload:
        assert upload.is_there
    sweep(store, set(), set(), dry_run=False)

    assert store.has(digest)


def test_a_sweep_removes_old_parts_but_none_that_comes_in(store: ContentStore) -> None:
    for number in range(3):
        with store.receive("heron", hash_bytes(bytes([number])), 2) as upload:
            upload.write(b"x")
    comes, old, fresh = parts(store)
    age(comes, old)
    with store.receive("heron", comes.stem, 2, 1):
        age(comes)
        done = sweep(store, set(), set(), dry_run=False)

    assert done.parts == 1
    assert set(parts(store)) == {comes, fresh}


def test_a_sweep_removes_what_dead_jobs_left_and_links_to_nothing(store: ContentStore) -> None:
    for job in ("1", "2"):
        store.put(store.thumbnail_path(job, "render", 1), b"jpeg")
        age(store.thumbnail_path(job, "render", 1))
    store.put(store.log_path("3", "render", -1, 2), b"log")
    digest = send(store)
    store.path_of(digest).unlink()
    foreign = store.blobs / "README"
    foreign.write_text("do not touch")
    age(foreign)
    sweep(store, set(), {"1"}, dry_run=False)

    assert sorted(path.name for path in store.jobs.iterdir()) == ["1", "3"]
    assert not store.possession("heron", digest).exists()
    assert foreign.exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("only root may mount a disk that is small enough to fill")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_keeps_what_has_come_and_is_gone_on_with_once_there_is_room(
    small_disk: Path,
) -> None:
    store = ContentStore(small_disk / "files")
    data = os.urandom(900_000)
    digest = hash_bytes(data)
    ballast = small_disk / "ballast"
    with store.receive("heron", digest, len(data)) as upload:
        ballast.write_bytes(bytes(500_000))
        full = r"takes no more \(no space left on device\)"
        with pytest.raises(StorageFull, match=full):
            deque(map(upload.write, batched(data)), maxlen=0)
    come = store.offset("heron", digest)
    with pytest.raises(StorageFull, match="has room for 0 B, and"):
        store.receive("heron", digest, len(data), come)
    unpacker = Unpacker(store, "heron")
    unpacker.feed(b"".join(packed([(digest, data)])))
    with pytest.raises(StorageFull):
        unpacker.finish()
    ballast.unlink()
    with store.receive("heron", digest, len(data), come) as upload:
        upload.write(data[come:])
        upload.finish()

    assert 0 < come < len(data)
    assert store.path_of(digest).read_bytes() == data


def batched(data: bytes) -> list[bytes]:
    return [data[start : start + 10_000] for start in range(0, len(data), 10_000)]


def test_a_folder_that_may_not_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = ContentStore(tmp_path / "file" / "files")

    with pytest.raises(Exception, match=r"cannot be used \(not a directory\): mend it") as caught:
        send(store)
    assert "\n" not in str(caught.value)
