"""The content store: whole files only, each production its own, resumed where it broke off."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from farm.files.content import NODES, ContentStore
from farm.files.hashing import hash_bytes
from farm.model.errors import (
    BadManifest,
    BadName,
    BadRequest,
    FarmError,
    UploadElsewhere,
    WrongDigest,
    WrongOffset,
)
from tests.sending import DIGEST, WOOD, parts, send, whole_files


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "files")


def test_a_file_is_kept_whole_read_only_and_once(store: ContentStore) -> None:
    digest = send(store)

    assert store.path_of(digest).read_bytes() == WOOD
    assert store.path_of(digest).stat().st_mode & 0o777 == 0o444
    assert store.owned("heron", digest)
    assert store.size_of(digest) == len(WOOD)
    assert parts(store) == []


def test_a_production_has_only_what_it_has_sent_itself_and_the_bytes_are_stored_once(
    store: ContentStore,
) -> None:
    digest = send(store)

    assert store.has(digest)
    assert not store.owned("kite", digest)
    send(store, production="kite")
    assert store.owned("kite", digest)
    assert store.path_of(digest).samefile(store.possession("kite", digest))
    assert store.path_of(digest).samefile(store.possession("heron", digest))


def test_what_has_come_is_kept_and_gone_on_with(store: ContentStore) -> None:
    with store.receive("heron", DIGEST, len(WOOD)) as upload:
        upload.write(WOOD[:1500])

    assert whole_files(store) == []
    assert store.offset("heron", DIGEST) == 1500
    with pytest.raises(WrongOffset, match="the farm has its first 1500 bytes, not 0"):
        store.receive("heron", DIGEST, len(WOOD))
    with store.receive("heron", DIGEST, len(WOOD), 1500) as upload:
        upload.write(WOOD[1500:])
        upload.finish()
    assert store.path_of(DIGEST).read_bytes() == WOOD


def test_bytes_that_are_not_what_they_were_called_are_refused_and_removed(
    store: ContentStore,
) -> None:
    other = b"x" * len(WOOD)
    with store.receive("heron", DIGEST, len(WOOD)) as upload:
        upload.write(other)
        with pytest.raises(WrongDigest, match=f"have the digest {hash_bytes(other)}"):
            upload.finish()

    assert whole_files(store) == parts(store) == []
    assert store.offset("heron", DIGEST) == 0


def test_neither_more_nor_less_than_announced_is_taken(store: ContentStore) -> None:
    with store.receive("heron", DIGEST, len(WOOD)) as upload:
        with pytest.raises(BadRequest, match="goes on after the 4000 bytes"):
            upload.write(WOOD + b"x")
        upload.write(WOOD[:10])
        with pytest.raises(BadRequest, match="ended after 10 of the 4000 bytes"):
            upload.finish()

    assert store.offset("heron", DIGEST) == 10


def test_a_second_sender_is_told_that_the_file_comes_and_finds_it_there_afterwards(
    store: ContentStore,
) -> None:
    with store.receive("heron", DIGEST, len(WOOD)) as upload:
        upload.write(WOOD[:10])
        with pytest.raises(UploadElsewhere, match="comes in by another connection"):
            store.receive("heron", DIGEST, len(WOOD), 10)
        upload.write(WOOD[10:])
        upload.finish()

    with store.receive("heron", DIGEST, len(WOOD)) as again:
        assert again.is_there
        again.finish()
    with pytest.raises(WrongDigest, match="has 4000 bytes, not 7"):
        store.receive("heron", DIGEST, 7)


def test_two_productions_send_the_same_file_at_once_and_it_is_stored_once(
    store: ContentStore,
) -> None:
    with (
        store.receive("heron", DIGEST, len(WOOD)) as one,
        store.receive("kite", DIGEST, len(WOOD)) as other,
    ):
        for upload in (one, other):
            upload.write(WOOD)
        one.finish()
        other.finish()

    assert store.path_of(DIGEST).stat().st_nlink == 3
    assert parts(store) == []


def test_a_part_that_cannot_be_of_the_file_is_begun_anew(store: ContentStore) -> None:
    with store.receive("heron", DIGEST, 10**6) as upload:
        upload.write(bytes(5000))

    with store.receive("heron", DIGEST, len(WOOD), 0) as upload:
        upload.write(WOOD)
        upload.finish()
    assert store.owned("heron", DIGEST)


@pytest.mark.parametrize("production", ["..", ".hidden", "a/b", "", "@nodes2", "\U00020000" * 64])
def test_a_production_whose_name_is_no_folder_is_refused(
    store: ContentStore, production: str
) -> None:
    for step in (store.possession, store.part_of, store.owned, store.offset):
        with pytest.raises(BadName):
            step(production, DIGEST)
    with pytest.raises(BadName):
        store.receive(production, DIGEST, 1)

    assert not store.root.exists()


@pytest.mark.parametrize("digest", ["../../etc/passwd", "", DIGEST.upper(), DIGEST + "\n"])
def test_what_is_no_digest_names_no_file(store: ContentStore, digest: str) -> None:
    for step in (store.path_of, store.has):
        with pytest.raises(BadManifest):
            step(digest)
    with pytest.raises(BadManifest):
        store.receive("heron", digest, 1)


def test_a_result_is_added_by_a_node_that_sees_the_folder(
    store: ContentStore, tmp_path: Path
) -> None:
    image = tmp_path / "image.png"
    image.write_bytes(WOOD)
    digest = store.add_file(image)
    image.write_bytes(b"changed afterwards")

    assert store.path_of(digest).read_bytes() == WOOD
    assert store.add_file(store.path_of(digest)) == digest
    assert store.owned(NODES, digest)
    assert not store.owned("heron", digest)
    assert parts(store) == []


def test_a_result_that_cannot_be_read_leaves_nothing(store: ContentStore, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        store.add_file(tmp_path / "none.png")

    assert not store.root.exists()


def test_an_upload_that_never_began_leaves_nothing(store: ContentStore) -> None:
    store.receive("heron", DIGEST, len(WOOD)).close()
    with pytest.raises(WrongOffset):
        store.receive("heron", DIGEST, len(WOOD), 5)

    assert parts(store) == []


def test_an_empty_file_is_a_file(store: ContentStore) -> None:
    digest = send(store, b"")

    assert store.size_of(digest) == 0
    assert store.owned("heron", digest)


def test_a_file_system_without_links_keeps_files_all_the_same(
    store: ContentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    for production in ("heron", "kite"):
        send(store, production=production)

    assert store.path_of(DIGEST).read_bytes() == WOOD
    assert store.owned("heron", DIGEST)
    assert store.owned("kite", DIGEST)
    assert store.possession("kite", DIGEST).stat().st_size == 0
    assert parts(store) == []


_KILLED_AT_EACH_STEP = """
import os, signal, sys
from farm.files.content import ContentStore
from farm.files.hashing import hash_bytes

