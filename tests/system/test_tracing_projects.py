"""Projects that are laid out and opened below another root, by a real Blender."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from farm.assets.layout import Layout
from farm.assets.packing import Packing, packing_of
from farm.assets.project import Project, read_project
from farm.assets.tracing import trace
from farm.blender import BlenderCommand
from farm.model.errors import BadRequest, BadScene
from farm.model.manifest import Manifest, ManifestEntry
from tests.corpus.table import module_of

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

FILM = Path(__file__).parents[1] / "corpus" / "film.py"
NEW_BLENDER = "FARM_TEST_BLENDER_5"
SHOT = "film/shots/010/shot.blend"


def run_film(python: str, *words: object) -> None:
    command = [python, "-P", str(FILM), *map(str, words)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module", params=["this Blender", "Blender 5"])
def blender(request: pytest.FixtureRequest) -> BlenderCommand:
    python = sys.executable if request.param == "this Blender" else os.environ.get(NEW_BLENDER)
    if not python:
        pytest.skip(f"{NEW_BLENDER} names no Python that has bpy 5.0")
    return module_of(python)


@pytest.fixture(scope="module")
def built(blender: BlenderCommand, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studio")
    run_film(blender.program, folder)
    return folder


@pytest.fixture
def studio(built: Path, blender: BlenderCommand, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The shot where its absolute paths hold; back in its place afterwards."""
    monkeypatch.setattr(trace, "find_blender", lambda: blender)
    yield built
    away = built.with_name("away")
    if away.exists():
        away.rename(built)


def read(scene: Path, scratch: Path, project: Path | None = None) -> Project:
    scratch.mkdir(exist_ok=True)
    return read_project(scene, scratch=scratch, project=project)


def lay_out(project: Project, root: Path) -> Path:
    """Put the project below `root`, as a node would; returns the scene."""
    for file in project.files:
        target = root / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.source, target)
    return root / project.scene


def pixels_differ(one: Path, other: Path) -> bool:
    with Image.open(one) as first, Image.open(other) as second:
        return (
            ImageChops.difference(first.convert("RGB"), second.convert("RGB")).getbbox() is not None
        )


def test_a_project_opens_below_another_root_with_nothing_missing_and_looks_the_same(
    studio: Path, blender: BlenderCommand, tmp_path: Path
) -> None:
    run_film(blender.program, "--render", studio / SHOT, tmp_path / "here.png")
    project = read(studio / SHOT, tmp_path / "scratch")
    there = lay_out(project, tmp_path / "there")
    studio.rename(studio.with_name("away"))  # so that no old path leads anywhere
    run_film(blender.program, "--render", there, tmp_path / "there.png")
    again = read(there, tmp_path / "again", project=tmp_path / "there")

    assert not again.missing
    assert [one.path for one in again.files] == [one.path for one in project.files]
    assert not [one for one in again.files if one.is_rewritten]
    assert not pixels_differ(tmp_path / "here.png", tmp_path / "there.png")
    with Image.open(tmp_path / "there.png") as image:
        assert len(image.convert("RGB").getcolors(10_000) or []) > 3


def test_only_what_has_to_is_rewritten_and_originals_stay_as_they_are(
    studio: Path, tmp_path: Path
) -> None:
    before = (studio / SHOT).read_bytes()
    project = read(studio / SHOT, tmp_path / "scratch")
    (copy,) = [one for one in project.files if one.is_rewritten]

    assert copy.path == project.scene == "shots/010/shot.blend"
    assert (studio / SHOT).read_bytes() == before
    assert packing_of(copy.source) is Packing.ZSTD
    assert copy.size_bytes == copy.source.stat().st_size


def test_the_same_project_is_laid_out_in_the_same_way_again(studio: Path, tmp_path: Path) -> None:
    one, other = (read(studio / SHOT, tmp_path / name) for name in ("one", "other"))

    assert [file.path for file in one.files] == [file.path for file in other.files]
    assert [file.source.read_bytes() for file in one.files] == [
        file.source.read_bytes() for file in other.files
    ]


def test_what_lies_outside_keeps_its_neighbours(studio: Path, tmp_path: Path) -> None:
    project = read(studio / SHOT, tmp_path / "scratch")
    place = {str(one.original.relative_to(studio)): one.path for one in project.files}
    props = place["store/props/lib/props.blend"].removesuffix("lib/props.blend")

    assert project.root == studio / "film"  # the scene's images go to film/renders
    assert place["film/image/wood.png"] == "image/wood.png"
    assert props.startswith("_outside/")
    assert place["store/props/textures/wood.png"] == f"{props}textures/wood.png"
    tiles = {str(Path(place[f"store/udim_tiles/skin.{n}.png"]).parent) for n in (1001, 1011)}
    assert len(tiles) == 1
    Manifest.of(
        ManifestEntry(path=one.path, digest="0" * 64, size_bytes=one.size_bytes)
        for one in project.files
    )


def test_the_folder_of_the_project_is_the_one_that_is_given_or_marked(
    studio: Path, tmp_path: Path
) -> None:
    given = read(studio / SHOT, tmp_path / "scratch", project=studio)
    (studio / "film/shots/farm.toml").touch()
    marked = read(studio / SHOT, tmp_path / "scratch")
    (studio / "film/shots/farm.toml").unlink()
    with pytest.raises(BadRequest, match="is not in the project's folder"):
        read(studio / SHOT, tmp_path / "scratch", project=tmp_path)

    assert given.scene == SHOT
    assert not [one for one in given.files if one.path.startswith("_outside")]
    assert (marked.root, marked.scene) == (studio / "film/shots", "010/shot.blend")


def test_a_path_that_does_not_fit_is_refused_in_one_line(
    studio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Layout.place
    monkeypatch.setattr(
        Layout,
        "place",
        lambda layout, path: real(layout, path).replace("_outside", "x" * 1020),
    )

    with pytest.raises(BadScene, match="is too long for Blender, which takes "):
        read(studio / SHOT, tmp_path / "scratch")
