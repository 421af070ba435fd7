"""Worker, service and audit find a frame's files by its number alone."""

import pytest

from farm.model.errors import BadRequest
from farm.model.render import RenderSettings, check_output, fill_frame


def settings(output: str = "/show/out/shot_####", extension: str = ".png") -> RenderSettings:
    return RenderSettings(scene="/show/shot.blend", output=output, extension=extension)


@pytest.mark.parametrize(
    ("pattern", "frame", "expected"),
    [
        ("/o/s_####", 7, "/o/s_0007"),
        ("/o/s_####", 12345, "/o/s_12345"),
        ("/o/s_##", -7, "/o/s_-07"),
        ("/o/s_#x", 0, "/o/s_0x"),
    ],
)
def test_a_frame_fills_the_run_of_hashes(pattern: str, frame: int, expected: str) -> None:
    assert fill_frame(pattern, frame) == expected


def test_an_attempts_image_lies_one_rename_away_from_its_final_name() -> None:
    final = settings().image_path(7)
    attempt = settings().attempt_path(7, job="12", attempt=3, lease="1f0c")

    assert str(final) == "/show/out/shot_0007.png"
    assert str(attempt) == "/show/out/.attempts/12.shot_0007.attempt-3.1f0c.png"


def test_no_two_attempts_jobs_or_frames_share_a_file() -> None:
    names = {
        settings().attempt_path(frame, job=job, attempt=attempt)
        for frame in (-1, 1, 11)
        for job in ("1", "11")
        for attempt in (1, 11)
    }

    assert len(names) == 12


def test_a_log_lies_beside_the_images() -> None:
    log = settings().log_path(7, job="12", attempt=3)

    assert str(log) == "/show/out/logs/12.shot_0007.attempt-3.log"


@pytest.mark.parametrize(
    ("asked", "used"),
    [("/o/s_####", "/o/s_####"), ("/o/s", "/o/s_####"), ("/o/", "/o/frame_####")],
)
def test_an_output_gets_the_frame_number_it_lacks(asked: str, used: str) -> None:
    assert check_output(asked) == used


@pytest.mark.parametrize("asked", ["s_####", "/o##/s_##", "/o/s_#_#", "/o/../s_#", "/o/s\n_#"])
def test_an_output_that_would_go_astray_is_refused(asked: str) -> None:
    with pytest.raises(BadRequest):
        check_output(asked)
