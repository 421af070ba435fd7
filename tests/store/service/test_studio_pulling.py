"""Finished images on their way back: each whole and checked, none brought in vain, none lost."""

import json
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from farm.cli import errors as status
from farm.cli.errors import run_command
from farm.cli.main import cli
from farm.client import Farm, Fate, PulledFrame
from farm.files.hashing import hash_bytes
from farm.model.errors import NotFound, StorageFull
from farm.model.render import RenderSettings
from farm.model.states import TaskState
from farm.store import Store
from tests.centre import SIZE, Centre, fates, pull
from tests.cutting import Line, line_to
from tests.makers import a_job, a_node, begin, result
from tests.serving import fail
from tests.waiting import wait_until


def test_finished_frames_come_under_their_path_in_the_project(centre: Centre, to: Path) -> None:
    centre.finish(2)
    found = pull(centre, to)

    assert [one.path.relative_to(to) for one in found] == [
        Path("renders/shot_0001.png"),
        Path("renders/shot_0002.png"),
    ]
    assert all(one.path.read_bytes() == centre.images[one.frame] for one in found)
    assert {path.name for path in (to / "renders").iterdir()} == {
        "shot_0001.png",
        "shot_0002.png",
    }


def test_what_is_there_is_not_brought_again(centre: Centre, to: Path) -> None:
    centre.finish(2)
    pull(centre, to)
    centre.finish(1)

    assert fates(pull(centre, to)) == {1: Fate.THERE, 2: Fate.THERE, 3: Fate.PULLED}


def test_a_frame_that_is_rendered_again_is_brought_again(centre: Centre, to: Path) -> None:
    centre.finish(2)
    pull(centre, to)
    centre.store.jobs.retry(
        centre.job, states=frozenset({TaskState.SUCCEEDED}), frames=None, request="again"
    )
    centre.finish(1)
    found = pull(centre, to)

    assert fates(found) == {1: Fate.PULLED}
    assert found[0].path.read_bytes() == centre.images[1]


def test_a_file_that_no_pull_brought_is_left_unless_it_may_be_replaced(
    centre: Centre, to: Path
) -> None:
    centre.finish(2)
    pull(centre, to)
    painted = to / "renders" / "shot_0001.png"
    painted.write_bytes(b"painted over")
    (to / "renders" / "shot_0002.png").unlink()
    (to / "renders" / "shot_0002.png").symlink_to(painted)
    left = pull(centre, to)
    kept = painted.read_bytes()
    replaced = pull(centre, to, overwrite=True)

    assert fates(left) == {1: Fate.LEFT, 2: Fate.LEFT}
    assert kept == b"painted over"
    assert fates(replaced) == {1: Fate.PULLED, 2: Fate.PULLED}
    assert all(one.path.read_bytes() == centre.images[one.frame] for one in replaced)


def test_a_broken_download_goes_on_where_it_broke(centre: Centre, to: Path) -> None:
    centre.finish(1)
    part = to / "renders" / ".shot_0001.png.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(centre.images[1][: SIZE // 2])
    seen: list[int] = []
    found = pull(centre, to, on_transfer=lambda now: seen.append(now.bytes_moved))

    assert found[0].path.read_bytes() == centre.images[1]
    assert not part.exists()
    assert max(seen) == SIZE - SIZE // 2


def test_a_part_of_another_image_is_begun_anew(centre: Centre, to: Path) -> None:
    centre.finish(1)
    part = to / "renders" / ".shot_0001.png.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1000)

    assert pull(centre, to)[0].path.read_bytes() == centre.images[1]


def test_a_line_that_breaks_is_waited_for(centre: Centre, to: Path) -> None:
    centre.finish(4)
    with line_to(centre.url) as line:
        cutting = threading.Thread(target=cut_while_it_grows, args=(line, to))
        cutting.start()
        found = pull(centre, to, url=line.url)
        cutting.join()

    assert all(one.path.read_bytes() == centre.images[one.frame] for one in found)
    assert len(found) == 4


def cut_while_it_grows(line: Line, folder: Path) -> None:
    wait_until(lambda: any(folder.rglob("*.png*")), timeout_seconds=10)
    line.cut()


