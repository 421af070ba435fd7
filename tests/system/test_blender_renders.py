"""A warm Blender renders what a fresh one would, or tells the reason."""

import os
import re
import sys
from pathlib import Path

import pytest
from PIL import Image

from farm.blender import executable
from farm.model.states import Outcome
from tests.system.blender_fixtures import all_of_it, scenes, studio
from tests.system.scenes import HEIGHT, LAST_FRAME, WIDTH, build_plain_with, render_directly
from tests.system.studio import (
    MIB,
    Studio,
    a_request,
    assert_same_pixels,
    assert_succeeded,
    image_of,
    log_of,
)
from workers.sessions import BlenderPool

__all__ = ["all_of_it", "scenes", "studio"]  # fixtures
pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]


def test_a_warm_frame_has_the_pixels_of_a_fresh_blender(studio: Studio, tmp_path: Path) -> None:
    for frame in (LAST_FRAME, 1, 5):
        assert_succeeded(studio.render(frame=frame))

    for frame in (5, LAST_FRAME):
        render_directly(studio.scenes / "plain.blend", frame, tmp_path / "direct.png")
        assert_same_pixels(tmp_path / "direct.png", image_of(studio.settings(), frame))


def test_the_image_lies_under_the_attempts_name_and_no_other(studio: Studio) -> None:
    rendered = studio.render()

    assert_succeeded(rendered)
    files = {path.name for path in studio.folder.rglob("*") if path.is_file()}
    assert files == {"1.plain_0001.attempt-1.png", "1.plain_0001.attempt-1.log"}
    assert rendered.image_bytes == image_of(studio.settings()).stat().st_size
    assert rendered.peak_memory_bytes > 50 * MIB


def test_the_log_begins_with_the_exact_command(studio: Studio) -> None:
    studio.render()

    first, *others = log_of(studio.settings()).splitlines()
    assert first.startswith(sys.executable)
    assert "inside.py" in first
    assert any("Saved:" in line for line in others)


def test_what_one_task_asked_for_does_not_stay_for_the_next(studio: Studio) -> None:
    assert_succeeded(studio.render(frame=1))
    before = image_of(studio.settings()).rename(studio.folder / "before.png")
    assert_succeeded(studio.render(frame=2, camera="Above", resolution_percentage=50))
    assert_succeeded(studio.render(frame=1))

    assert_same_pixels(image_of(studio.settings()), before)  # the file also tells the time it took
    with Image.open(image_of(studio.settings(), 2)) as image:
        assert image.size == (WIDTH // 2, HEIGHT // 2)


def test_a_scene_that_is_written_anew_is_read_again(studio: Studio, tmp_path: Path) -> None:
    scene = tmp_path / "scene.blend"
    scene.write_bytes((studio.scenes / "plain.blend").read_bytes())
    assert_succeeded(studio.render(scene=str(scene.with_suffix("")), output=f"{tmp_path}/a_#"))
    scene.write_bytes((studio.scenes / "no-camera.blend").read_bytes())

    again = studio.render(scene=str(scene.with_suffix("")), output=f"{tmp_path}/a_#")

    assert "no camera" in again.reason


def test_a_cropped_image_has_the_size_of_its_crop(studio: Studio) -> None:
    assert_succeeded(studio.render("cropped"))


def test_an_exr_is_rendered_and_checked(studio: Studio) -> None:
    assert_succeeded(studio.render("exr", extension=".exr"))


def test_another_format_than_the_scenes_is_written_as_asked(studio: Studio) -> None:
    assert_succeeded(studio.render("exr", extension=".jpg"))


def test_an_image_with_nothing_on_it_succeeds_with_a_warning(studio: Studio) -> None:
    rendered = studio.render("dark")

    assert_succeeded(rendered)
    assert "the image is all black" in rendered.warnings


@pytest.mark.parametrize(
    ("scene", "reason"),
    [
        ("no-camera", "the scene has no camera"),
        ("no-texture", "missing texture .*texture.png"),
        ("no-library", "missing library .*lender.blend"),
        ("truncated", "plain|truncated|Missing DNA|not a blend|end of file|Failed to read"),
        ("unsafe-driver", "a driver was not evaluated: __import__"),
        ("no-output", "no image was written|compositor|composite"),
        ("not-there", "scene .*not-there.blend is not there"),
    ],
)
def test_a_scene_that_cannot_render_fails_with_the_reason(
    studio: Studio, scene: str, reason: str
) -> None:
    for _ in range(2):  # a warm Blender must find it again
        rendered = studio.render(scene)

        assert rendered.outcome is Outcome.FAILED
        assert re.search(reason, rendered.reason), rendered.reason
        assert rendered.log_tail
        assert not image_of(studio.settings(scene)).exists()


@pytest.mark.parametrize(
    ("scene", "named"),
    [("no-texture", "texture .*texture.png"), ("no-library", "library .*lender")],
)
def test_what_may_be_missing_is_named_in_the_log_of_each_frame_that_does_without(
    studio: Studio, scene: str, named: str
) -> None:
    for frame in (1, 2):
        assert_succeeded(studio.render(scene, frame, allow_missing=True))
        log = log_of(studio.settings(scene), frame)
        assert re.search(f"(?m)^# rendered without what is missing, .*: {named}", log), log

    assert "missing" in studio.render(scene, 3).reason  # the next job has not allowed it


def test_a_camera_that_is_not_there_fails_with_those_that_are(studio: Studio) -> None:
    assert "it has: Above, Camera" in studio.render(camera="Below").reason


def test_the_scenes_own_python_runs_only_where_it_may(studio: Studio) -> None:
    assert_succeeded(studio.render("own-python"))

    trusted = studio.render("own-python", autoexec=True)

    assert trusted.reason == "a Python script failed: ValueError: out of paint"


@pytest.mark.skipif("FARM_TEST_BLENDER" not in os.environ, reason="names a Blender executable")
def test_a_blender_executable_renders_like_the_module(studio: Studio, tmp_path: Path) -> None:
    program = os.environ["FARM_TEST_BLENDER"]
    build_plain_with(program, tmp_path)
    pool = BlenderPool(executable(program))
    settings = studio.settings(scene=str(tmp_path / "plain"), output=f"{tmp_path}/s_####")
    session = pool.borrow(settings, threads=1)
    for frame in (1, 2):
        assert_succeeded(session.render(a_request(settings, frame), studio.progress.append))
    pool.close()
