"""The hash cache: a file that has not changed is not read again, and nothing else is spared."""

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from farm.client import reading
from farm.client.hashes import HashCache, Hashed, Stamp
from farm.client.reading import hash_files
from farm.files.hashing import hash_bytes, hash_file
from farm.model.errors import BadRequest, MissingAssets


@pytest.fixture
def cache(tmp_path: Path) -> HashCache:
    return HashCache(tmp_path / "cache" / "hashes.sqlite")


def a_file(path: Path, data: bytes = b"oak", *, age_seconds: float = 60) -> Path:
    path.write_bytes(data)
    then = time.time() - age_seconds
    os.utime(path, (then, then))
    return path


def hashed(cache: HashCache, *paths: Path) -> list[str]:
    found = hash_files(paths, cache=cache)
    return [found[path].digest for path in paths]


def is_known(cache: HashCache, path: Path) -> bool:
    return path in cache.known([(path, Stamp.of(path.stat()))])


def test_a_file_that_has_not_changed_is_not_read_again(
    cache: HashCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wood = a_file(tmp_path / "wood.png")
    first = hashed(cache, wood)
    monkeypatch.setattr(reading, "hash_file", lambda *_: pytest.fail("it was read"))
    second = hashed(cache, wood)

    assert first == second == [hash_bytes(b"oak")]


@pytest.mark.parametrize("change", ["size", "time", "inode"])
def test_a_file_that_has_changed_is_read_again(
    cache: HashCache, tmp_path: Path, change: str
) -> None:
    wood = a_file(tmp_path / "wood.png", b"oak")
    hashed(cache, wood)
    before = wood.stat()
    if change == "size":
        wood.write_bytes(b"birch")
        os.utime(wood, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif change == "time":
        wood.write_bytes(b"elm")
        os.utime(wood, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    else:
        other = a_file(tmp_path / "other.png", b"elm")
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
        other.replace(wood)

    assert hashed(cache, wood) == [hash_bytes(wood.read_bytes())]


def test_a_file_that_was_just_written_is_read_each_time(cache: HashCache, tmp_path: Path) -> None:
    wood = a_file(tmp_path / "wood.png", age_seconds=0.5)
    hashed(cache, wood)

    assert not is_known(cache, wood)


def test_names_of_any_bytes_are_kept(cache: HashCache, tmp_path: Path) -> None:
    files = [
        a_file(tmp_path / name) for name in ("木纹.png", "a\nb.png", os.fsdecode(b"caf\xe9.png"))
    ]
    hashed(cache, *files)

    assert all(is_known(cache, path) for path in files)


@pytest.mark.parametrize("data", [b"no database at all" * 100, b""])
def test_a_broken_cache_is_begun_anew(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "hashes.sqlite"
    path.write_bytes(data)
    wood = a_file(tmp_path / "wood.png")
    cache = HashCache(path)

    assert hashed(cache, wood) == [hash_bytes(b"oak")]
    assert is_known(cache, wood)


@pytest.mark.parametrize("path", ["/proc/hashes.sqlite", "/dev/null/hashes.sqlite"])
def test_a_cache_that_cannot_be_written_only_costs_time(tmp_path: Path, path: str) -> None:
    wood = a_file(tmp_path / "wood.png")
    cache = HashCache(Path(path))

    assert hashed(cache, wood) == [hash_bytes(b"oak")]
    assert not is_known(cache, wood)


def test_a_cache_of_another_version_is_begun_anew(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "hashes.sqlite"
    with sqlite3.connect(path) as old:
        old.executescript("CREATE TABLE files (path TEXT); PRAGMA user_version = 99")
    old.close()
    wood = a_file(tmp_path / "wood.png")
    cache = HashCache(path)
    hashed(cache, wood)

    assert is_known(cache, wood)


def test_the_cache_forgets_what_is_too_much(cache: HashCache, tmp_path: Path) -> None:
    files = [a_file(tmp_path / f"{number}.png") for number in range(20)]
    hashed(cache, *files)
    cache.prune(most=5)

    assert sum(is_known(cache, path) for path in files) == 5


def fill(cache_path: Path, folder: Path, number: int) -> None:
    cache = HashCache(cache_path)
    for index in range(20):
        path = folder / f"{number}.{index}"
        stamp = Stamp.of(path.stat())
        cache.remember([Hashed(path, f"{number:032}{index:032}", stamp, time.time())])
    cache.close()


def test_several_processes_may_write_it_at_once(tmp_path: Path) -> None:
    for number in range(4):
        for index in range(20):
            a_file(tmp_path / f"{number}.{index}")
    path = tmp_path / "cache" / "hashes.sqlite"
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        pool.starmap(fill, [(path, tmp_path, number) for number in range(4)])
    cache = HashCache(path)

    assert sum(is_known(cache, tmp_path / f"{n}.{i}") for n in range(4) for i in range(20)) == 80


def test_a_file_that_changes_while_it_is_read_is_read_again(
    cache: HashCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wood, reads = a_file(tmp_path / "wood.png"), []
    real = hash_file

    def written_meanwhile(path: Path, on_bytes: object = None) -> tuple[str, int]:
        reads.append(path)
        found = real(path)
        if len(reads) == 1:
            wood.write_bytes(b"birch")
        return found

    monkeypatch.setattr(reading, "hash_file", written_meanwhile)

    assert hashed(cache, wood) == [hash_bytes(b"birch")]


def test_a_file_that_goes_on_changing_is_told(
    cache: HashCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wood = a_file(tmp_path / "wood.png")

    def always_written(path: Path, on_bytes: object = None) -> tuple[str, int]:
        with wood.open("ab") as file:
            file.write(b"more")
        return "", 0

    monkeypatch.setattr(reading, "hash_file", always_written)
    monkeypatch.setattr(reading, "_PAUSE_SECONDS", 0)

    with pytest.raises(BadRequest, match=r"wood\.png changes while it is read: wait until"):
        hashed(cache, wood)


def test_what_cannot_be_read_is_told_in_one_line(cache: HashCache, tmp_path: Path) -> None:
    loop, pipe = tmp_path / "loop.png", tmp_path / "pipe.png"
    loop.symlink_to(loop)
    os.mkfifo(pipe)
    faults = {
        tmp_path / "gone.png": (MissingAssets, "gone.png cannot be read: it has gone since"),
        loop: (BadRequest, "it is a link that leads to itself"),
        pipe: (BadRequest, "pipe.png is no file"),
        tmp_path: (BadRequest, "is no file"),
        tmp_path / ("x" * 300): (BadRequest, "its name is too long for this system"),
        tmp_path / "a\0b": (BadRequest, r"a\\x00b cannot be read: embedded null byte"),
        tmp_path / "new\nline": (MissingAssets, r"new\\nline cannot be read"),
    }
    for path, (kind, line) in faults.items():
        with pytest.raises(kind, match=line) as told:
            hashed(cache, path)
        assert "\n" not in str(told.value)
