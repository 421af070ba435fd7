"""Each ms that a lease holds its cores is credited once: to how attempts ended, or to overhead."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from farm.model.frames import Frames
from farm.model.lease import Lease, Recall, TaskInHand
from farm.model.metrics import SPENT
from farm.model.states import JobState, Outcome, TaskState
from farm.model.usage import OTHER, FarmUsage, PoolUsage, ProductionUsage
from farm.store import Store
from farm.store.leases import GIVE_UP, KEEP
from tests.makers import (
    LEADER,
    a_chain,
    a_job,
    a_node,
    begin,
    result,
    some_resources,
)
from tests.store.passing import let_pass

CORES = 1.5


def a_lease(
    store: Store, frames: str = "1-4", *, want: int = 1, chunk: int = 0, **job: Any
) -> tuple[Lease, tuple[TaskInHand, ...]]:
    """A started lease of 1.5 cores on a node of pool "cpu", and what it has in hand."""
    store.nodes.register(a_node(cores=8, pool="cpu"))
    store.jobs.submit(a_job(frames, layer={"chunk": chunk}, owner="anna b", **job), key="k")
    return begin(store, want=want, resources=some_resources(CORES))


def production(store: Store, name: str = "heron") -> ProductionUsage:
    return next(one for one in store.usage.now().productions if one.name == name)


def pool(store: Store, name: str = "cpu") -> PoolUsage:
    return next(one for one in store.usage.now().pools if one.name == name)


def seconds(spent: Mapping[str, float]) -> dict[str, int]:
    """Whole seconds of the lease that were spent so, without those on which nothing was."""
    return {how: int(amount / CORES) for how, amount in spent.items() if int(amount / CORES)}


def end(store: Store, lease: Lease) -> None:
    store.leases.give_up(lease.id, layer=lease.layer, epoch=lease.epoch)


def test_a_success_has_the_time_that_its_node_measured_and_the_rest_is_overhead(
    store: Store,
) -> None:
    lease, tasks = a_lease(store)
    let_pass(store, 10_000)

    store.leases.settle(lease, [result(tasks[0], elapsed_seconds=7)], want=GIVE_UP)

    assert seconds(pool(store).core_seconds) == {"succeeded": 7, "overhead": 3}
    assert seconds(production(store).core_seconds) == {"succeeded": 7, "overhead": 3}
    assert pool(store).attempts[Outcome.SUCCEEDED] == 1


@pytest.mark.parametrize(
    ("outcome", "fields", "how"),
    [
        (Outcome.FAILED, {}, "failed"),
        (Outcome.FAILED, {"reason": '"outcome":"timed_out"'}, "failed"),
        (Outcome.TIMED_OUT, {}, "timed_out"),
        (Outcome.FAILED, {"reason": "out of memory: 9 GiB"}, "out_of_memory"),
        (Outcome.LOST, {}, "lost"),
    ],
)
def test_an_attempt_counts_by_how_it_ended(
    store: Store, outcome: Outcome, fields: dict[str, str], how: str
) -> None:
    lease, tasks = a_lease(store)
    let_pass(store, 10_000)

    told = result(tasks[0], outcome, elapsed_seconds=7, **fields)
    store.leases.settle(lease, [told], want=GIVE_UP)

    assert seconds(pool(store).core_seconds) == {how: 7, "overhead": 3}
    assert production(store).attempts == {**dict.fromkeys(pool(store).attempts, 0), how: 1}


def test_no_more_time_is_credited_than_there_was(store: Store) -> None:
    lease, tasks = a_lease(store, want=3, chunk=3)
    let_pass(store, 10_000)

    told = [result(task, elapsed_seconds=6) for task in tasks]
    store.leases.settle(lease, told, want=GIVE_UP)

    assert seconds(pool(store).core_seconds) == {"succeeded": 10}
    assert pool(store).render_seconds.total == 18


def test_a_chunk_told_piece_by_piece_has_each_time_once(store: Store) -> None:
    lease, tasks = a_lease(store, want=3, chunk=3)
    for task in tasks[:2]:
        let_pass(store, 4_000)
        store.leases.settle(lease, [result(task, elapsed_seconds=3)], want=KEEP)
    let_pass(store, 2_000)

    end(store, lease)

    assert seconds(pool(store).core_seconds) == {"succeeded": 6, "overhead": 2, "lost": 2}
    assert pool(store).attempts["lost"] == 1


def test_a_late_result_and_one_told_twice_have_no_time(store: Store) -> None:
    lease, tasks = a_lease(store, "1-2")
    let_pass(store, 5_000)
    told = [result(tasks[0], elapsed_seconds=5)]
    settled = store.leases.settle(lease, told, want=1, request="r")
    let_pass(store, 5_000)
    store.nodes.register(a_node(cores=8, pool="cpu"))
    before = pool(store)

    store.leases.settle(lease, told, want=1, request="r2")
    store.leases.settle(lease, [result(settled.tasks[0], elapsed_seconds=5)], want=1)

    after = pool(store)
    assert seconds(before.core_seconds) == {"succeeded": 5, "lost": 5}
    assert after.core_seconds == before.core_seconds
    assert after.attempts == before.attempts
    # Whose node it was is not known any more: it counts where its layer may run, which is anywhere.
    assert pool(store, "").attempts["superseded"] == store.usage.now().superseded_results == 1


def test_what_is_cancelled_while_it_runs_is_told_apart_from_how_long_it_takes_to_stop(
    store: Store,
) -> None:
    lease, _ = a_lease(store)
    let_pass(store, 6_000)
    store.jobs.cancel("1")
    let_pass(store, 3_000)

    end(store, lease)

    assert seconds(pool(store).core_seconds) == {"cancelled": 6, "overhead": 3}
    assert pool(store).attempts["cancelled"] == 1


def test_a_skipped_task_in_hand_is_cancelled_and_the_others_are_lost_without_time(
    store: Store,
) -> None:
    a_lease(store, want=3, chunk=3)
    let_pass(store, 6_000)

    store.steering.skip("1", Frames("2"), layer="1.1")

    assert seconds(pool(store).core_seconds) == {"cancelled": 6}
    assert (pool(store).attempts["cancelled"], pool(store).attempts["lost"]) == (1, 2)


def test_a_lease_that_loses_its_node_or_is_recalled_at_once_has_lost_its_time(
    store: Store,
) -> None:
    lease, _ = a_lease(store)
    let_pass(store, 6_000)
    store.leases.recall([Recall(lease=lease.id, reason="due", now=True)], leader=LEADER)
    let_pass(store, 2_000)

    store.leader.reap(LEADER, silent_seconds=0)

    assert seconds(pool(store).core_seconds) == {"lost": 6, "overhead": 2}
    assert store.usage.now().silent_nodes == 1


def test_what_a_production_holds_is_counted_as_it_passes(store: Store) -> None:
    a_lease(store)
    before = production(store)

    let_pass(store, 20_000)

    after = production(store)
    assert after.booked_cores == CORES
    assert 20 <= (after.held_core_seconds - before.held_core_seconds) / CORES < 21
    assert seconds(after.core_seconds) == {}


def test_short_tasks_are_credited_together_after_a_second(store: Store) -> None:
    lease, tasks = a_lease(store, "1-9")
    let_pass(store, 400)
    settled = store.leases.settle(lease, [result(tasks[0], elapsed_seconds=0.3)], want=1)
    early = pool(store)
    let_pass(store, 800)

    store.leases.settle(lease, [result(settled.tasks[0], elapsed_seconds=0.7)], want=1)

    late = pool(store)
    assert sum(early.core_seconds.values()) == early.render_seconds.count == 0
    assert late.core_seconds["succeeded"] == CORES * 1
    assert late.core_seconds["overhead"] >= CORES * 0.2
    assert late.render_seconds.count == late.attempts["succeeded"] == 2
    assert pool(store, "").tasks[TaskState.SUCCEEDED] == 2


def test_days_tell_who_used_what(store: Store) -> None:
    lease, tasks = a_lease(store)
    let_pass(store, 10_000)
    store.leases.settle(lease, [result(tasks[0], elapsed_seconds=7)], want=GIVE_UP)
    today = store.usage.today()

    rows = list(store.usage.days(today, today))

    assert {(one.production, one.user, one.pool) for one in rows} == {("heron", "anna b", "cpu")}
    assert {one.how: one.core_seconds for one in rows} == {
        how: amount for how, amount in pool(store).core_seconds.items() if amount
    }


def test_tasks_and_jobs_are_counted_by_state_and_by_the_pool_that_they_may_use(
    store: Store,
) -> None:
    store.jobs.submit(a_chain("1-3", "1-2", layer={"pool": "gpu"}), key="k")
    store.jobs.submit(a_job("1-4"), key="l")
    store.jobs.pause("2")

    now = store.usage.now()

    tasks = {one.name: {s: n for s, n in one.tasks.items() if n} for one in now.pools}
    assert tasks == {"": {"ready": 4}, "gpu": {"ready": 3, "blocked": 2}}
    assert {s: n for s, n in now.jobs.items() if n} == {JobState.ACTIVE: 1, JobState.PAUSED: 1}
    assert sum(now.productions[0].tasks.values()) == 9


def test_a_job_that_moves_takes_its_tasks_along(store: Store) -> None:
    store.jobs.submit(a_job("1-4", layer={"pool": "gpu"}), key="k")

    store.steering.move("1", pool="cpu")

    assert [pool(store, name).tasks[TaskState.READY] for name in ("gpu", "cpu")] == [0, 4]


def test_waits_and_sizes_fall_into_their_buckets(store: Store) -> None:
    lease, tasks = a_lease(store)
    let_pass(store, 40_000)
    told = result(tasks[0], elapsed_seconds=31, peak_memory_bytes=3 * 2**30)

    store.leases.settle(lease, [told], want=GIVE_UP)

    seen = pool(store)
    assert (seen.render_seconds.total, seen.peak_memory_bytes.total) == (31, 3 * 2**30)
    assert seen.render_seconds.counts[seen.render_seconds.bounds.index(60.0)] == 1
    assert seen.peak_memory_bytes.counts[seen.peak_memory_bytes.bounds.index(2.0**32)] == 1
    assert seen.slot_wait_seconds.count == seen.job_wait_seconds.count == 1
    assert seen.render_seconds.cumulative()[-1] == seen.render_seconds.count == 1


def test_many_productions_are_told_by_name_as_far_as_they_used_most(store: Store) -> None:
    lease, tasks = a_lease(store)
    for name in ("egret", "ibis"):
        store.jobs.submit(a_job("1-2", production=name), key=name)
    let_pass(store, 5_000)
    store.leases.settle(lease, [result(tasks[0], elapsed_seconds=5)], want=GIVE_UP)

    few: FarmUsage = store.usage.now(most_productions=1)

    assert [one.name for one in few.productions] == ["heron", OTHER]
    assert few.productions[1].tasks[TaskState.READY] == 4
    assert set(few.productions[1].core_seconds) == set(SPENT)
    assert few.productions[0] == replace(
        production(store), held_core_seconds=few.productions[0].held_core_seconds
    )
