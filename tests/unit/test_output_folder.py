"""Output folders are made whole or not at all."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.assets.images import prepared_folder
from farm.model.errors import BadRequest


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system without a free byte. Only root may make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        with pytest.raises(OSError, match="No space"):
            (disk / "fill").write_bytes(bytes(100_000))
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_folder_is_made_and_stays_when_all_goes_well(tmp_path: Path) -> None:
    with prepared_folder(tmp_path / "a" / "b"):
        pass

    assert (tmp_path / "a" / "b").is_dir()
    assert not list((tmp_path / "a" / "b").iterdir())


def test_what_was_made_goes_again_when_the_work_fails_and_nothing_else_does(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(ZeroDivisionError), prepared_folder(tmp_path / "mine" / "a" / "b"):
        raise ZeroDivisionError

    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert not list((tmp_path / "mine").iterdir())


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "a"):
        with pytest.raises(BadRequest, match=r"cannot be written to: .*; give another with"):
            prepared_folder(folder).__enter__()


def test_a_full_disk_is_told_and_nothing_is_left_on_it(full_disk: Path) -> None:
    with pytest.raises(BadRequest, match="no space left on device; make room there"):
        prepared_folder(full_disk / "a" / "b").__enter__()

    assert [path.name for path in full_disk.iterdir()] == ["fill"]
