"""Whether what was written is on disk: waited for as long as a slow disk may take."""

import threading

import pytest

from farm.model.errors import StoreUnavailable
from farm.store import Store
from tests.waiting import wait_until

SHORT_SECONDS = 1.0


def test_a_sync_that_takes_longer_than_any_other_answer_is_waited_for(store_url: str) -> None:
    store = Store.open(store_url, timeout_seconds=SHORT_SECONDS, repeats=0)
    client, found = store.connection.client, list[bool]()
    client.config_set("appendfsync", "no")  # as if a sync took for ever
    waiter = threading.Thread(target=lambda: found.append(store.wait_durable()))
    try:
        waiter.start()
        waiter.join(1.5 * SHORT_SECONDS)
        assert found == []
    finally:
        client.config_set("appendfsync", "everysec")
    waiter.join()
    store.close()
    assert found == [True]


def test_a_store_that_keeps_nothing_says_so_at_once(store: Store) -> None:
    client = store.connection.client
    client.config_set("appendonly", "no")
    try:
        assert not store.wait_durable(timeout_seconds=3600)
    finally:
        client.config_set("appendonly", "yes")
    wait_until(store.wait_durable, timeout_seconds=20)


def test_a_store_that_takes_no_writes_has_nothing_on_disk(store: Store) -> None:
    client = store.connection.client
    client.config_set("min-replicas-to-write", 1)
    try:
        with pytest.raises(StoreUnavailable, match="Not enough good replicas"):
            store.wait_durable()
    finally:
        client.config_set("min-replicas-to-write", 0)
