"""From a request and a scene to a job."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.model.errors import BadFrames, BadName, BadRequest, BadScene
from farm.model.frames import Frames
from farm.model.job import LayerSpec
from farm.model.scene import SceneFacts
from farm.policy.split import JobRequest, build_job, notes
from tests.makers import a_scene

_SCENE = a_scene()


def a_request(**fields: Any) -> JobRequest:
    return JobRequest(**{"scene": "/show/sh010/shot.blend", **fields})


def layer_of(scene: SceneFacts = _SCENE, **asked: Any) -> LayerSpec:
    return build_job(a_request(**asked), scene).layers[0]


def test_what_is_left_out_the_scene_fills_in() -> None:
    job = build_job(a_request(), a_scene(frame_start=10, frame_end=50, frame_step=5))

    assert job.name == "shot"
    assert job.production == "main"
    assert [layer.name for layer in job.layers] == ["render"]
    assert job.layers[0].frames == "10-50x5"
    assert job.layers[0].settings.extension == ".png"
    assert job.layers[0].settings.engine is None


def test_what_is_asked_wins_over_the_scene() -> None:
    layer = layer_of(frames="7", engine="CYCLES", camera="Close", resolution_percentage=50)

    assert layer.frames == "7"
    assert layer.settings.engine == "CYCLES"
    assert layer.settings.camera == "Close"
    assert layer.settings.resolution_percentage == 50


@pytest.mark.parametrize("allowed", [False, True])
def test_whether_files_may_be_missing_goes_to_the_node(allowed: bool) -> None:
    assert layer_of(allow_missing=allowed).settings.allow_missing is allowed


def test_a_scene_of_one_frame_is_one_frame() -> None:
    assert layer_of(a_scene(frame_start=5, frame_end=5)).frames == "5"


def test_a_scene_that_ends_before_it_begins_needs_frames() -> None:
    with pytest.raises(BadScene, match="ends at frame 1, before it begins at 9: give --frames"):
        layer_of(a_scene(frame_start=9, frame_end=1))


@pytest.mark.parametrize(
    ("output", "pattern"),
    [
        ("/tmp/", "/show/sh010/shot_frames/shot_####"),
        ("", "/show/sh010/shot_frames/shot_####"),
        ("//", "/show/sh010/shot_frames/shot_####"),
        ("C:\\tmp\\", "/show/sh010/shot_frames/shot_####"),
        ("//render/img_###", "/show/sh010/render/img_###"),
        ("//..\\render\\img_###", "/show/render/img_###"),
        ("//../../../../render/img", "/render/img####"),
        ("//render/", "/show/sh010/render/frame_####"),
        ("/renders/a.png", "/renders/a####"),
        ("/renders/a_##.exr", "/renders/a_##"),
        ("/renders/v1.2_", "/renders/v1.2_####"),
        ("//{blend_name}/f_", "/show/sh010/shot/f_####"),
    ],
)
def test_the_scenes_output_is_read_as_blender_reads_it(output: str, pattern: str) -> None:
    assert layer_of(a_scene(output=output)).settings.output == pattern


@pytest.mark.parametrize("output", ["D:\\render\\", "\\\\server\\share\\x", "//{camera}/x"])
def test_an_output_that_means_nothing_here_is_refused(output: str) -> None:
    with pytest.raises(BadScene, match="give --output"):
        layer_of(a_scene(output=output))


@pytest.mark.parametrize(
    ("output", "pattern"),
    [
        ("/o/x", "/o/x_####"),
        ("/o/x_##", "/o/x_##"),
        ("/o/x/", "/o/x/frame_####"),
        ("/o/x_####.png", "/o/x_####"),
        ("//o/x_##", "/show/sh010/o/x_##"),
        ("/o/../p/x_##", "/p/x_##"),
    ],
)
def test_an_output_that_is_asked_for_is_taken_by_the_word(output: str, pattern: str) -> None:
    assert layer_of(output=output).settings.output == pattern


def test_an_output_with_another_extension_than_the_scenes_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"the scene writes \.png images"):
        layer_of(output="/o/x_####.exr")


@given(st.text(max_size=60))
def test_any_output_ends_as_an_absolute_pattern_with_one_run_or_as_a_plain_refusal(
    text: str,
) -> None:
    try:
        output = layer_of(a_scene(output=text)).settings.output
    except BadRequest:
        return

    folder, _, name = output.rpartition("/")
    assert output.startswith("/")
    assert "#" in name
    assert ".." not in folder.split("/")


def test_a_film_becomes_png_images_and_the_submitter_is_told() -> None:
    scene = a_scene(file_format="FFMPEG", extension=".png")

    assert layer_of(scene).settings.extension == ".png"
    assert "the farm renders its frames as PNG" in notes(a_request(), scene)[0]
    assert notes(a_request(), _SCENE) == []


def test_a_format_that_cannot_be_checked_is_refused() -> None:
    with pytest.raises(BadRequest, match="writes CINEON images") as caught:
        layer_of(a_scene(file_format="CINEON"))

    assert "PNG" in str(caught.value)


def test_a_scene_without_camera_is_refused_unless_one_is_named() -> None:
    blind = a_scene(camera=None)

    with pytest.raises(BadRequest, match=r"has no camera.*--camera with one of: Camera, Close"):
        layer_of(blind)
    assert layer_of(blind, camera="Close").settings.camera == "Close"
    assert layer_of(a_scene(camera=None, needs_camera=False)).settings.camera is None


def test_a_camera_may_come_from_a_linked_file_but_not_from_nowhere() -> None:
    assert layer_of(camera="LibCam").settings.camera == "LibCam"
    with pytest.raises(BadRequest, match="no camera 'Nope'; it has: Camera, Close"):
        layer_of(camera="Nope")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"priority": 101}, "priority 101: give 0 to 100"),
        ({"cores": 0}, "cores 0: ask for at least 0.25"),
        ({"memory_bytes": -1}, "memory of -1 bytes: ask for at least 1M"),
        ({"gpus": -2}, "gpus -2: give 0 or more"),
        ({"retries": -1}, "retries -1: give 0 to 100"),
        ({"chunk": 20_000}, "chunk 20000: give 0 (automatic) to 10000"),
        ({"resolution_percentage": 0}, "resolution percentage 0: give 1 to 1000"),
        ({"task_seconds": 0.0}, "time limit of 0 minutes"),
        ({"task_seconds": float("nan")}, "time limit of nan minutes"),
        ({"engine": "cy cles"}, "engine 'cy cles': give Blender's identifier"),
        ({"scene": "shot.blend"}, "scene 'shot.blend' is not an absolute path"),
        ({"output": "x/y"}, "output 'x/y' is not an absolute path"),
        ({"name": " "}, "job name ' '"),
        ({"pool": "a b"}, "pool name 'a b'"),
    ],
)
def test_a_fault_is_told_with_its_value_and_what_to_give(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRequest) as caught:
        build_job(a_request(**asked), _SCENE)

    assert said in str(caught.value)


def test_a_single_fault_keeps_its_kind() -> None:
    with pytest.raises(BadFrames):
        layer_of(frames="10-1")
    with pytest.raises(BadName):
        layer_of(production="a b")
    with pytest.raises(BadScene, match="gone"):
        build_job(a_request(), BadScene("gone"))


def test_all_faults_are_told_at_once_even_when_the_scene_cannot_be_read() -> None:
    asked = a_request(frames="10-1", priority=500, production="a b", cores=0, output="/x/a#b#")

    with pytest.raises(BadRequest) as caught:
        build_job(asked, BadScene("scene /s.blend is empty"))

    said = str(caught.value)
    assert type(caught.value) is BadRequest
    for fault in ("is empty", "10-1", "priority 500", "'a b'", "cores 0", "one run of #"):
        assert said.count(fault) >= 1
    assert "\n" not in said


@given(start=st.integers(-1000, 1000), length=st.integers(0, 500), step=st.integers(1, 50))
def test_the_frames_of_a_scene_are_those_blender_would_render(
    start: int, length: int, step: int
) -> None:
    scene = a_scene(frame_start=start, frame_end=start + length, frame_step=step)
    frames = Frames(layer_of(scene).frames)

    assert [frames[i] for i in range(len(frames))] == list(range(start, start + length + 1, step))
