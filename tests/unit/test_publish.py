"""What lies under the final name is whole, and of the attempt that counts."""

from pathlib import Path

import pytest

from farm.model.errors import LeaseLost
from farm.model.render import RenderSettings
from workers.publish import discard, publish
from workers.renderer import RenderRequest


def an_attempt(
    folder: Path, number: int, *, frame: int = 1, written: bool = True, lease: str = "ab12"
) -> RenderRequest:
    settings = RenderSettings(scene="/s.blend", output=f"{folder}/s_####", extension=".png")
    request = RenderRequest(job="1", frame=frame, attempt=number, settings=settings, lease=lease)
    if written:
        image = image_of(request)
        image.parent.mkdir(exist_ok=True)
        image.write_text(f"attempt {number}" + ("" if lease == "ab12" else f" of {lease}"))
    return request


def image_of(request: RenderRequest) -> Path:
    one = request
    path = one.settings.attempt_path(one.frame, job=one.job, attempt=one.attempt, lease=one.lease)
    return Path(path)


def final(folder: Path) -> str:
    return (folder / "s_0001.png").read_text()


def test_a_published_image_has_the_final_name_alone(tmp_path: Path) -> None:
    request = an_attempt(tmp_path, 1)

    publish(request)

    assert final(tmp_path) == "attempt 1"
    assert not image_of(request).exists()


def test_a_stalled_older_attempt_cannot_replace_a_newer_image(tmp_path: Path) -> None:
    older, newer = an_attempt(tmp_path, 1), an_attempt(tmp_path, 2)
    publish(newer)

    with pytest.raises(LeaseLost):
        publish(older)

    assert final(tmp_path) == "attempt 2"


def test_a_newer_image_replaces_that_of_an_older_attempt(tmp_path: Path) -> None:
    publish(an_attempt(tmp_path, 1))
    publish(an_attempt(tmp_path, 3))

    assert final(tmp_path) == "attempt 3"


def test_a_number_given_out_twice_by_a_crashed_store_makes_two_files(tmp_path: Path) -> None:
    forgotten, counts = an_attempt(tmp_path, 1, lease="old"), an_attempt(tmp_path, 1, lease="new")
    publish(counts)

    with pytest.raises(LeaseLost):
        publish(forgotten)
    discard(forgotten)

    assert final(tmp_path) == "attempt 1 of new"


def test_publishing_leaves_newer_attempts_and_other_frames_alone(tmp_path: Path) -> None:
    newer, neighbour = an_attempt(tmp_path, 3), an_attempt(tmp_path, 1, frame=2)

    publish(an_attempt(tmp_path, 2))

    assert image_of(newer).exists()
    assert image_of(neighbour).exists()


def test_publishing_what_was_never_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LeaseLost, match="attempt 1 is gone"):
        publish(an_attempt(tmp_path, 1, written=False))


def test_discarding_may_be_repeated(tmp_path: Path) -> None:
    request = an_attempt(tmp_path, 1)

    discard(request)
    discard(request)

    assert not image_of(request).exists()
