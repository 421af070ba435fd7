"""Scenes that a real Blender saved, whole and broken, read without Blender."""

import gzip
import os
import random
import shutil
from pathlib import Path

import pytest

from farm.assets.scene import read_scene
from farm.model.errors import BadScene
from farm.model.scene import IMAGE_EXTENSIONS
from tests.made import made_once
from tests.scenes import make_scenes

pytestmark = pytest.mark.system

_SCRIPT = """
save("default.blend")
scene.frame_start, scene.frame_end, scene.frame_step = 5, 50, 5
scene.render.filepath = "//out/img_###"
scene.render.engine = "CYCLES"
scene.render.resolution_percentage = 25
scene.render.fps, scene.render.fps_base = 30, 1.001
scene.render.image_settings.file_format = "OPEN_EXR"
scene.view_layers.new("fg")
other = bpy.data.scenes.new("Other")
other.frame_end = 7
for name in ("zstd.blend", "plain.blend"):
    save(name, compress=name == "zstd.blend")
scene.camera = None
save("blind.blend")
marker = scene.timeline_markers.new("cut", frame=1)
marker.camera = bpy.data.objects["Camera"]
save("marker.blend")
scene.timeline_markers.clear()
scene.camera = None
scene.use_nodes = True
save("compositor.blend")
scene.use_nodes = False
scene.sequence_editor_create().strips.new_effect(
    name="c", type="COLOR", channel=1, frame_start=1, frame_end=9)
save("sequencer.blend")
with bpy.data.libraries.load(sys.argv[1] + "/default.blend", link=True) as (there, here):
    here.objects = ["Camera"]
scene.sequence_editor_clear()
scene.camera = here.objects[0]
save("dangling.blend")
scene.collection.objects.link(here.objects[0])
save("linked.blend")
for kind in ("PNG", "JPEG", "OPEN_EXR", "OPEN_EXR_MULTILAYER", "TIFF", "WEBP", "BMP", "TARGA",
             "TARGA_RAW", "JPEG2000", "DPX", "FFMPEG"):
    scene.render.image_settings.file_format = kind
    save(kind + scene.render.file_extension + ".blend")
"""


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = made_once(tmp_path_factory, "saved", lambda folder: make_scenes(folder, _SCRIPT))
    return shutil.copytree(made, tmp_path_factory.mktemp("scenes") / "saved")


def test_blenders_default_scene_says_what_blender_says(scenes: Path) -> None:
    scene = read_scene(scenes / "default.blend")

    assert (scene.frames, scene.engine, scene.camera) == ("1-250", "BLENDER_EEVEE_NEXT", "Camera")
    assert (scene.resolution_x, scene.resolution_y, scene.resolution_percentage) == (
        1920,
        1080,
        100,
    )
    assert (scene.file_format, scene.extension, scene.output) == ("PNG", ".png", "/tmp/")
    assert (scene.name, scene.view_layers, scene.blender_version) == (
        "Scene",
        ("ViewLayer",),
        "4.5",
    )
    assert scene.frames_per_second == 24
    assert scene.needs_camera


@pytest.mark.parametrize("name", ["plain.blend", "zstd.blend", "gzip.blend"])
def test_a_compressed_scene_says_the_same_as_a_plain_one(scenes: Path, name: str) -> None:
    (scenes / "gzip.blend").write_bytes(gzip.compress((scenes / "plain.blend").read_bytes()))
    scene = read_scene(scenes / name)

    assert scene.name == "Scene"  # the active one, not the other
    assert scene.frames == "5-50x5"
    assert scene.output == "//out/img_###"
    assert (scene.engine, scene.extension, scene.resolution_percentage) == ("CYCLES", ".exr", 25)
    assert scene.view_layers == ("ViewLayer", "fg")
    assert scene.frames_per_second == pytest.approx(29.97, abs=0.01)


def test_a_scene_without_camera_is_known_as_such(scenes: Path) -> None:
    scene = read_scene(scenes / "blind.blend")

    assert scene.camera is None
    assert scene.needs_camera
    assert scene.cameras == ("Camera",)


def test_a_camera_bound_by_a_marker_counts(scenes: Path) -> None:
    assert read_scene(scenes / "marker.blend").camera == "Camera"


