"""Why tasks wait: the parts add up, and each reason has its sentence."""

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.model.snapshot import Snapshot
from farm.model.standing import LayerStanding
from farm.model.states import JobState
from farm.policy.briefly import kind, short
from farm.policy.plan import plan
from farm.policy.waiting import Reason, Waiting
from farm.policy.why import Cause, Outlook, Part, chief, holders, outlook, parts
from farm.policy.wording import Around, listed, sentence
from tests.farms import snapshots
from tests.reasons import AT, SAID, SIM, a_job, a_layer, a_view, waiting

small = st.integers(min_value=0, max_value=50)


@pytest.mark.parametrize(
    ("one", "around", "whole", "few"), SAID, ids=[f"{s[0].cause} {n}" for n, s in enumerate(SAID)]
)
def test_each_reason_has_its_sentence_and_its_few_words(
    one: Part, around: Around, whole: str, few: str
) -> None:
    assert sentence(one, around) == whole
    assert short(one, around) == few
    assert kind(one)


def test_every_reason_that_a_task_can_wait_for_is_said() -> None:
    assert {one.cause for one, *_ in SAID} == {*Reason, *Cause}


layers = st.builds(
    a_layer,
    st.integers(min_value=1, max_value=4),
    blocked=small,
    ready=small,
    running=small,
    unstarted=small,
)
plans = st.lists(
    st.builds(
        Waiting,
        layer=st.sampled_from(["12.1", "12.2", "12.3"]),
        production=st.just("heron"),
        tasks=small,
        reason=st.sampled_from(Reason),
    ),
    max_size=6,
)


@given(
    of_job=st.lists(layers, max_size=4),
    told=plans,
    state=st.sampled_from([JobState.ACTIVE, JobState.PAUSED]),
    start_at=st.sampled_from([0.0, AT + 1]),
    leads=st.booleans(),
    more=st.booleans(),
)
def test_the_parts_of_a_job_add_up_to_what_waits_whatever_the_plan_says(
    *,
    of_job: list[LayerStanding],
    told: list[Waiting],
    state: JobState,
    start_at: float,
    leads: bool,
    more: bool,
) -> None:
    by_layer: dict[str, list[Waiting]] = {}
    for one in told:
        by_layer.setdefault(one.layer, []).append(one)
    seen = Outlook(at=AT, leads=leads, waiting=by_layer, more=more)
    job = a_job(*of_job, state=state, start_at=start_at)

    found = parts(job, seen)
    assert sum(one.count for one in found) == job.waiting
    assert all(one.count > 0 for one in found)
    assert all(sentence(one, Around()) and short(one, Around()) for one in found)
    assert (chief(found) is None) == (job.waiting == 0)


def test_what_the_plan_says_is_what_is_told() -> None:
    layer = a_layer(ready=10, unstarted=1)
    told = [waiting(Reason.LIMIT, tasks=4), waiting(Reason.AVOID, tasks=2)]
    seen = Outlook(at=AT, waiting={"12.1": told}, views={"12.1": a_view()})

    found = Counter({one.cause: one.count for one in parts(a_job(layer), seen)})
    assert found == {Cause.GRANTED: 1, Reason.LIMIT: 4, Reason.AVOID: 2, Cause.NEXT: 3}


def test_who_is_too_far_back_to_be_looked_at_is_behind_all_that_was() -> None:
    seen = Outlook(at=AT, more=True, left={"heron": 40})
    (found,) = parts(a_job(a_layer(ready=2)), seen)

    assert sentence(found, Around()) == "40 frames of production heron come first."


def test_what_most_wait_for_is_told_first_and_waiting_for_the_rest_of_the_job_last() -> None:
    job = a_job(a_layer(1, ready=2), a_layer(2, blocked=50, sources=(SIM,)))
    first = chief(parts(job, Outlook(at=AT)))

    assert first is not None
    assert first.cause is Cause.NEXT


def test_who_holds_a_limit_is_told_with_the_most_first() -> None:
    one = a_job(a_layer(leases=2, limits=("houdini",)), id="1")
    two = a_job(a_layer(leases=5, limits=("maya", "houdini")), a_layer(2, leases=9), id="2")
    none = a_job(a_layer(leases=0, limits=("houdini",)), id="3")

    assert holders("houdini", [one, none, two]) == [(two, 5), (one, 2)]


def test_lists_read_well() -> None:
    assert [listed(list(words)) for words in ("", "a", "ab", "abc")] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_the_page_lists_every_reason_with_what_to_do_about_it() -> None:
    page = (Path(__file__).parents[2] / "docs" / "why.md").read_text("utf-8")
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)

    assert sorted(name for name, *_ in rows) == sorted([*Reason, *Cause])
    assert all(means.strip() and todo.strip() for _, means, todo in rows)


@given(snapshot=snapshots())
def test_of_any_farm_each_waiting_task_has_the_reason_that_the_plan_gives(
    snapshot: Snapshot,
) -> None:
    decided = plan(snapshot)
    seen = outlook(snapshot, decided)
    jobs = [
        a_job(LayerStanding(id=one.id, name="render", ready=one.wanted), production=one.production)
        for one in snapshot.layers
    ]
    found = [part for job in jobs for part in parts(job, seen)]

    told, given_now = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for part in found:
        told[part.layer.id, part.cause] += part.count
    for grant in decided.grants:
        given_now[grant.layer, Cause.NEXT] += 1
    for one in decided.waiting:
        given_now[one.layer, one.reason] += one.tasks
    assert told == given_now
    assert sum(told.values()) == sum(one.wanted for one in snapshot.layers)
    for part in found:
        around = Around(view=seen.views[part.layer.id])
        assert sentence(part, around).endswith(".")
        assert short(part, around)