def test_two_pulls_at_once_bring_each_image_whole(centre: Centre, to: Path) -> None:
    centre.finish(4)
    found: list[list[PulledFrame]] = []
    both = [threading.Thread(target=lambda: found.append(pull(centre, to))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()

    assert [len(one) for one in found] == [4, 4]
    assert {path.name for path in to.rglob("*.*")} == {f"shot_{n:04}.png" for n in range(1, 5)}
    assert all(one.path.read_bytes() == centre.images[one.frame] for one in found[0])


def test_only_the_frames_and_layers_that_are_asked_for_come(
    centre: Centre, store: Store, to: Path
) -> None:
    centre.finish(4)

    assert fates(pull(centre, to, frames="2-3,9")) == {2: Fate.PULLED, 3: Fate.PULLED}
    with pytest.raises(NotFound, match="has no layer 'sheet'; it has: render"):
        pull(centre, to, layer="sheet")


def test_following_brings_frames_while_the_rest_renders_and_ends_with_the_job(
    centre: Centre, to: Path
) -> None:
    with Farm(centre.url) as farm:
        pulling = farm.job(centre.job).pull(to, follow=True)
        for frame in range(1, 5):
            centre.finish(1)
            pulled = next(pulling)
            assert (pulled.frame, pulled.fate) == (frame, Fate.PULLED)
        assert list(pulling) == []


def test_a_full_disk_is_told_and_what_came_is_kept(
    centre: Centre, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre.finish(1)
    monkeypatch.setattr("farm.wire.files.os.fsync", _no_space)

    with pytest.raises(StorageFull, match=r"the disk of .*renders is full: make room"):
        pull(centre, to)
    assert [path.name for path in (to / "renders").iterdir()] == [".shot_0001.png.part"]


def _no_space(_descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_an_image_that_the_farm_has_lost_is_told(centre: Centre, to: Path) -> None:
    centre.finish(1)
    shutil.rmtree(centre.files.blobs)

    with pytest.raises(NotFound, match="is not there any more"):
        pull(centre, to)


def test_images_of_a_job_in_place_come_too(store: Store, centre: Centre, to: Path) -> None:
    shared = to.parent / "shared"
    shared.mkdir()
    settings = RenderSettings(scene="/s.blend", output=f"{shared}/x_####", extension=".png")
    spec = a_job("1", layer={"settings": settings}, production="main")
    centre.job = store.jobs.submit(spec, key="k")
    epoch = store.nodes.register(a_node())
    lease, (task,) = begin(store, epoch=epoch, layer=f"{centre.job}.1")
    (shared / "x_0001.png").write_bytes(b"in place")
    store.leases.settle(lease, [result(task, image_bytes=8)], want=0)
    found = pull(centre, to)

    assert found[0].path == to / str(shared / "x_0001.png")[1:]
    assert found[0].digest == hash_bytes(b"in place")
    (shared / "x_0001.png").unlink()


def run(centre: Centre, *words: str) -> int:
    return run_command(cli, ["pull", centre.job, "--url", centre.url, *words])


def test_the_command_prints_each_path_and_ends_as_the_job_did(
    centre: Centre, store: Store, to: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    centre.finish(3)
    first = run(centre, "--to", str(to))
    plain = capsys.readouterr()
    fail(store, centre.job, reason="no light")
    second = run(centre, "--to", str(to), "--follow", "--json")
    as_json = json.loads(capsys.readouterr().out)

    assert (first, second) == (status.OK, status.JOB_FAILED)
    assert sorted(plain.out.split()) == [f"{to}/renders/shot_000{n}.png" for n in (1, 2, 3)]
    assert f"farm: images of job 1 go to {to}" in plain.err
    assert "Pulled 3 files (2 MiB)" in plain.err
    assert "3 of 4 frames are finished. Bring the rest: farm pull 1 --follow" in plain.err
    assert as_json["state"] == "failed"
    assert {one["fate"] for one in as_json["images"]} == {"there"}


def test_the_command_fails_when_it_left_a_file_alone(
    centre: Centre, to: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    centre.finish(1)
    (to / "renders").mkdir(parents=True)
    (to / "renders" / "shot_0001.png").write_bytes(b"mine")

    assert run(centre, "--to", str(to)) == status.FAILED
    assert "no pull brought this, so it was left alone; --overwrite" in capsys.readouterr().err
    assert run(centre, "--to", str(to), "--overwrite") == status.OK


def test_a_folder_with_an_images_name_stays_and_is_told_while_the_others_come(
    centre: Centre, to: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    centre.finish(2)
    folder = to / "renders" / "shot_0001.png"
    folder.mkdir(parents=True)

    assert run(centre, "--to", str(to), "--overwrite") == status.FAILED
    told = f"{folder}: a folder has the name of an image; move it away, then pull again"
    assert f"farm: {told}" in capsys.readouterr().err.splitlines()
    assert sorted(folder.parent.iterdir()) == [folder, folder.with_name("shot_0002.png")]


def test_ctrl_c_stops_the_pulling_not_the_job_and_says_how_to_go_on(
    centre: Centre, store: Store, to: Path
) -> None:
    centre.finish(1)
    words = ["pull", centre.job, "--follow", "--to", str(to), "--url", centre.url]
    with subprocess.Popen(
        [sys.executable, "-m", "farm.cli.main", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        said = process.stderr.read().splitlines()

    assert first.strip() == f"{to}/renders/shot_0001.png"
    assert process.returncode == status.INTERRUPTED
    assert said[-1] == f"farm: stopped; what came is kept. Go on: farm pull 1 --follow --to {to}"
    assert store.jobs.get(centre.job).state == "active"
