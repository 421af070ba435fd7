"""A private real store for each test run, emptied for each test and audited after it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.store import Store
from farm.up.store import StoreProcess


@pytest.fixture(scope="session")
def store_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("store")
    with StoreProcess.start(folder) as server:
        yield server.url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store with nothing in it. What a test leaves must pass the audit."""
    store = Store.open(store_url)
    store.connection.client.flushall()
    yield store
    assert store.audit() == []
    store.close()
