"""Jobs whose layers wait, and their states at a glance."""

from typing import Any

from farm.model.dependencies import After, Match
from farm.model.job import JobSpec, LayerSpec
from farm.model.states import Outcome, TaskState
from farm.store import Store
from farm.store.leases import GIVE_UP
from tests.makers import a_job, a_layer, begin, result

LETTERS = {
    TaskState.BLOCKED: "b",
    TaskState.READY: "r",
    TaskState.RUNNING: "R",
    TaskState.SUCCEEDED: "s",
    TaskState.FAILED: "f",
    TaskState.CANCELLED: "c",
    TaskState.SKIPPED: "k",
}


def comp(frames: str = "1-4", *after: After, **fields: Any) -> LayerSpec:
    waits = after or (After(layer="render", match=Match.FRAME),)
    return a_layer(frames, name="comp", after=waits, retries=0, **fields)


def two(frames: str, layer: LayerSpec, **fields: Any) -> JobSpec:
    return a_job(layers=(a_layer(frames, retries=0), layer), **fields)


def states(store: Store, job: str = "1") -> str:
    """A letter for each task, a space between layers."""
    words: dict[str, str] = {}
    for task in store.tasks.list(job):
        words[task.layer] = words.get(task.layer, "") + LETTERS[task.state]
    return " ".join(words.values())


def end_next(
    store: Store, count: int, layer: str = "1.1", outcome: Outcome = Outcome.SUCCEEDED
) -> None:
    """End the next `count` tasks of a layer."""
    for _ in range(count):
        lease, (task,) = begin(store, layer=layer)
        store.leases.settle(lease, [result(task, outcome)], want=GIVE_UP)
