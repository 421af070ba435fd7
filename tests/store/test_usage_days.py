"""Days tell what was credited on them while they are kept, and a killed store goes on."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from farm.store import Store, keys
from farm.store.leases import GIVE_UP
from farm.up.store import StoreProcess
from tests.makers import LEADER, a_job, a_node, begin, result
from tests.store.passing import let_pass


def test_two_leases_that_are_lost_at_once_are_both_told(store: Store) -> None:
    store.nodes.register(a_node(pool="cpu"))
    store.jobs.submit(a_job("1-4", owner="anna"), key="k")
    begin(store)
    begin(store)
    let_pass(store, 10_000)

    store.leader.reap(LEADER, silent_seconds=0)

    today = store.usage.today()
    rows = {row.how: row.core_seconds for row in store.usage.days(today, today)}
    assert 20 <= rows["lost"] < 22


def test_a_day_that_is_over_is_packed_and_told_as_before(store: Store) -> None:
    today = store.usage.today()
    number = (today - date(1970, 1, 1)).days - 2
    rows = {"heron anna b cpu succeeded": 4_000, "heron   lost": 2**60}
    store.connection.client.hset(keys.usage(number), mapping=rows)
    day = today - timedelta(days=2)
    before = list(store.usage.days(day, today))

    assert (store.usage.pack_days(), store.usage.pack_days()) == (1, 0)

    assert set(store.usage.days(day, today)) == set(before)
    assert {one.user for one in before} == {"", "anna b"}
    assert store.connection.client.keys(f"{keys.usage(number)}*") == [keys.usage_packed(number)]
    kept = store.connection.client.ttl(keys.usage_packed(number)) / 86_400
    assert 398 < kept < 400


def test_what_comes_to_a_packed_day_later_is_added(store: Store) -> None:
    today = store.usage.today()
    number = (today - date(1970, 1, 1)).days - 2
    for _ in range(2):
        store.connection.client.hset(keys.usage(number), "heron anna cpu lost", 4_000)
        assert store.usage.pack_days() == 1

    rows = list(store.usage.days(today - timedelta(days=2), today))

    assert [row.core_seconds for row in rows] == [2]


def test_a_killed_store_goes_on_with_what_it_had_credited(tmp_path: Path) -> None:
    with StoreProcess.start(tmp_path) as server:
        store = Store.open(server.url)
        store.nodes.register(a_node())
        store.jobs.submit(a_job("1-4"), key="k")
        lease, (task,) = begin(store)
        settled = store.leases.settle(lease, [result(task)], want=1, request="r")
        assert store.wait_durable()
        server.kill()
        server.restart()

        again = store.leases.settle(lease, [result(task)], want=1, request="r")
        store.leases.settle(lease, [result(settled.tasks[0])], want=GIVE_UP)

        used = store.usage.now().productions[0]
        assert again == settled
        assert used.attempts["succeeded"] == 2
        assert used.held_core_seconds > 0
        assert sum(used.core_seconds.values()) == pytest.approx(used.held_core_seconds)
        assert store.audit() == []
        store.close()
