"""Scenes whose files are missing, damaged, unreadable or strangely named: told in one line each."""

import os
import random
import shutil
from pathlib import Path

import pytest

from farm.assets.packing import Packing, packed, packing_of, unpacked
from farm.assets.project import Project, read_project
from farm.model.errors import BadManifest, BadScene, MissingAssets
from tests.corpus.table import Corpus

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

KINDS = (
    "image",
    "library",
    "udim_tiles",
    "image_sequence",
    "fluid",
    "unused_image",
    "particle_external_cache",
)
#: "auto" asks Blender too; alone it is asked in a soak.
TRACERS = ("auto", "bat", pytest.param("blender", marks=pytest.mark.soak))


@pytest.fixture
def film(corpus: Corpus, tmp_path: Path) -> Path:
    """Scenes to be broken."""
    for kind in KINDS:
        shutil.copytree(corpus.folder / kind, tmp_path / "film" / kind)
    return tmp_path / "film"


def read(scene: Path, *, tracer: str = "bat", allow_missing: bool = False) -> Project:
    scratch = scene.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    return read_project(scene, tracer=tracer, scratch=scratch, allow_missing=allow_missing)


def refusal(scene: Path, *, tracer: str = "bat") -> str:
    with pytest.raises((BadScene, BadManifest)) as caught:
        read(scene, tracer=tracer)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("tracer", TRACERS)
def test_what_is_missing_is_told_with_who_refers_to_it(film: Path, tracer: str) -> None:
    (film / "library/lib/materials.blend").unlink()
    (film / "udim_tiles/skin.1002.png").unlink()
    line = refusal(film / "library/shot.blend", tracer=tracer)
    tile = refusal(film / "udim_tiles/shot.blend", tracer=tracer)

    assert f"library {film}/library/lib/materials.blend does not exist" in line
    assert f"(library materials.blend in {film}/library/lib/props.blend)" in line
    assert f"udim {film}/udim_tiles/skin.1002.png does not exist" in tile
    assert "--allow-missing" in line


def test_one_may_go_on_without_what_is_missing(film: Path) -> None:
    (film / "image/wood.png").unlink()
    project = read(film / "image/shot.blend", allow_missing=True)

    assert [one.path for one in project.files] == ["shot.blend"]
    assert [(one.path, one.why) for one in project.missing] == [
        (f"{film}/image/wood.png", "does not exist")
    ]


def test_a_missing_file_is_a_refusal_of_its_own_kind(film: Path) -> None:
    (film / "image/wood.png").unlink()

    with pytest.raises(MissingAssets, match="needs a file that cannot be read: image"):
        read(film / "image/shot.blend")


def test_a_simulation_that_was_not_baked_is_a_note_and_no_fault(film: Path) -> None:
    shutil.rmtree(film / "fluid/smoke")
    project = read(film / "fluid/shot.blend", tracer="auto")

    assert not project.missing
    assert any("smoke is not there: it was not baked" in note for note in project.notes)


@pytest.mark.parametrize("tracer", TRACERS)
def test_a_missing_file_that_no_scene_uses_is_a_note_and_no_fault(film: Path, tracer: str) -> None:
    there = read(film / "unused_image/shot.blend", tracer=tracer)
    (film / "unused_image/old.png").unlink()
    project = read(film / "unused_image/shot.blend", tracer=tracer)

    assert [one.path for one in there.files] == ["old.png", "shot.blend"]
    assert [one.path for one in project.files] == ["shot.blend"]
    assert "old.png is not there, but no scene uses it" in str(project.notes)


@pytest.mark.parametrize("tracer", TRACERS)
def test_a_path_in_a_scene_that_is_no_utf8_is_told_in_one_line(film: Path, tracer: str) -> None:
    scene = film / "image/shot.blend"
    with unpacked(scene) as stream:
        whole = stream.read()
    scene.write_bytes(whole.replace(b"//wood.png", b"//w\xff\xfed.png"))
    line = refusal(scene, tracer=tracer)
    (film / os.fsdecode(b"image/w\xff\xfed.png")).write_bytes(b"1")

    assert "needs a file that cannot be read: image" in line
    assert line.isprintable()
    assert refusal(scene, tracer=tracer).endswith("is no UTF-8: rename the file")


@pytest.mark.parametrize("tracer", TRACERS)
def test_a_damaged_library_is_told_by_its_name(film: Path, tracer: str) -> None:
    library = film / "library/lib/materials.blend"
    library.write_bytes(library.read_bytes()[:9000])
    line = refusal(film / "library/shot.blend", tracer=tracer)

    assert line == f"library {library} is cut short or damaged: save or copy it again"


def test_a_library_that_is_a_folder_is_told_by_what_it_is(film: Path) -> None:
    (film / "library/lib/materials.blend").unlink()
    (film / "library/lib/materials.blend").mkdir()

    assert f"library {film}/library/lib/materials.blend is a folder" in refusal(
        film / "library/shot.blend"
    )