data = b"wood" * 1000
digest = hash_bytes(data)

def counted(name, steps):
    real = getattr(os, name)
    def step(*words, **more):
        steps[0] -= 1
        if steps[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*words, **more)
    setattr(os, name, step)

def send(root, steps):
    for name in ("open", "write", "fsync", "link", "chmod", "utime", "unlink", "mkdir", "close"):
        counted(name, steps)
    with ContentStore(root).receive("heron", digest, len(data)) as upload:
        upload.write(data[:100])
        upload.write(data[100:])
        upload.finish()
    os._exit(0)

for number in range(200):
    child = os.fork() or send(f"{sys.argv[1]}/{number}", [number])
    if os.waitpid(child, 0)[1] == 0:
        break
print(number)
"""


def test_whoever_is_killed_at_any_step_leaves_no_half_file_and_is_resumed(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _KILLED_AT_EACH_STEP, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    steps = int(ran.stdout)
    resumed = 0
    for number in range(steps + 1):
        store = ContentStore(tmp_path / str(number))
        for path in whole_files(store):
            assert hash_bytes(path.read_bytes()) == path.name == DIGEST
        come = store.offset("heron", DIGEST)
        with store.receive("heron", DIGEST, len(WOOD), come) as upload:
            if not upload.is_there:
                upload.write(WOOD[come:])
                resumed += come > 0
            upload.finish()
        assert store.owned("heron", DIGEST)
        assert store.path_of(DIGEST).read_bytes() == WOOD
        assert parts(store) == [] or store.path_of(DIGEST).samefile(parts(store)[0])

    assert 15 < steps < 199
    assert resumed > 5


def test_a_part_that_somebody_else_has_just_kept_is_no_trouble(store: ContentStore) -> None:
    digest = send(store)
    part = store.part_of("heron", digest)
    assert not part.exists()

    store.keep("heron", [(digest, part)])

    assert store.owned("heron", digest)
    with pytest.raises(FarmError, match="no such file or directory"):
        store.keep("heron", [("ab" * 32, part)])
