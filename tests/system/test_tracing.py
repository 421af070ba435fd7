"""What the tracers find in scenes of every kind, made by a real Blender."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import psutil
import pytest
from blender_asset_tracer.blendfile import close_all_cached
from blender_asset_tracer.trace import deps

from farm.assets.tracing import blender_map, trace
from farm.assets.tracing.expand import find_files
from farm.assets.tracing.model import Found
from farm.assets.tracing.trace import trace_scene
from farm.blender import BlenderCommand
from farm.model.errors import BadRequest, BadScene, NodeUnfit
from tests.corpus.make import kinds
from tests.corpus.table import ALL, REFUSES, Corpus, answers, make_corpus, module_of, table
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

NEW = Path(__file__).parents[1] / "corpus" / "blender-5.0" / "shot.blend"
PAGE = Path(__file__).parents[2] / "docs" / "assets.md"
NEW_BLENDER = "FARM_TEST_BLENDER_5"
HERE = ("blender", "auto")


@pytest.fixture
def new_blender(monkeypatch: pytest.MonkeyPatch) -> BlenderCommand:
    python = os.environ.get(NEW_BLENDER)
    if not python:
        pytest.skip(f"{NEW_BLENDER} names no Python that has bpy 5.0")
    blender = module_of(python)
    monkeypatch.setattr(trace, "find_blender", lambda: blender)
    return blender


@pytest.fixture
def no_blender(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> BlenderCommand:
        raise NodeUnfit("no Blender on this machine: put one on the PATH")

    monkeypatch.setattr(trace, "find_blender", none)


def files_of(scene: Path, tracer: str = "auto") -> Found:
    traced = trace_scene(scene, tracer=tracer)
    return find_files(traced.scene, traced.mentions)


def names_in(found: Found, folder: Path) -> list[str]:
    return [os.path.relpath(one.path, folder) for one in found.files]


def refusal(scene: Path, tracer: str = "auto") -> str:
    with pytest.raises(BadScene) as caught:
        files_of(scene, tracer)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_table_in_the_docs_is_what_the_tracers_find(corpus: Corpus) -> None:
    told = cells(line for line in PAGE.read_text("utf-8").splitlines() if line[:2] == "| ")
    seen = cells(table([corpus]))

    assert [kind for kind, *_ in told[2:]] == [kind.replace("_", " ") for kind in kinds()]
    kept = {kind for kind, *_ in seen}
    assert [row for row in told if row[0] in kept] == seen


def cells(lines: Iterable[str]) -> list[list[str]]:
    """Of each line the kind, and what tracers find in what Blender 4.5 made."""
    return [line.strip("| ").split(" | ")[:5] for line in lines]


def test_by_default_nothing_is_lost_whatever_blender_made_the_scene(
    new_blender: BlenderCommand, tmp_path: Path
) -> None:
    found = answers(make_corpus(tmp_path / "corpus", new_blender.program))

    assert {kind for kind, (_, bat, _, _) in found.items() if bat != REFUSES} == set()
    assert {row[-1] for row in found.values()} == {ALL, "left alone"}


def test_blender_finds_what_is_in_libraries_of_a_new_scene(new_blender: BlenderCommand) -> None:
    for tracer in HERE:
        found = files_of(NEW, tracer)

        assert names_in(found, NEW.parent) == [
            "lib/materials.blend",
            "lib/props.blend",
            "shot.blend",
            "textures/wood.png",
        ]


def test_bats_own_list_loses_textures_of_new_scenes_without_a_word() -> None:
    try:
        found = [bytes(usage.asset_path) for usage in deps(NEW)]
    finally:
        close_all_cached()

    assert found == [b"//lib/props.blend", b"//materials.blend"]


def test_without_blender_a_new_scene_is_refused(no_blender: None, tmp_path: Path) -> None:
    line = "without Blender only files up to 4.5 can be traced with nothing lost"

    assert line in refusal(NEW, "bat")
    assert line in refusal(NEW, "auto")


def test_without_blender_a_new_library_is_refused_too(corpus: Corpus, tmp_path: Path) -> None:
    shutil.copytree(corpus.scene("library").parent, tmp_path / "old")
    shutil.copy(NEW.parent / "lib" / "materials.blend", tmp_path / "old" / "lib")

    assert f"{tmp_path}/old/lib/materials.blend was saved by Blender 5.0" in refusal(
        tmp_path / "old" / "shot.blend", "bat"
    )


def test_a_blender_that_is_older_than_the_scene_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = BlenderCommand(program="blender", version="4.5.15", is_module=False)
    monkeypatch.setattr(trace, "find_blender", lambda: old)
    with pytest.raises(NodeUnfit, match=r"is too old to read .*, saved by Blender 5.0: put one"):
        trace_scene(NEW, tracer="blender")

    assert "Blender 4.5.15 (blender) is too old to read" in refusal(NEW, "auto")


def test_without_blender_an_older_scene_is_traced_and_that_is_told(
    corpus: Corpus, no_blender: None
) -> None:
    traced = trace_scene(corpus.scene("library"))

    assert traced.notes == (
        "traced without Blender: no Blender on this machine: put one on the PATH",
    )
    with pytest.raises(NodeUnfit):
        trace_scene(corpus.scene("library"), tracer="blender")


def test_each_file_says_who_refers_to_it(corpus: Corpus) -> None:
    folder = corpus.scene("library").parent
    (wood,) = [one for one in files_of(folder / "shot.blend").files if one.path.endswith("png")]

    assert wood.path == f"{folder}/textures/wood.png"
    assert wood.kind == "image"
    assert wood.used_by == (f"image wood.png in {folder}/lib/materials.blend",)


def test_the_limits_of_blenders_own_list_are_told(corpus: Corpus) -> None:
    (note,) = trace_scene(corpus.scene("image"), tracer="blender").notes

    assert "leaves out disk caches of simulations and bakes of geometry nodes" in note


def test_a_tracer_that_is_none_is_refused(corpus: Corpus) -> None:
    with pytest.raises(BadRequest, match="no tracer 'guess'; there are: auto, blender, bat"):
        trace_scene(corpus.scene("image"), tracer="guess")


def test_a_blender_that_takes_too_long_is_ended_with_all_it_started(
    corpus: Corpus, tmp_path: Path
) -> None:
    sleeper = tmp_path / "sleeper"
    sleeper.write_text(f"#!/bin/sh\nsleep 600 & echo $! > {tmp_path}/child\nsleep 600\n", "utf-8")
    sleeper.chmod(0o755)
    blender = BlenderCommand(program=str(sleeper), version="4.5.0", is_module=False)
    with pytest.raises(BadScene, match="was not read by Blender within 2 seconds"):
        blender_map.ask_blender(str(corpus.scene("image")), blender, most_seconds=2)
    child = int((tmp_path / "child").read_text("ascii"))

    wait_until(lambda: gone(child), timeout_seconds=5)


def gone(process: int) -> bool:
    try:
        return psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_blender_that_breaks_down_is_told_with_its_last_words(
    corpus: Corpus, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho out of paint\nexit 3\n", "utf-8")
    broken.chmod(0o755)
    blender = BlenderCommand(program=str(broken), version="4.5.0", is_module=False)

    with pytest.raises(NodeUnfit, match=r"ended without an answer about .*: out of paint"):
        blender_map.ask_blender(str(corpus.scene("image")), blender)
