"""A file's second place has its bytes, whatever way the disk has to give it one."""

from pathlib import Path

import pytest

from farm.files.placing import Placed, place


def a_file(path: Path, text: str = "a picture") -> Path:
    path.write_text(text)
    return path


def test_a_placed_file_has_bytes_and_time_of_its_source(tmp_path: Path) -> None:
    source, target = a_file(tmp_path / "a"), tmp_path / "b"

    placed = place(source, target)

    assert target.read_text() == "a picture"
    assert target.stat().st_mtime_ns == source.stat().st_mtime_ns
    assert (target.stat().st_ino == source.stat().st_ino) == (placed is Placed.LINK)


def test_a_file_on_another_disk_is_copied_and_made_read_only(tmp_path: Path) -> None:
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other disk here")
    source, target = a_file(tmp_path / "a", "x" * 100_000), memory / f"{tmp_path.name}.karst-test"
    try:
        assert place(source, target) is Placed.COPY

        assert target.read_text() == "x" * 100_000
        assert target.stat().st_mode & 0o777 == 0o444
        assert target.stat().st_mtime_ns == source.stat().st_mtime_ns
    finally:
        target.unlink(missing_ok=True)


def test_what_lies_there_is_replaced_and_a_link_never_followed(tmp_path: Path) -> None:
    source, outside = a_file(tmp_path / "a"), a_file(tmp_path / "outside", "keep me")
    target = tmp_path / "b"
    target.symlink_to(outside)

    place(source, target)
    place(source, target)

    assert (target.is_symlink(), target.read_text()) == (False, "a picture")
    assert outside.read_text() == "keep me"
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b", "outside"}


def test_a_source_that_is_not_there_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        place(tmp_path / "a", tmp_path / "b")

    assert list(tmp_path.iterdir()) == []
