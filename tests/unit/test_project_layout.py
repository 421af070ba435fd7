"""Where a project's files lie, by their paths alone."""

import os
from pathlib import Path

import pytest

from farm.assets.layout import Layout, project_root
from farm.assets.project import missing_assets
from farm.assets.tracing.model import Kind, Mention, MissingFile, Spread
from farm.assets.tracing.paths import resolve
from farm.model.errors import BadRequest

SCENE = "/nowhere/film/shots/010/shot.blend"


def mention(
    written: str, *, blend: str = SCENE, kind: Kind = Kind.IMAGE, spread: Spread = Spread.FILE
) -> Mention:
    return Mention(
        kind=kind,
        written=written,
        path=resolve(written, os.path.dirname(blend)),  # noqa: PTH120 - text, as in the module
        blend=blend,
        block="image wood.png",
        spread=spread,
    )


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("//wood.png", "/film/wood.png"),
        ("//../wood.png", "/wood.png"),
        ("//tex\\wood.png", "/film/tex/wood.png"),
        ("/store/./wood.png", "/store/wood.png"),
        ("C:\\store\\wood.png", "/c/store/wood.png"),
        ("\\\\server\\store\\wood.png", "/server/store/wood.png"),
        ("tex/wood.png", "/film/tex/wood.png"),
        ("//../../../../wood.png", "/wood.png"),
        ("//木.png", "/film/木.png"),
        (os.fsdecode(b"//\xff.png"), os.fsdecode(b"/film/\xff.png")),
    ],
)
def test_a_path_is_read_as_blender_reads_it(written: str, path: str) -> None:
    assert resolve(written, "/film") == path


def test_the_project_holds_all_that_is_named_relatively_and_the_images() -> None:
    library = "/nowhere/film/lib/props.blend"
    mentions = [
        mention("//../../lib/props.blend", kind=Kind.LIBRARY),
        mention("//../textures/wood.png", blend=library),
        mention("/store/sky.png"),
    ]

    assert project_root(SCENE, mentions) == "/nowhere/film"
    assert project_root(SCENE, mentions[2:]) == "/nowhere/film/shots/010"
    assert project_root(SCENE, [], output="/nowhere/film/shots") == "/nowhere/film/shots"


def test_what_an_absolute_library_names_does_not_widen_the_project() -> None:
    library = "/store/lib/props.blend"
    mentions = [
        mention(library, kind=Kind.LIBRARY),
        mention("//../textures/wood.png", blend=library),
    ]

    assert project_root(SCENE, mentions) == "/nowhere/film/shots/010"


def test_a_project_is_never_the_whole_machine() -> None:
    assert project_root(SCENE, [mention("//../../../../store/sky.png")]) == (
        "/nowhere/film/shots/010"
    )


def test_a_given_folder_must_be_there_and_hold_the_scene(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="is not in the project's folder"):
        project_root(SCENE, [], project=tmp_path)
    with pytest.raises(BadRequest, match="is not a folder"):
        project_root(SCENE, [], project=tmp_path / "none")


def test_files_outside_stay_with_those_they_name_relatively() -> None:
    library = "/store/lib/props.blend"
    layout = Layout.of(
        "/nowhere/film",
        [
            mention(library, kind=Kind.LIBRARY),
            mention("//../textures/wood.png", blend=library),
            mention("/elsewhere/sky.png"),
        ],
    )
    here, there = layout.place(library), layout.place("/store/textures/wood.png")

    assert layout.place(SCENE) == "shots/010/shot.blend"
    assert here.startswith("_outside/")
    assert here.removesuffix("lib/props.blend") == there.removesuffix("textures/wood.png")
    assert layout.place("/elsewhere/sky.png").rpartition("/")[0] not in here
    assert layout.place("/elsewhere/sky.<UDIM>.png").endswith("/sky.<UDIM>.png")


def test_a_folder_outside_keeps_what_is_below_it() -> None:
    layout = Layout.of(
        "/nowhere/film", [mention("/store/smoke", kind=Kind.CACHE, spread=Spread.FOLDER)]
    )

    assert layout.place("/store/smoke/data/1.vdb") == f"{layout.place('/store/smoke')}/data/1.vdb"


def test_a_file_reached_by_a_link_to_the_project_is_in_the_project(tmp_path: Path) -> None:
    (tmp_path / "film/tex").mkdir(parents=True)
    (tmp_path / "other").symlink_to("film")
    layout = Layout.of(str(tmp_path / "film"), [mention(f"{tmp_path}/other/tex/a.png")])

    assert layout.place(f"{tmp_path}/other/tex/a.png") == "tex/a.png"


@pytest.mark.parametrize(("count", "they"), [(1, "it"), (2, "them")])
def test_what_is_missing_is_told_in_the_right_number(count: int, they: str) -> None:
    lost = MissingFile(path="/film/wood.png", kind=Kind.IMAGE, why="does not exist", used_by=())

    line = str(missing_assets("/film/shot.blend", (lost,) * count))

    assert ("needs a file that" in line) == (count == 1)
    assert line.endswith(f"; put {they} there, or render without {they} by --allow-missing")
