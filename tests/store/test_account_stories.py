"""Where time goes, in stories: the store's figures are those of a slow model, to the ms."""

import pytest

from farm.model.resources import GIB, Resources
from tests.makers import LEADER, a_node, some_resources
from tests.store.told import Told, check, shut, start_is_over, told

__all__ = ["told"]  # a fixture


def test_free_room_is_starved_while_work_waits_that_nobody_has_looked_at(told: Told) -> None:
    told.node(cores=4)
    told.story.let_pass(2_000)
    layer = told.submit("1-9")
    told.story.let_pass(3_000)
    check(told, starved=12, idle=8)

    for _ in range(4):
        told.begin(layer)
    told.story.let_pass(2_000)

    check(told, starved=12, idle=8, busy=8)


def test_room_that_no_waiting_work_fits_is_idle_once_the_leader_has_looked(told: Told) -> None:
    told.node(cores=4)
    told.begin(told.submit("1"))
    told.submit("1", resources=some_resources(4))
    told.story.let_pass(1_000)
    told.story.judge()
    told.story.let_pass(5_000)

    check(told, busy=6, starved=3, idle=15)


def test_a_node_whose_memory_is_full_strands_its_cores(told: Told) -> None:
    told.node(cores=4, memory_gib=8)
    lease = told.begin(told.submit("1"), booked=some_resources(1, 7 * GIB))
    told.submit("1", resources=some_resources(1, 4 * GIB))
    told.story.judge()
    told.story.let_pass(2_000)
    check(told, busy=2, idle=6, stranded=6)

    told.settle(lease)
    told.story.let_pass(2_000)  # nobody looks: only what came free may be of use

    check(told, busy=2, idle=12, stranded=12, starved=2)


def test_while_no_scheduler_lives_what_leases_give_back_is_starved(told: Told) -> None:
    told.node(cores=2)
    short, long = told.submit("1"), told.submit("1-5")
    first, second = told.begin(short), told.begin(long)
    told.story.judge()
    told.settle(first)
    told.story.let_pass(3_000)
    check(told, starved=3, busy=3)

    for _ in range(4):
        told.settle(second, want=1)
    told.story.let_pass(2_000)  # the last task is in hand, nothing waits

    check(told, starved=3, busy=5, idle=2)


@pytest.mark.parametrize("how", ["drain", "lock", "unfit", "hours"])
def test_free_room_of_a_closed_node_drains_and_what_it_has_is_busy(told: Told, how: str) -> None:
    told.node(cores=4)
    told.begin(told.submit("1-9"))
    shut(told, how, "it smells")
    told.story.let_pass(2_000)
    check(told, busy=2, draining=6)

    shut(told, how, "")
    told.story.let_pass(2_000)

    check(told, busy=4, draining=6, starved=6)


def test_a_node_is_offline_from_four_seconds_after_its_last_beat(told: Told) -> None:
    told.node(cores=2)
    told.node("n2", cores=1)
    told.story.let_pass(3_000, silent=["n1"])
    layer = told.submit("1-9")
    told.begin(layer)
    told.story.let_pass(2_000, silent=["n1"])
    told.store.jobs.pause(layer.partition(".")[0])  # what waits changes while it is silent
    told.story.look()
    told.story.let_pass(1_000, silent=["n1"])
    told.beat()
    told.story.let_pass(1_000)

    check(told, busy=2, starved=3, idle=12, offline=4)


def test_a_node_that_is_reaped_or_leaves_is_offline_until_it_registers(told: Told) -> None:
    epoch = told.node(cores=1)
    told.begin(told.submit("1-9"))
    told.beat()
    told.story.let_pass(9_000, silent=["n1"])
    told.store.leader.reap(LEADER)
    told.story.look()
    told.story.let_pass(1_000)
    check(told, busy=4, offline=6)

    told.node(cores=1)
    told.store.nodes.leave("n1", epoch + 1)
    told.story.look()
    told.story.let_pass(2_000)

    check(told, busy=4, offline=8)


