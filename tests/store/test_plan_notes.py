"""What the leading scheduler tells of itself: noted once, and going on under the next leader."""

from farm.model.lease import Recall
from farm.policy.overview import overview
from farm.policy.plan import plan
from farm.store import Store
from farm.store.usage import PASS_BOUNDS
from tests.makers import LEADER, a_grant, a_job, a_node, begin, grant, some_resources

BEYOND = len(PASS_BOUNDS)


def a_farm_at_work(store: Store) -> str:
    """One lease serves a job of four tasks."""
    store.nodes.register(a_node(cores=8))
    store.jobs.submit(a_job("1-4"), key="k")
    return begin(store)[0].id


def note(store: Store, leader: str, request: str) -> bool:
    """Three passes, of which one was very long, and what the last of them left over."""
    seen = store.leader.snapshot()
    view = overview(seen, plan(seen, most_grants=0))
    passes = {0: 2, BEYOND: 1}
    return store.usage.note_plan(view, passes=passes, seconds=7.5, leader=leader, request=request)


def test_passes_are_counted_once_each_and_on_under_the_next_leader(store: Store) -> None:
    a_farm_at_work(store)
    assert note(store, LEADER, "a")
    assert note(store, LEADER, "a")
    assert not note(store, "next", "b")
    store.leader.resign(LEADER)
    store.leader.lead("next")
    assert note(store, "next", "c")

    seen = store.usage.now()

    assert (seen.plan.pass_seconds.counts[0], seen.plan.pass_seconds.counts[BEYOND]) == (4, 2)
    assert seen.plan.pass_seconds.total == 15
    assert 0 <= seen.at - seen.plan.passed_at < 60


def test_what_waits_and_who_is_due_is_told_as_the_last_plan_has_it(store: Store) -> None:
    a_farm_at_work(store)
    note(store, LEADER, "a")

    seen = store.usage.now().plan

    assert sum(seen.waiting.values()) == 3
    assert seen.due_cores == {"heron": 8}
    assert seen.oldest_ready_at[""] <= store.usage.now().at


def test_grants_refusals_by_why_and_recalls_are_counted_once_each(store: Store) -> None:
    lease = a_farm_at_work(store)
    for _ in range(2):
        assert grant(store, a_grant(resources=some_resources(9)))[1] == "room"
        store.leases.recall([Recall(lease=lease, reason="due")], leader=LEADER)
    store.jobs.set_bounds("1", most_tasks=1)
    grant(store, a_grant())

    seen = store.usage.now().plan

    assert seen.refusals == {"job cap": 1, "room": 2}
    assert (seen.recalls, seen.grants) == (1, 1)
