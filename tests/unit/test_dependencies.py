"""Which frame waits for which, and how the store keeps it."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.model.dependencies import NOBODY, cycle, frame_sources
from farm.model.frames import Frames
from farm.store.dependencies import packed, shift_of

SPECS = st.sampled_from(["1-10", "3-6", "1-20x5", "10-1x-1", "4,1,9", "7", "-3-3", "1-9x2,4"])
OFFSETS = st.integers(-12, 12)


def frames_of(
    waiting: str, source: str, offset: int, *, own: bool = False
) -> dict[int, int | None]:
    """Which frame each one waits for."""
    first, other = Frames(waiting), Frames(source)
    found = frame_sources(first, other, offset, own=own)
    pairs = zip(first, found, strict=True)
    return {frame: None if at == NOBODY else other[at] for frame, at in pairs}


@pytest.mark.parametrize(
    ("waiting", "source", "offset", "expected"),
    [
        ("1-3", "1-3", 0, {1: 1, 2: 2, 3: 3}),
        ("1-3", "1-3", -1, {1: None, 2: 1, 3: 2}),
        ("1-3", "1-3", 1, {1: 2, 2: 3, 3: 3}),
        ("1-6", "1-9x4", 0, {1: 1, 2: 1, 3: 1, 4: 1, 5: 5, 6: 5}),
        ("1-3", "3", 0, {1: None, 2: None, 3: 3}),
        ("3-1x-1", "1-3", 0, {3: 3, 2: 2, 1: 1}),
    ],
)
def test_a_frame_waits_for_the_last_one_at_or_before_it(
    waiting: str, source: str, offset: int, expected: dict[int, int | None]
) -> None:
    assert frames_of(waiting, source, offset) == expected


def test_a_frame_of_the_same_layer_waits_for_the_one_before_or_behind() -> None:
    assert frames_of("1-9x4", "1-9x4", -1, own=True) == {1: None, 5: 1, 9: 5}
    assert frames_of("1-9x4", "1-9x4", 1, own=True) == {1: 5, 5: 9, 9: None}


@given(spec=SPECS, offset=OFFSETS.filter(bool))
def test_frames_of_one_layer_never_wait_in_a_ring(spec: str, offset: int) -> None:
    waits = frames_of(spec, spec, offset, own=True)

    for frame, other in waits.items():
        assert other is None or (other < frame if offset < 0 else other > frame)


@given(waiting=SPECS, source=SPECS, offset=OFFSETS)
def test_what_the_store_keeps_says_the_same_as_the_frames(
    waiting: str, source: str, offset: int
) -> None:
    count = len(Frames(source))
    sources = frame_sources(Frames(waiting), Frames(source), offset, own=False)

    forth, back = packed(sources, count)
    kept = [NOBODY if at == 0xFFFFFFFF else at for (at,) in struct.iter_unpack("<I", forth)]
    numbers = [number for (number,) in struct.iter_unpack("<I", back)]
    begins, users = numbers[: count + 1], numbers[count + 1 :]
    assert kept == list(sources)
    for at in range(count):
        found = users[begins[at] : begins[at + 1]]
        assert found == [task for task, source in enumerate(sources) if source == at]


def test_a_long_shot_is_kept_as_one_number() -> None:
    long = Frames("1-200000")

    assert shift_of(frame_sources(long, long, 0, own=False), len(long), own=False) == 0
    assert shift_of(frame_sources(long, long, -1, own=True), len(long), own=True) == -1
    assert shift_of(frame_sources(long, long, 3, own=False), len(long), own=False) == 3
    assert (
        shift_of(frame_sources(long, Frames("1-200000x2"), 0, own=False), 100_000, own=False)
        is None
    )


@given(st.dictionaries(st.integers(0, 5), st.sets(st.integers(0, 5)), max_size=6))
def test_a_ring_is_found_if_there_is_one_and_is_one(graph: dict[int, set[int]]) -> None:
    after = {str(name): {str(one) for one in sources} for name, sources in graph.items()}

    ring = cycle(after)

    if ring:
        assert ring[0] == ring[-1]
        assert len(ring) > 2
        assert all(a in after.get(b, ()) for a, b in pairwise(ring))
    else:
        left = {name: sources - {name} for name, sources in after.items()}
        while free := [name for name, sources in left.items() if not sources & set(left)]:
            left = {name: sources for name, sources in left.items() if name not in free}
        assert not left
