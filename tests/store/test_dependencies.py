"""Layers that wait frame by frame, for earlier frames, for any, on a real server."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farm.model.dependencies import NOBODY, After, Match, Release, frame_sources
from farm.model.frames import Frames
from farm.model.node import NodeHealth
from farm.model.states import JobState, Outcome, TaskState
from farm.store import Store
from farm.store.leases import GIVE_UP
from tests.makers import a_job, a_layer, a_node, begin, finish, result
from tests.store.waits import comp, end_next, states, two


def test_a_frame_begins_as_soon_as_its_source_has_succeeded(store: Store) -> None:
    store.nodes.register(a_node())
    store.jobs.submit(two("1-4", comp()), key="k")

    assert states(store) == "rrrr bbbb"
    end_next(store, 2)
    assert states(store) == "ssrr rrbb"
    end_next(store, 1, "1.2")
    end_next(store, 2)
    finish(store, "1.2")

    assert store.jobs.get("1").state is JobState.SUCCEEDED


def test_frames_that_have_no_source_do_not_wait(store: Store) -> None:
    store.nodes.register(a_node())
    earlier = After(layer="render", match=Match.FRAME, offset=-2)
    store.jobs.submit(two("1-4", comp("1-4", earlier)), key="k")

    assert states(store) == "rrrr rrbb"
    end_next(store, 1)
    assert states(store) == "srrr rrrb"


def test_layers_of_other_steps_wait_for_the_last_frame_before_theirs(store: Store) -> None:
    store.nodes.register(a_node())
    store.jobs.submit(two("1-9x4", comp("1-6")), key="k")

    end_next(store, 1)
    assert states(store) == "srr rrrrbb"
    end_next(store, 1)
    assert states(store) == "ssr rrrrrr"


def test_a_layer_that_needs_its_frame_before_runs_in_order(store: Store) -> None:
    store.nodes.register(a_node(cores=8))
    store.jobs.submit(
        a_job("1-4", layer={"after": (After(layer="render", match=Match.FRAME, offset=-1),)}),
        key="k",
    )

    assert states(store) == "rbbb"
    lease, tasks = begin(store)
    for number in range(4):
        assert [task.index for task in tasks] == [number]
        tasks = store.leases.settle(lease, [result(tasks[0])], want=1).tasks

    assert store.jobs.get("1").state is JobState.SUCCEEDED


def test_the_failure_of_a_frame_cancels_only_what_waits_for_it_and_says_so(store: Store) -> None:
    store.nodes.register(a_node())
    store.jobs.submit(two("1-4", comp()), key="k")

    end_next(store, 1)
    end_next(store, 1, outcome=Outcome.FAILED)

    assert states(store) == "sfrr rcbb"
    (told,) = [fact for fact in store.facts.read() if fact.kind == "tasks_cancelled"]
    assert (told.fields["layer"], told.fields["count"]) == ("1.2", "1")
    assert told.fields["why"] == "layer 1.1 did not succeed"
    end_next(store, 2)
    finish(store, "1.2")
    assert store.jobs.get("1").state is JobState.FAILED


def test_a_failure_in_a_row_of_frames_cancels_the_rest_of_it(store: Store) -> None:
    store.nodes.register(a_node())
    own = (After(layer="render", match=Match.FRAME, offset=-1),)
    store.jobs.submit(a_job("1-5", layer={"after": own, "retries": 0}), key="k")
    end_next(store, 2)

    end_next(store, 1, outcome=Outcome.FAILED)
    assert states(store) == "ssfcc"
    assert store.jobs.get("1").state is JobState.FAILED
    assert store.jobs.retry("1") == 3
    assert states(store) == "ssrbb"
    finish(store, "1.1")
    assert states(store) == "sssss"


def test_a_frame_rendered_again_holds_only_its_own(store: Store) -> None:
    store.nodes.register(a_node())
    last = a_layer("1", name="film", after=(After(layer="comp"),))
    layers = (a_layer("1-4"), comp(), last)
    store.jobs.submit(a_job(layers=layers), key="k")
    for layer in ("1.1", "1.2", "1.3"):
        finish(store, layer)

    store.jobs.retry("1", states={TaskState.SUCCEEDED}, frames=Frames("2"), layer="render")

    assert states(store) == "srss sbss b"
    for layer in ("1.1", "1.2", "1.3"):
        finish(store, layer)
    assert [task.attempt for task in store.tasks.list("1")] == [1, 2, 1, 1, 1, 2, 1, 1, 2]


def test_only_the_attempt_that_is_held_is_stopped_and_its_neighbours_go_on(store: Store) -> None:
    store.nodes.register(a_node(cores=8))
    store.jobs.submit(two("1-4", comp("1-4", chunk=2)), key="k")
    finish(store, "1.1")
    first, tasks = begin(store, layer="1.2", want=2)
    other, rest = begin(store, layer="1.2", want=2)
    assert [task.index for task in (*tasks, *rest)] == [0, 1, 2, 3]

    store.jobs.retry("1", states={TaskState.SUCCEEDED}, frames=Frames("1"), layer="render")

    assert states(store) == "rsss brRR", "the neighbour in the same hand is lost, not failed"
    orders = store.nodes.heartbeat("n1", 1, NodeHealth(), {}).orders
    assert {one.lease: one.kill for one in orders} == {first.id: True, other.id: False}
    assert store.leases.settle(first, [result(task) for task in tasks], want=1).counted == (
        False,
        False,
    )
    assert store.leases.settle(other, [result(task) for task in rest], want=1).counted == (
        True,
        True,
    )


@pytest.mark.parametrize("release", Release)
def test_any_frame_lets_go_all_that_waits_for_one(store: Store, release: Release) -> None:
    store.nodes.register(a_node())
    waits = After(layer="render", match=Match.ANY, release=release)
    store.jobs.submit(two("1-3", comp("1-2", waits)), key="k")

    end_next(store, 1, outcome=Outcome.FAILED)
    assert states(store) == ("frr rr" if release is Release.END else "frr bb")
    end_next(store, 1)
    assert states(store) == "fsr rr"


def test_no_frame_at_all_cancels_what_waits_for_any(store: Store) -> None:
    store.nodes.register(a_node())
    store.jobs.submit(two("1-2", comp("1-2", After(layer="render", match=Match.ANY))), key="k")

    end_next(store, 2, outcome=Outcome.FAILED)

    assert states(store) == "ff cc"


@pytest.mark.parametrize(
    ("match", "after_one", "after_all"),
    [(Match.ALL, "fr bb", "ff rr"), (Match.FRAME, "fr rb", "ff rr")],
)
def test_what_waits_for_an_end_begins_after_a_failure_too(
    store: Store, match: Match, after_one: str, after_all: str
) -> None:
    store.nodes.register(a_node())
    waits = After(layer="render", match=match, release=Release.END)
    store.jobs.submit(two("1-2", comp("1-2", waits)), key="k")

    end_next(store, 1, outcome=Outcome.FAILED)
    assert states(store) == after_one
    end_next(store, 1, outcome=Outcome.FAILED)
    assert states(store) == after_all


def test_a_task_with_several_dependencies_waits_for_the_last_of_them(store: Store) -> None:
    store.nodes.register(a_node())
    waits = (After(layer="render", match=Match.FRAME), After(layer="cache"))
    layers = (a_layer("1-2"), a_layer("1", name="cache"), comp("1-2", *waits))
    store.jobs.submit(a_job(layers=layers), key="k")

    end_next(store, 1)
    assert states(store) == "sr r bb"
    finish(store, "1.2")
    assert states(store) == "sr s rb"
    end_next(store, 1)
    assert states(store) == "ss s rr"


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    source=st.sampled_from(["1-6", "6-1x-1", "1-12x2", "3,1,9,4"]),
    waiting=st.sampled_from(["1-6", "2-12x3", "7,2,4", "12-1x-1"]),
    offset=st.integers(-4, 4),
    order=st.randoms(use_true_random=False),
)
def test_after_each_end_exactly_the_frames_whose_source_is_there_are_let_go(
    store: Store, source: str, waiting: str, offset: int, order: object
) -> None:
    store.connection.client.flushall()
    store.nodes.register(a_node(cores=64))
    waits = (After(layer="render", match=Match.FRAME, offset=offset),)
    spec = two(source, replace(comp(waiting), after=waits))
    sources = frame_sources(Frames(waiting), Frames(source), offset, own=False)
    if set(sources) == {NOBODY}:
        return
    store.jobs.submit(spec, key="k")
    hands = [begin(store) for _ in Frames(source)]
    order.shuffle(hands)  # type: ignore[attr-defined]
    done = {NOBODY}
    for lease, (task,) in hands:
        store.leases.settle(lease, [result(task)], want=GIVE_UP)
        done.add(task.index)
        expected = "".join("r" if at in done else "b" for at in sources)
        assert states(store).split()[1] == expected
