"""`farm assets`, as a person and a script meet it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.corpus.table import Corpus
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

FARM = (sys.executable, "-m", "farm.cli.main")


def assets(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*FARM, "assets", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


def test_each_file_is_a_line_with_kind_path_size_and_who_refers_to_it(corpus: Corpus) -> None:
    done = assets(corpus.scene("library"))
    folder = corpus.scene("library").parent
    lines = [line.split("\t") for line in done.stdout.splitlines()]

    assert done.returncode == 0
    assert [(kind, path) for kind, path, _, _ in lines] == [
        ("library", "lib/materials.blend"),
        ("library", "lib/props.blend"),
        ("scene", "shot.blend"),
        ("image", "textures/wood.png"),
    ]
    assert lines[3][3] == f"image wood.png in {folder}/lib/materials.blend"
    assert "4 files, " in done.stderr


def test_for_scripts_all_is_json(corpus: Corpus) -> None:
    told = json.loads(assets(corpus.scene("image_sequence"), "--json", "--tracer", "bat").stdout)

    assert told["scene"] == "shot.blend"
    assert [one["path"] for one in told["files"]] == [
        *(f"fire_00{number}.png" for number in range(1, 5)),
        "shot.blend",
    ]
    assert told["bytes"] == sum(one["bytes"] for one in told["files"])
    assert (told["missing"], told["notes"]) == ([], [])


def test_what_is_missing_is_listed_and_ends_with_2(corpus: Corpus, tmp_path: Path) -> None:
    shot = shutil.copytree(corpus.scene("library").parent, tmp_path / "library") / "shot.blend"
    wood = shot.parent / "textures" / "wood.png"
    wood.unlink()
    done = assets(shot, "--tracer", "bat")
    as_json = assets(shot, "--tracer", "bat", "--json")

    assert (done.returncode, as_json.returncode) == (2, 2)
    assert f"farm: missing: image {wood} does not exist (image wood.png in " in done.stderr
    assert json.loads(as_json.stdout)["missing"][0]["why"] == "does not exist"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("gone.blend",), "gone.blend does not exist"),
        (("/",), "is a folder: give the .blend file in it"),
        (("SCENE", "--tracer", "guess"), "no tracer 'guess'; there are: auto, blender, bat"),
        (("SCENE", "--project", "/usr"), "is not in the project's folder /usr: give another"),
        (("SCENE", "--project", "/none"), "project /none is not a folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_wrong_is_one_line(corpus: Corpus, words: tuple[str, ...], line: str) -> None:
    scene = str(corpus.scene("image_sequence"))
    done = assets(*(scene if word == "SCENE" else word for word in words))

    *progress, said = done.stderr.splitlines()  # a slow machine also tells how far it is

    assert done.returncode == 2
    assert line in said
    assert all(one.startswith("farm: looking for the scene's files: ") for one in progress)


def test_ctrl_c_ends_blender_and_all_that_it_started(corpus: Corpus, tmp_path: Path) -> None:
    slow = tmp_path / "blender"
    slow.write_text(
        "#!/bin/sh\n"
        'case "$*" in *--version*) echo Blender 4.5.15; exit;; esac\n'
        f"sleep 600 & echo $! > {tmp_path}/child\n"
        "sleep 600\n",
        "utf-8",
    )
    slow.chmod(0o755)
    child = tmp_path / "child"
    process = subprocess.Popen(
        [*FARM, "assets", str(corpus.scene("library"))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "FARM_BLENDER": str(slow)},
    )
    wait_until(lambda: child.exists() and child.read_text("ascii").strip(), timeout_seconds=30)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)

    assert process.returncode == 130
    assert b"Traceback" not in said
    wait_until(lambda: gone(int(child.read_text("ascii"))), timeout_seconds=5)


def gone(process: int) -> bool:
    try:
        return psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