@pytest.mark.parametrize("name", ["compositor.blend", "sequencer.blend"])
def test_images_made_by_compositor_or_sequencer_need_no_camera(scenes: Path, name: str) -> None:
    scene = read_scene(scenes / name)

    assert scene.camera is None
    assert not scene.needs_camera


def test_a_linked_camera_counts(scenes: Path) -> None:
    scene = read_scene(scenes / "linked.blend")

    assert scene.camera == "Camera"
    assert scene.linked_objects == ("Camera",)


def test_a_camera_that_blender_did_not_save_is_none(scenes: Path) -> None:
    assert read_scene(scenes / "dangling.blend").camera is None


def test_every_format_has_blenders_own_extension(scenes: Path) -> None:
    found = {}
    for path in scenes.glob("[A-Z]*.*.blend"):
        scene = read_scene(path)
        assert scene.file_format == path.name.partition(".")[0]
        found[scene.file_format] = Path(path.stem).suffix

    assert found.items() >= IMAGE_EXTENSIONS.items()
    assert read_scene(scenes / "FFMPEG.png.blend").makes_movies


def test_nothing_stays_open_or_behind(scenes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = scenes / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - one entry is the listing's own
    read_scene(scenes / "zstd.blend")
    for cut in (scenes / "zstd.blend").read_bytes()[:40_000], b"BLENDER-v405" + bytes(100):
        (scenes / "broken.blend").write_bytes(cut)
        with pytest.raises(BadScene):
            read_scene(scenes / "broken.blend")

    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    assert not list(temporary.iterdir())


def refusal(path: Path) -> str:
    with pytest.raises(BadScene) as caught:
        read_scene(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["plain.blend", "zstd.blend", "gzip.blend"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95, 0.999])
def test_a_scene_that_is_cut_short_is_refused(
    scenes: Path, tmp_path: Path, name: str, share: float
) -> None:
    (scenes / "gzip.blend").write_bytes(gzip.compress((scenes / "plain.blend").read_bytes()))
    whole = (scenes / name).read_bytes()
    (tmp_path / "cut.blend").write_bytes(whole[: int(share * len(whole))])

    assert "is cut short or damaged: save or copy it again" in refusal(tmp_path / "cut.blend")


def test_what_is_no_scene_is_refused_by_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "empty.blend").touch()
    (tmp_path / "text.blend").write_text("a letter\n")
    (tmp_path / "picture.blend").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "archive.blend").write_bytes(gzip.compress(b"not a scene"))
    os.mkfifo(tmp_path / "pipe.blend")

    gone = refusal(tmp_path / "gone.blend")
    assert gone.endswith("check the path, and for a job in place that the service sees this folder")
    assert "is a folder: give the .blend file in it" in refusal(tmp_path)
    assert "is empty: save it again" in refusal(tmp_path / "empty.blend")
    assert "is not a .blend file" in refusal(tmp_path / "text.blend")
    assert "is not a .blend file" in refusal(tmp_path / "picture.blend")
    assert "is damaged" in refusal(tmp_path / "archive.blend")
    assert "is no ordinary file" in refusal(tmp_path / "pipe.blend")
    assert "File name too long" in refusal(tmp_path / ("x" * 300))
    assert "cannot be read" in refusal(Path("/nul\0l.blend"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_scene_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.blend").write_bytes(b"BLENDER")
    (tmp_path / "mine.blend").chmod(0)

    assert "may not be read" in refusal(tmp_path / "mine.blend")


def test_garbage_is_refused_in_one_line_whatever_it_is(scenes: Path, tmp_path: Path) -> None:
    whole = (scenes / "default.blend").read_bytes()
    chance = random.Random(20261123)
    for turn in range(60):
        broken = bytearray(whole)
        for _ in range(200):
            broken[chance.randrange(12, len(broken))] = chance.randrange(256)
        path = tmp_path / "broken.blend"
        path.write_bytes(bytes(broken) if turn % 2 else b"BLENDER-v405" + chance.randbytes(5000))
        try:
            read_scene(path)  # the flips may have hit nothing that is read
        except BadScene as error:
            assert "\n" not in str(error)  # noqa: PT017 - either way is right
