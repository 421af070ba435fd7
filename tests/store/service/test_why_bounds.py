"""Why it waits where bounds, shares and times are set: the whole sentence, on a real store."""

import time
from collections.abc import Callable

from farm.store import Store
from tests.makers import a_node, begin
from tests.makers import some_resources as asks
from tests.store.service.asking import a_busy_node, submit

Why = Callable[..., str]


def test_a_full_limit_is_told_with_who_holds_it(store: Store, why: Why) -> None:
    epoch = store.nodes.register(a_node(cores=8))
    store.limits.set("houdini", 2)
    for number, production in enumerate(("heron", "kite"), 1):
        submit(store, production=production, key=production, layer={"limits": ("houdini",)})
        begin(store, epoch=epoch, layer=f"{number}.1")
    job = submit(store, "1-3", layer={"limits": ("houdini",)})

    assert why(job) == (
        "Job 3: 3 frames wait. "
        "Limit houdini is full: 2 of 2 are in use, by job 1 (1) and job 2 (1)."
    )


def test_a_job_with_all_the_slots_it_may_have_says_so(store: Store, why: Why) -> None:
    epoch = store.nodes.register(a_node(cores=8))
    job = submit(store, "1-5", most_tasks=2)
    for _ in range(2):
        begin(store, epoch=epoch)

    assert why(job) == (
        "Job 1: 2 frames run, 3 wait. Job 1 has as many slots as it may have at once: 2 of 2."
    )


def test_a_group_with_all_the_cores_it_may_have_says_so(store: Store, why: Why) -> None:
    epoch = store.nodes.register(a_node(cores=8))
    submit(store, "1-5", group="sq010/sh020")
    store.groups.set("heron", "sq010", most_cores=2)
    for _ in range(2):
        begin(store, epoch=epoch)
    job = submit(store, "1-4", key="2", group="sq010/sh030")

    assert why(job) == (
        "Job 2: 4 frames wait. Group sq010 has as many cores as it may have at once: 2 of 2."
    )


def test_a_production_at_its_ceiling_says_so(store: Store, why: Why) -> None:
    epoch = store.nodes.register(a_node(cores=8, pool="cpu"))
    job = submit(store, "1-5")
    store.productions.set_share("heron", "cpu", ceiling_cores=1)
    begin(store, epoch=epoch)

    assert why(job) == (
        "Job 1: 1 frame runs, 4 wait. "
        "Production heron has all it may have of pool cpu: 1 of 1 core."
    )


def test_a_job_that_starts_later_says_when(store: Store, why: Why) -> None:
    store.nodes.register(a_node())
    job = submit(store, start_at=time.time() + 2 * 3600 + 330)

    assert why(job) == "Job 1: 10 frames wait. Job 1 starts in 2 h 05 min, as was asked."


def test_a_node_that_is_cleared_for_it_is_told_with_what_still_runs(store: Store, why: Why) -> None:
    a_busy_node(store, cores=2, frames="1-2")
    job = submit(store, "1", key="wide", priority=90, layer={"resources": asks(cores=2)})

    assert why(job) == (
        "Job 2: 1 frame waits. n1 is being cleared for it: 2 slots still run there."
    )
