"""Jobs whose project was sent: what they write stays inside it. And what a preview adds."""

from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.model.errors import BadRequest, BadScene
from farm.model.job import JobSpec, LayerKind
from farm.model.manifest import check_path
from farm.model.scene import SceneFacts
from farm.policy.outputs import check_harmless
from farm.policy.split import JobRequest, build_job, notes
from tests.makers import a_digest, a_scene

SCENE = "/shots/010/shot.blend"
USUAL = "/shots/010/shot_frames/shot_####"


def a_request(**fields: Any) -> JobRequest:
    return JobRequest(**{"scene": SCENE, "manifest": a_digest(1), **fields})


def output_of(scene: SceneFacts, **asked: Any) -> str:
    return build_job(a_request(**asked), scene).layers[0].settings.output


def layers_of(job: JobSpec) -> list[tuple[str, LayerKind, str, str]]:
    return [
        (
            one.name,
            one.kind,
            " ".join(after.layer for after in one.after),
            one.settings.output + one.settings.extension,
        )
        for one in job.layers
    ]


def test_a_sent_job_names_its_manifest_and_its_scene_inside_the_project() -> None:
    settings = build_job(a_request(), a_scene(path="/blobs/ab/abcd")).layers[0].settings

    assert settings.is_sent
    assert (settings.scene, settings.manifest, settings.output) == (SCENE, a_digest(1), USUAL)


@pytest.mark.parametrize(
    ("asked", "pattern"),
    [
        ("renders/shot_####", "/renders/shot_####"),
        ("renders/shot_##.png", "/renders/shot_##"),
        ("./renders/", "/renders/frame_####"),
        ("//out/x", "/shots/010/out/x_####"),
        ("//../out/x", "/shots/out/x_####"),
        ("/renders/x", "/renders/x_####"),
        ("渲染/镜头_####", "/渲染/镜头_####"),
    ],
)
def test_an_output_that_is_asked_for_lies_inside_the_project(asked: str, pattern: str) -> None:
    assert output_of(a_scene(), output=asked) == pattern


@pytest.mark.parametrize(
    "asked", ["../x", "//../../../x", "/a/../../x", "renders/../../x", "", "D:\\out\\x", "D:/out/x"]
)
def test_an_output_that_leads_out_of_the_project_is_refused(asked: str) -> None:
    with pytest.raises(BadRequest, match="is not inside the project: write renders/shot_####"):
        output_of(a_scene(), output=asked)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("a\\b_####", "control characters or a backslash"),
        (f"{'n' * 230}_####", "too long for what the farm adds to it"),
        (f"{'n' * 300}/x_####", "a name longer than 255 bytes"),
        ("d/" * 600 + "x_####", "longer than 1000 bytes"),
        ("x\0y_####", "has control characters"),
        ("x\ud800y_####", "no UTF-8"),
        ("x_####.exr", r"the scene writes .png images"),
    ],
)
def test_an_output_that_no_project_can_hold_is_refused(asked: str, said: str) -> None:
    with pytest.raises(BadRequest) as caught:
        output_of(a_scene(), output=asked)

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("own", "pattern"),
    [
        ("//render/img_###", "/shots/010/render/img_###"),
        ("//..\\render\\img_", "/shots/render/img_####"),
        ("//../../render/a.png", "/render/a####"),
        ("//{blend_name}/f_", "/shots/010/shot/f_####"),
    ],
)
def test_a_scenes_own_output_counts_when_it_is_meant_inside_the_project(
    own: str, pattern: str
) -> None:
    assert output_of(a_scene(output=own)) == pattern
    assert notes(a_request(), a_scene(output=own)) == []


@pytest.mark.parametrize(
    "own",
    [
        "/tmp/x_",
        "D:\\render\\x",
        "\\\\server\\share\\x",
        "/mnt/show/{camera}/x",
        "//../../../x",
        "render/x",
    ],
)
def test_a_scenes_output_elsewhere_gives_way_to_a_folder_beside_it_and_is_told(own: str) -> None:
    scene = a_scene(output=own)

    assert output_of(scene) == USUAL
    (note,) = notes(a_request(), scene)
    assert repr(own) in note
    assert "its images go to shots/010/shot_frames; --output" in note
    assert notes(a_request(output="r/x"), scene) == []
    assert notes(a_request(manifest=""), scene) == []


@pytest.mark.parametrize("own", ["", "//", "/tmp/", "C:\\tmp\\"])
def test_of_an_output_that_nobody_chose_nothing_is_told(own: str) -> None:
    assert output_of(a_scene(output=own)) == USUAL
    assert notes(a_request(), a_scene(output=own)) == []


def test_a_scenes_output_that_is_a_template_is_refused() -> None:
    with pytest.raises(BadScene, match=r"010/\{camera\}/x', a template: give --output"):
        output_of(a_scene(output="//{camera}/x"))


