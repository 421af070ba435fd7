"""Jobs and nodes for tests of why jobs wait."""

from typing import Any

from farm.store import Store
from tests.makers import a_job, a_node, begin


def submit(store: Store, frames: str = "1-10", key: str = "k", **fields: Any) -> str:
    return store.jobs.submit(a_job(frames, **fields), key=key)


def a_busy_node(
    store: Store, name: str = "n1", *, frames: str = "1-100", cores: int = 1, **job: Any
) -> None:
    """A node all of whose cores a job of its own has."""
    epoch = store.nodes.register(a_node(name, cores=cores))
    busy = submit(store, frames, key=name, **{"priority": 60, **job})
    for _ in range(cores):
        begin(store, node=name, epoch=epoch, layer=f"{busy}.1")
