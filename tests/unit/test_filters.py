"""Submit filters: which rule wins, and laws that hold for any of them."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.model.errors import BadRequest
from farm.model.job import LayerKind
from farm.policy.filters import Filter, Place, filtered, filtered_job
from tests.makers import a_job, a_job_with_a_sheet, a_layer

NAMES = st.sampled_from(["heron", "lynx", "test_010", "a", ""])
PATTERNS = st.sampled_from(["", "*", "heron", "test*", "?", "l*x", "[", "[!a]*"])
WORDS = st.lists(st.sampled_from(["houdini", "maya", "big"]), max_size=3).map(tuple)


@st.composite
def filters(draw: st.DrawFn) -> list[Filter]:
    rules = [
        Filter(
            name=f"f{number}",
            position=draw(st.integers(0, 3)),
            production=draw(PATTERNS),
            owner=draw(PATTERNS),
            job=draw(PATTERNS),
            set_priority=draw(st.none() | st.integers(0, 100)),
            set_pool=draw(st.none() | st.sampled_from(["", "small", "cpu"])),
            set_group=draw(st.none() | st.sampled_from(["", "sq010"])),
            add_limits=draw(WORDS),
            add_tags=draw(WORDS),
        )
        for number in range(draw(st.integers(0, 5)))
    ]
    return draw(st.permutations(rules))


places = st.builds(
    Place, production=NAMES, owner=NAMES, name=NAMES, priority=st.integers(0, 100), limits=WORDS
)


def a_place(**fields: Any) -> Place:
    return Place(
        **{"production": "heron", "owner": "lee", "name": "shot", "priority": 50, **fields}
    )


@given(places, filters(), WORDS)
def test_a_job_that_was_filtered_is_changed_no_more(
    place: Place, rules: list[Filter], known: tuple[str, ...]
) -> None:
    once, _ = filtered(place, rules, known)
    twice, told = filtered(once, rules, known)

    assert twice == once
    assert all("left out" in line for line in told)


@given(places, filters(), WORDS, st.randoms())
def test_the_order_in_which_rules_are_handed_in_does_not_matter(
    place: Place, rules: list[Filter], known: tuple[str, ...], chance: Any
) -> None:
    mixed = list(rules)
    chance.shuffle(mixed)

    assert filtered(place, mixed, known) == filtered(place, rules, known)


@given(places, filters(), WORDS)
def test_what_changes_is_told_and_only_by_rules_that_match(
    place: Place, rules: list[Filter], known: tuple[str, ...]
) -> None:
    after, told = filtered(place, rules, known)
    matching = {one.name for one in rules if one.matches(place)}

    assert {line.split()[1].rstrip(":") for line in told} <= matching
    assert (after == place) == all("left out" in line for line in told)
    assert {*after.limits} <= {*place.limits, *known}
    assert (after.production, after.owner, after.name) == (
        place.production,
        place.owner,
        place.name,
    )


def test_the_last_by_position_then_name_wins() -> None:
    rules = [
        Filter(name="late", position=90, set_priority=10),
        Filter(name="a", set_priority=70, set_pool="small"),
        Filter(name="b", set_priority=30),
        Filter(name="other", position=99, production="lynx", set_priority=1),
    ]
    after, told = filtered(a_place(), rules, ())

    assert (after.priority, after.pool) == (10, "small")
    assert told == ["filter late: priority 10, was 50", "filter a: pool small, was any"]


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("test*", "test_010", True),
        ("test*", "a test", False),
        ("shot_??", "shot_01", True),
        ("shot_??", "shot_1", False),
        ("Test", "test", False),
        ("", "anything", True),
    ],
)
def test_a_pattern_must_match_the_whole(pattern: str, name: str, matches: bool) -> None:
    assert Filter(name="f", job=pattern).matches(a_place(name=name)) is matches


def test_a_limit_that_nobody_has_set_is_left_out_and_told() -> None:
    after, told = filtered(a_place(), [Filter(name="fx", add_limits=("maya", "nuke"))], {"nuke"})

    assert after.limits == ("nuke",)
    left_out = "filter fx: limit maya is not set, so it was left out; an operator sets it: "
    assert told == [f"{left_out}farm limits set maya", "filter fx: limit nuke added"]


def test_sheets_go_where_frames_go_and_hold_no_limit() -> None:
    rule = Filter(name="fx", set_pool="small", add_limits=("maya",), add_tags=("big",))
    job, told = filtered_job(a_job_with_a_sheet(), [rule], {"maya"})
    render, sheet = job.layers

    assert (render.pool, render.limits, render.tags) == ("small", ("maya",), ("big",))
    assert sheet.kind is LayerKind.SHEET
    assert (sheet.pool, sheet.limits, sheet.tags) == ("small", (), ())
    assert len(told) == 3


def test_a_job_of_several_layers_is_told_each_change_once() -> None:
    job = a_job(layers=(a_layer(name="sim", pool="cpu"), a_layer(name="comp")), priority=80)
    rule = Filter(name="fx", set_pool="small", set_priority=20, set_group="sq010")
    after, told = filtered_job(job, [rule], ())

    assert [one.pool for one in after.layers] == ["small", "small"]
    assert (after.priority, after.group) == (20, "sq010")
    assert told == [
        "filter fx: priority 20, was 80",
        "filter fx: pool small, was cpu",
        "filter fx: group sq010, was none",
        "filter fx: pool small, was any",
    ]
    assert filtered_job(job, [], ()) == (job, [])


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"name": "a b"}, "filter name 'a b': use letters"),
        ({"position": -1}, "position -1: give 0 to 1,000, 50 is usual"),
        ({"set_priority": 101}, "priority 101: give 0 to 100"),
        ({"set_pool": "a/b"}, "pool name 'a/b'"),
        ({"set_group": "/"}, "group name ''"),
        ({"add_limits": ("",)}, "limit name ''"),
        ({"owner": "a\nb"}, r"pattern 'a\nb' for owner: use printable characters, at most 256"),
        ({"set_priority": None}, "filter f changes nothing: set a priority, a pool or a group, or"),
    ],
)
def test_a_bad_filter_is_refused_in_one_line(fields: dict[str, Any], fault: str) -> None:
    rule = replace(Filter(name="f", set_priority=1), **fields)
    with pytest.raises(BadRequest) as caught:
        rule.check()

    assert str(caught.value).startswith(fault)