@given(own=st.text(max_size=60), asked=st.none() | st.text(max_size=60))
def test_whatever_is_asked_or_said_no_path_leaves_the_project(own: str, asked: str | None) -> None:
    try:
        job = build_job(a_request(output=asked, preview=True), a_scene(output=own))
    except BadRequest:
        return

    for layer in job.layers:
        for frame in (1, -100_000):
            path = str(layer.settings.image_path(frame))
            assert path.startswith("/")
            check_path(path[1:])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"scene": "/a/../shot.blend"}, "path 'a/../shot.blend' has '.', '..' or nothing"),
        ({"scene": "/"}, "nothing between two slashes"),
        ({"manifest": "abc"}, "digest 'abc': write BLAKE3's 256 bits"),
    ],
)
def test_a_scene_or_manifest_that_cannot_be_is_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRequest) as caught:
        build_job(a_request(**asked), a_scene())

    assert said in str(caught.value)


def test_all_faults_of_a_sent_job_are_told_at_once() -> None:
    asked = a_request(manifest="abc", output="../x", frames="9-1", preview=True, priority=500)

    with pytest.raises(BadRequest) as caught:
        build_job(asked, a_scene(camera=None))

    for fault in ("'abc'", "'../x' is not inside", "9-1", "priority 500", "no camera"):
        assert fault in str(caught.value)


def test_a_preview_is_a_sheet_and_a_film_after_the_last_frame() -> None:
    asked = a_request(output="r/x_##", preview=True, pool="gpu", retries=1)
    job = build_job(asked, a_scene(frames_per_second=25.0))

    assert layers_of(job) == [
        ("render", LayerKind.RENDER, "", "/r/x_##.png"),
        ("sheet", LayerKind.SHEET, "render", "/r/x_sheet.jpg"),
        ("movie", LayerKind.MOVIE, "render", "/r/x_preview.mp4"),
    ]
    for layer in job.layers[1:]:
        assert layer.reel is not None
        assert (layer.frames, layer.pool, layer.retries) == ("1", "gpu", 1)
        assert (layer.settings.scene, layer.settings.manifest) == (SCENE, a_digest(1))
        assert (layer.reel.layer, layer.reel.frames, layer.reel.output, layer.reel.extension) == (
            "render",
            "1-48",
            "/r/x_##",
            ".png",
        )
        assert layer.reel.frames_per_second == 25.0


def test_a_job_in_place_has_a_preview_too() -> None:
    job = build_job(a_request(manifest="", output="/o/x", preview=True), a_scene())

    assert [str(one.settings.image_path(1)) for one in job.layers] == [
        "/o/x_0001.png",
        "/o/x_sheet.jpg",
        "/o/x_preview.mp4",
    ]
    assert not any(one.settings.is_sent for one in job.layers)


@pytest.mark.parametrize(
    ("output", "sheet"),
    [
        ("r/####", "/r/shot_sheet.jpg"),
        ("r/img.####", "/r/img_sheet.jpg"),
        ("r/####_v2", "/r/v2_sheet.jpg"),
        ("r/a_##_v2", "/r/a_v2_sheet.jpg"),
        ("####", "/shot_sheet.jpg"),
    ],
)
def test_a_preview_is_named_as_the_images_without_their_number(output: str, sheet: str) -> None:
    job = build_job(a_request(output=output, preview=True), a_scene())

    assert str(job.layers[1].settings.image_path(1)) == sheet


def test_a_single_frame_gets_no_preview_and_the_submitter_is_told() -> None:
    asked = a_request(frames="7", preview=True)

    assert [one.name for one in build_job(asked, a_scene()).layers] == ["render"]
    assert notes(asked, a_scene()) == ["a single frame gets no contact sheet and no preview film"]


def test_a_scene_without_a_pace_is_shown_at_the_usual_one() -> None:
    for pace in (0.0, -1.0, float("nan"), float("inf")):
        job = build_job(a_request(preview=True), a_scene(frames_per_second=pace))

        assert job.layers[2].reel is not None
        assert job.layers[2].reel.frames_per_second == 24.0


def test_where_the_service_read_the_scene_is_never_told() -> None:
    blob = str(PurePosixPath("/blobs/ab/abcd"))

    with pytest.raises(BadRequest) as caught:
        build_job(a_request(camera="x"), replace(a_scene(), path=blob))

    assert blob not in str(caught.value)
    assert SCENE in str(caught.value)


@pytest.mark.parametrize(
    ("output", "file"),
    [
        ("tex/wood_####", "/tex/wood_0002.png"),
        ("tex/wood_#", "/tex/wood_10.png"),
        ("tex/wood_####", "/tex/wood_preview.mp4"),
        ("tex/wood/", "/tex/wood"),
    ],
)
def test_an_output_over_a_file_of_the_project_is_refused(output: str, file: str) -> None:
    job = build_job(a_request(output=output, frames="1-10", preview=True), a_scene())

    with pytest.raises(BadRequest, match="would write over the project's own file"):
        check_harmless(job.layers, [SCENE, file])


@pytest.mark.parametrize(
    "file",
    [
        "/tex/wood_0011.png",
        "/tex/wood_2.png",
        "/tex/wood_00002.png",
        "/tex/wood_0002.exr",
        "/tex/wood_.png",
        "/tex/wood_x.png",
        "/tex/wood_9999999999999.png",
    ],
)
def test_an_output_beside_the_files_of_a_project_is_not(file: str) -> None:
    job = build_job(a_request(output="tex/wood_####", frames="1-10"), a_scene())

    check_harmless(job.layers, [SCENE, file])
