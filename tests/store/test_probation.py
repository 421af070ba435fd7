"""A node that is quarantined comes back: in time, by a person, or because it was not its fault."""

import pytest

from farm.model.errors import NotFound, NotLeader
from farm.model.states import JobState, Outcome
from farm.policy.quarantine import judge_node
from farm.scheduler.judge import Judge
from farm.store import Store
from farm.store.leases import GIVE_UP
from tests.makers import LEADER, a_grant, begin, grant, result
from tests.store.faulty import (
    attempt_anywhere,
    fails,
    its_time_is_over,
    jobs,
    judge,
    left_ms,
    nodes,
    quarantine,
    succeeds,
    taking,
)

__all__ = ["judge"]  # a fixture


def test_a_quarantine_is_lifted_when_the_jobs_fail_elsewhere_too(
    store: Store, judge: Judge
) -> None:
    nodes(store, "a", "b")
    jobs(store, 3, "1")
    for job in (1, 2, 3):
        fails(store, "a", job)
    judge.judge()
    assert taking(store) == {"b"}

    fails(store, "b", 1)
    judge.judge()

    assert taking(store) == {"a", "b"}
    assert store.nodes.get("a").closed == ""


def test_the_only_node_is_not_quarantined_and_its_jobs_end_by_their_own_failures(
    store: Store, judge: Judge
) -> None:
    nodes(store, "only")
    jobs(store, 4, "1", layer={"retries": 1})
    for job in (1, 2, 3, 4):
        for again in (False, True):
            lease, (task,) = begin(store, node="only", layer=f"{job}.1", anywhere=again)
            store.leases.settle(lease, [result(task, Outcome.FAILED)], want=GIVE_UP)
            judge.judge()

    assert taking(store) == {"only"}
    assert {store.jobs.get(str(job)).state for job in (1, 2, 3, 4)} == {JobState.FAILED}


def test_a_quarantined_node_is_tried_again_with_one_lease(store: Store, judge: Judge) -> None:
    quarantine(store, judge, "bad")
    its_time_is_over(store, "bad")
    judge.judge()
    assert taking(store) == {"bad", "good"}

    lease, _ = begin(store, node="bad", layer="1.1", anywhere=True)
    assert taking(store) == {"good"}
    assert grant(store, a_grant("bad"))[1] == "node"

    store.leases.give_up(lease.id, layer=lease.layer, epoch=1)
    its_time_is_over(store, "bad")
    judge.judge()
    assert taking(store) == {"bad", "good"}


def test_a_success_on_probation_makes_it_a_node_like_any_other(store: Store, judge: Judge) -> None:
    quarantine(store, judge, "bad")
    its_time_is_over(store, "bad")
    judge.judge()

    attempt_anywhere(store, "bad", Outcome.SUCCEEDED)

    assert store.nodes.get("bad").closed == ""
    assert taking(store) == {"bad", "good"}
    fails(store, "bad", 2)
    judge.judge()
    assert taking(store) == {"bad", "good"}


def test_a_failure_on_probation_doubles_the_quarantine(store: Store, judge: Judge) -> None:
    quarantine(store, judge, "bad")
    first = left_ms(store, "bad")
    its_time_is_over(store, "bad")
    judge.judge()

    attempt_anywhere(store, "bad", Outcome.FAILED)
    judge.judge()

    assert taking(store) == {"good"}
    assert "tried again and failed again" in store.nodes.get("bad").closed
    assert left_ms(store, "bad") == pytest.approx(2 * first, rel=0.05)


def test_a_person_may_clear_a_node(store: Store, judge: Judge) -> None:
    quarantine(store, judge, "bad")

    store.faults.pardon("bad")
    judge.judge()

    assert taking(store) == {"bad", "good"}
    with pytest.raises(NotFound):
        store.faults.pardon("nobody")


def test_a_quarantine_outlives_the_worker_and_takes_its_leases_back(
    store: Store, judge: Judge
) -> None:
    nodes(store, "bad", "good")
    jobs(store, 4)
    running, _ = begin(store, node="bad", layer="4.1")
    for job in (1, 2, 3):
        fails(store, "bad", job)
    judge.judge()
    held = store.nodes.heartbeat("bad", 1, store.nodes.get("bad").health, {}).orders
    assert [(order.lease, order.state) for order in held] == [(running.id, "recalled")]

    nodes(store, "bad")
    assert taking(store) == {"good"}


def test_what_was_judged_from_old_news_is_judged_again(store: Store, judge: Judge) -> None:
    nodes(store, "a", "b")
    jobs(store, 4)
    for job in (1, 2, 3):
        fails(store, "a", job)
    old = store.faults.news()
    succeeds(store, "a", 4)

    for suspect in old.nodes:
        judged = judge_node(suspect.record)
        assert not store.faults.judge_node(suspect, judged, leader=LEADER)
    judge.judge()

    assert taking(store) == {"a", "b"}
    assert store.faults.news().nodes == ()


def test_only_the_leader_judges(store: Store, judge: Judge) -> None:
    nodes(store, "a")
    jobs(store, 1)
    fails(store, "a", 1)

    with pytest.raises(NotLeader):
        Judge(store, "somebody else").judge()
    judge.judge()
