"""The frame grammar: what it reads, in which order, and what it says to the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.model.errors import BadFrames
from farm.model.frames import MAX_FRAME, MAX_TASKS, Frames

FRAME = st.integers(-MAX_FRAME, MAX_FRAME)


@pytest.mark.parametrize(
    ("spec", "frames"),
    [
        ("1-5", [1, 2, 3, 4, 5]),
        ("1-10x3", [1, 4, 7, 10]),
        ("1,5,9", [1, 5, 9]),
        ("7", [7]),
        ("-3--1", [-3, -2, -1]),
        ("-1-1", [-1, 0, 1]),
        ("1-6y2", [2, 4, 6]),
        ("5-1x-2", [5, 3, 1]),
        (" 1 , 3 - 4 ", [1, 3, 4]),
        ("1-3,2-4", [1, 2, 3, 4]),
    ],
)
def test_a_range_names_its_frames_in_order(spec: str, frames: list[int]) -> None:
    assert [Frames(spec)[i] for i in range(len(Frames(spec)))] == frames


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("10-1", "ends before it begins; write 1-10"),
        ("1-", "cannot be read: write 1-100"),
        ("a", "cannot be read"),
        ("", "cannot be read"),
        ("1,,2", "cannot be read"),
        ("1-5,b", "at 'b'"),
        ("1.5", "cannot be read"),
        ("1-5x0", "step of '1-5x0' is 0"),
        ("1-5x-1", "counts up with a step of -1"),
        ("1-10000000", "a job takes at most 1,000,000"),
        (f"1-{MAX_FRAME}", "at most 1,000,000"),
        ("1-800000,700000-1000001", "at most 1,000,000"),
        ("9999999", "Blender's frames end at"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(spec: str, says: str) -> None:
    with pytest.raises(BadFrames, match=says) as told:
        Frames(spec)
    assert "\n" not in str(told.value)


def test_the_longest_job_is_still_a_range() -> None:
    frames = Frames(f"1-{MAX_TASKS}")
    assert (len(frames), frames[0], frames[MAX_TASKS - 1]) == (MAX_TASKS, 1, MAX_TASKS)


@given(first=FRAME, count=st.integers(1, 500), step=st.integers(1, 50))
def test_index_is_the_inverse_of_lookup(first: int, count: int, step: int) -> None:
    last = min(first + count * step, MAX_FRAME)
    frames = Frames(f"{first}-{last}x{step}")
    assert all(frames.index(frames[i]) == i for i in range(len(frames)))


def test_a_frame_that_is_not_there_is_named() -> None:
    with pytest.raises(BadFrames, match="frame 4 is not among 1-9x2"):
        Frames("1-9x2").index(4)