def test_gpus_are_counted_by_themselves_and_starved_only_by_work_for_gpus(told: Told) -> None:
    with_gpus = Resources(cores=4, memory_bytes=64 * GIB, gpus=2)
    told.store.nodes.register(a_node(resources=with_gpus))
    told.story.look()
    told.submit("1")
    told.story.let_pass(1_000)
    asked = Resources(cores=1, memory_bytes=GIB, gpus=1)
    layer = told.submit("1-2", resources=asked)
    told.story.let_pass(1_000)
    told.begin(layer, booked=asked)
    told.story.let_pass(1_000)

    check(told, starved=11, busy=1)

    seconds = told.store.accounts.read().farm().gpu_seconds()
    assert [int(amount) for amount in seconds.values()] == [1, 3, 2, 0, 0]


def test_a_raised_bound_is_news_and_a_lowered_one_is_not(told: Told) -> None:
    told.store.limits.set("maya", 2)
    told.node(cores=2)
    told.begin(told.submit("1-9", limits=("maya",)))
    told.store.limits.set("maya", 1)
    told.story.look()
    told.story.judge()
    told.story.let_pass(2_000)
    told.store.limits.set("maya", 1)
    told.story.look()
    told.story.let_pass(1_000)
    check(told, busy=3, idle=3)

    told.store.limits.set("maya", 2)
    told.story.raised()
    told.story.let_pass(1_000)

    check(told, busy=4, idle=3, starved=1)


def test_a_paused_job_does_not_wait_and_comes_back_as_news(told: Told) -> None:
    told.node(cores=1)
    job = told.submit().partition(".")[0]
    told.store.jobs.pause(job)
    told.story.look()
    told.story.let_pass(2_000)
    told.store.jobs.resume(job)
    told.story.look()
    told.story.let_pass(1_000)
    told.store.jobs.cancel(job)
    told.story.look()
    told.story.let_pass(1_000)

    check(told, starved=1, idle=3)


def test_a_job_that_goes_to_another_pool_waits_there_and_no_more_here(told: Told) -> None:
    told.node(pool="a", cores=1)
    told.node("n2", pool="b", cores=2)
    job = told.submit("1-9", pool="a").partition(".")[0]
    told.story.let_pass(1_000)
    told.store.steering.move(job, pool="b")
    told.story.look()
    told.story.let_pass(1_000)

    check(told, starved=3, idle=3)


def test_a_node_that_was_muted_is_open_again_when_somebody_looks(told: Told) -> None:
    told.node(cores=1)
    layer = told.submit("1-9")
    for _ in range(2):  # it beats and does not start them
        told.grant(layer)
        start_is_over(told.store)
        told.story.look()
    told.story.let_pass(11_000)
    told.store.jobs.pause(layer.partition(".")[0])
    told.story.look()
    told.story.judge()
    told.story.let_pass(1_000)

    check(told, draining=11, idle=1)


def test_a_node_that_comes_back_as_another_begins_anew_and_its_pool_keeps_what_it_was(
    told: Told,
) -> None:
    told.node(cores=2, pool="cpu")
    told.begin(told.submit("1-9"))
    for cores, pool in ((3, "cpu"), (3, "big"), (3, "big")):  # the last: as it was, nothing ends
        told.story.let_pass(1_000)
        told.node(cores=cores, pool=pool)
    told.story.let_pass(1_000)

    check(told, busy=1, starved=10)

    accounts = told.store.accounts.read()
    assert accounts.nodes[0].elapsed_ms // 1000 == 2
    assert int(sum(accounts.pools["cpu"].node_seconds().values())) == 2
    assert int(sum(accounts.pools["cpu"].core_seconds().values())) == 5
    assert int(sum(accounts.pools["big"].core_seconds().values())) == 6


@pytest.mark.parametrize("back", [300, 3_600_000])
def test_a_clock_that_is_set_back_counts_nothing_twice_and_goes_on(told: Told, back: int) -> None:
    told.node(cores=2)
    told.begin(told.submit("1-9"))
    told.story.let_pass(2_000)
    told.store.nodes.lock("n1", "")
    told.story.look()

    told.story.let_pass(-back)
    told.beat()
    told.story.let_pass(1_000)
    told.store.nodes.unlock("n1")
    told.story.look()
    told.story.let_pass(1_000)

    check(told, busy=4, draining=1, starved=3)
