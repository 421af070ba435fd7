"""The journal of submits: a repeat of one that was broken off makes no second job."""

import os
import time
from pathlib import Path

import pytest

from farm.client.journal import KEY_SECONDS, submission
from farm.model.errors import BadFrames, ServiceUnavailable

URL = "http://farm:8420"
ASKED = {"scene": "/shot.blend", "frames": "1-4"}


def key(folder: Path, asked: dict[str, str] = ASKED, error: BaseException | None = None) -> str:
    """The key of a submit that ends with `error`."""
    steps = submission(URL, asked, folder=folder)
    found = steps.__enter__().key
    steps.__exit__(None if error is None else type(error), error, None)
    return found


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ServiceUnavailable("away"), SystemExit()])
def test_a_submit_that_heard_no_answer_has_the_same_key_when_it_is_repeated(
    tmp_path: Path, error: BaseException
) -> None:
    first = key(tmp_path, error=error)
    with submission(URL, ASKED, folder=tmp_path) as second:
        pass

    assert second.key == first
    assert second.is_repeat


@pytest.mark.parametrize("error", [None, BadFrames("frames 'a' cannot be read")])
def test_a_submit_after_an_answer_is_a_new_one(tmp_path: Path, error: BaseException | None) -> None:
    first = key(tmp_path, error=error)

    assert key(tmp_path) != first
    assert list(tmp_path.iterdir()) == []


def test_a_submit_of_other_words_has_another_key(tmp_path: Path) -> None:
    broken = key(tmp_path, error=KeyboardInterrupt())

    assert key(tmp_path, ASKED | {"frames": "1-5"}) != broken
    with submission("http://other:8420", ASKED, folder=tmp_path) as elsewhere:
        assert elsewhere.key != broken


def test_two_submits_of_the_same_words_at_once_are_two(tmp_path: Path) -> None:
    with (
        submission(URL, ASKED, folder=tmp_path) as one,
        submission(URL, ASKED, folder=tmp_path) as other,
    ):
        assert one.key != other.key
        assert not other.is_repeat


def test_a_key_that_the_farm_has_forgotten_is_not_used_again(tmp_path: Path) -> None:
    old = key(tmp_path, error=KeyboardInterrupt())
    (note,) = tmp_path.iterdir()
    note.write_text(f"{old} {int(time.time() - KEY_SECONDS - 1)}")

    assert key(tmp_path) != old


@pytest.mark.parametrize("text", ["", "half", "k notatime", "\xff\xfe \x00"])
def test_a_broken_note_counts_as_none(tmp_path: Path, text: str) -> None:
    key(tmp_path, error=KeyboardInterrupt())
    (note,) = tmp_path.iterdir()
    note.write_text(text, "latin-1")
    with submission(URL, ASKED, folder=tmp_path) as ours:
        assert len(ours.key) == 32
        assert not ours.is_repeat


def test_a_submit_without_a_cache_still_has_a_key() -> None:
    with submission(URL, ASKED, folder=Path("/proc/nowhere")) as ours:
        assert ours.key


def test_notes_of_days_ago_are_swept(tmp_path: Path) -> None:
    key(tmp_path, error=KeyboardInterrupt())
    (note,) = tmp_path.iterdir()
    os.utime(note, (1, 1))
    key(tmp_path, ASKED | {"frames": "7"})

    assert not note.exists()
