"""What ended work has left on a node goes when its disk runs full, and nothing else does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import wait_until
from workers.leftovers import Leftovers

LIVE, OLD, OLDER = "a" * 16, "b" * 16, "c" * 16


@pytest.fixture
def leftovers(tmp_path: Path) -> Leftovers:
    for name in ("results", "tmp"):
        (tmp_path / name).mkdir()
    return Leftovers(results=tmp_path / "results", temporary=tmp_path / "tmp")


def lay(path: Path, *, at: float = 1_000.0, size: int = 100_000) -> Path:
    """Something of this size, last changed at `at`: a file, or a folder with one in it."""
    is_file = bool(path.suffix)
    file = path if is_file else path / "logs" / "a.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x" * size)
    os.utime(path, (at, at))
    return path


def test_only_what_nobody_uses_and_this_worker_made_goes(
    tmp_path: Path, leftovers: Leftovers
) -> None:
    gone = [
        lay(tmp_path / "results" / OLD),
        lay(tmp_path / "tmp" / f"{OLD}.3.1.jpg"),
        lay(tmp_path / "tmp" / "karst-blender-old"),
    ]
    images = lay(tmp_path / "images" / "shot_0001.png")
    (tmp_path / "results" / OLDER).symlink_to(images.parent)
    kept = [
        images,
        lay(tmp_path / "results" / LIVE),
        lay(tmp_path / "results" / "shot_0001.png"),
        lay(tmp_path / "tmp" / f"{LIVE}.3.1.jpg"),
        lay(tmp_path / "tmp" / "stills-of-a-movie"),
        lay(tmp_path / "tmp" / "somebody-elses"),
        lay(tmp_path / "outbox" / "1.json"),
        tmp_path / "results" / OLDER,
    ]

    count, size_bytes = leftovers.clear(lambda: {LIVE}, lambda: False)

    assert count == 3
    assert size_bytes >= 300_000
    assert not any(path.exists() for path in gone)
    assert all(path.exists() for path in kept)


def test_the_oldest_goes_first_and_only_until_there_is_room(
    tmp_path: Path, leftovers: Leftovers
) -> None:
    young = lay(tmp_path / "results" / OLD, at=2_000.0)
    old = lay(tmp_path / "results" / OLDER, at=1_000.0)

    assert leftovers.clear(lambda: (), lambda: not old.exists())[0] == 1
    assert young.exists()
    assert leftovers.clear(lambda: (), lambda: True) == (0, 0)


def test_the_folder_of_a_process_that_runs_stays(tmp_path: Path, leftovers: Leftovers) -> None:
    folder = lay(tmp_path / "tmp" / "karst-blender-1")
    with subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"],
        env={"TMPDIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        assert leftovers.clear(lambda: (), lambda: False) == (0, 0)
        process.kill()
    wait_until(lambda: leftovers.clear(lambda: (), lambda: False)[0] == 1, timeout_seconds=5)
    assert not folder.exists()


def test_a_temporary_folder_that_was_just_made_stays(tmp_path: Path, leftovers: Leftovers) -> None:
    folder = tmp_path / "tmp" / "karst-blender-new"
    folder.mkdir()

    assert leftovers.clear(lambda: (), lambda: False) == (0, 0)
    assert folder.exists()