def test_links_that_lead_in_a_circle_are_told(film: Path) -> None:
    (film / "image/wood.png").unlink()
    (film / "image/wood.png").symlink_to("wood.png")
    (film / "library/lib/materials.blend").unlink()
    (film / "library/lib/materials.blend").symlink_to("materials.blend")

    assert "wood.png is a link that leads in a circle" in refusal(film / "image/shot.blend")
    assert "materials.blend is a link that leads in a circle" in refusal(
        film / "library/shot.blend"
    )


def test_a_link_back_above_itself_is_not_followed_and_told(film: Path) -> None:
    (film / "fluid/smoke/data/again").symlink_to("..")
    project = read(film / "fluid/shot.blend")

    assert [one.path for one in project.files if "again" in one.path] == []
    assert f"{film}/fluid/smoke/data/again is a link that leads back above" in str(project.notes)


def test_a_link_in_the_project_is_sent_as_the_file_it_leads_to(film: Path) -> None:
    (film / "image/wood.png").rename(film / "image/real.png")
    (film / "image/wood.png").symlink_to("real.png")
    project = read(film / "image/shot.blend")

    assert [one.path for one in project.files] == ["shot.blend", "wood.png"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(film: Path) -> None:
    (film / "image/wood.png").chmod(0)

    assert "wood.png may not be read" in refusal(film / "image/shot.blend")


@pytest.mark.parametrize("name", [b"fire_\xff\xfe", "fire_\n_"], ids=["no UTF-8", "line break"])
def test_names_that_cannot_be_sent_are_told_in_one_line(film: Path, name: "bytes | str") -> None:
    folder = film / "fluid/smoke/data"
    strange = os.fsdecode(name)
    (folder / strange).write_bytes(b"1")
    line = refusal(film / "fluid/shot.blend")

    assert line.endswith("rename the file")


def test_chinese_names_are_names(film: Path) -> None:
    (film / "image").rename(film / "電影")
    project = read(film / "電影/shot.blend", tracer="auto")

    assert [one.path for one in project.files] == ["shot.blend", "wood.png"]


def test_a_scene_that_changes_all_the_while_is_refused(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = film / "image/shot.blend"
    monkeypatch.setattr("farm.assets.project._PAUSE_SECONDS", 0.0)

    def save_again(_line: str) -> None:
        with scene.open("ab") as file:
            file.write(b"\0")

    with pytest.raises(BadScene, match="changes all the while it is read: wait until it is saved"):
        read_project(scene, tracer="bat", scratch=film, on_progress=save_again)


def test_a_scene_that_changes_once_is_read_again(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, whole = film / "image/shot.blend", (film / "image/shot.blend").read_bytes()
    scene.write_bytes(whole[:2000])  # somebody is just copying it
    monkeypatch.setattr("farm.assets.project._PAUSE_SECONDS", 0.0)
    told: list[str] = []

    def copy_the_rest(line: str) -> None:
        told.append(line)
        if len(told) == 1:
            scene.write_bytes(whole)

    project = read_project(scene, tracer="bat", scratch=film, on_progress=copy_the_rest)

    assert [one.path for one in project.files] == ["shot.blend", "wood.png"]


def test_garbage_is_refused_in_one_line_whatever_it_is(film: Path) -> None:
    scene = film / "image/shot.blend"
    with unpacked(scene) as stream:
        whole = stream.read()
    chance = random.Random(20261124)
    for _ in range(40):
        broken = bytearray(whole)
        for _ in range(chance.choice((1, 20, 300))):
            broken[chance.randrange(12, len(broken))] = chance.randrange(256)
        scene.write_bytes(broken)
        try:
            read(scene, allow_missing=True)  # the flips may have hit nothing that is read
        except (BadScene, BadManifest) as error:
            assert "\n" not in str(error)  # noqa: PT017 - either way is right


@pytest.mark.parametrize("packing", Packing)
def test_a_copy_is_packed_as_the_original_was(film: Path, packing: Packing) -> None:
    scene, store = film / "image/shot.blend", film.parent / "store"
    with unpacked(scene) as stream:
        whole = stream.read()
    path = f"{store}/wood.png".encode() + b"\0"
    at = whole.index(b"//wood.png\0")
    whole = whole[:at] + path + whole[at + len(path) :]
    with packed(scene, packing) as write:
        write(whole)
    store.mkdir()
    (film / "image/wood.png").rename(store / "wood.png")
    project = read(scene)
    copy = project.files[1]

    assert copy.is_rewritten
    assert packing_of(copy.source) is packing
    with unpacked(copy.source) as stream:
        assert len(stream.read()) == len(whole)


def test_a_folder_without_what_it_should_hold_is_told(film: Path) -> None:
    scene = film / "particle_external_cache/shot.blend"
    (film / "particle_external_cache/baked/dust_000001_00.bphys").unlink()

    assert "baked has none of its files" in refusal(scene)


def test_nothing_stays_open_or_behind(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = film / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - one entry is the listing's own
    read(film / "library/shot.blend", tracer="auto")
    (film / "library/lib/materials.blend").write_bytes(b"BLENDER-v405" + bytes(100))
    refusal(film / "library/shot.blend")

    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    assert not list(temporary.iterdir())
