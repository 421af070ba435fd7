"""Why it waits: situations on a real store, each with the whole sentence that is told."""

from collections.abc import Callable

from farm.model.node import NodeHealth
from farm.model.resources import GIB
from farm.model.states import Outcome
from farm.store import Store
from tests.makers import a_chain, a_grant, a_node, begin, finish, grant, result
from tests.makers import some_resources as asks
from tests.store.service.asking import a_busy_node, submit

Why = Callable[..., str]


def test_a_job_with_room_is_next_in_line(store: Store, why: Why) -> None:
    store.nodes.register(a_node())

    assert why(submit(store, "1-4")) == (
        "Job 1: 4 frames wait. Nothing is wrong: it is next in line."
    )


def test_a_granted_job_begins_in_a_moment(store: Store, why: Why) -> None:
    epoch = store.nodes.register(a_node())
    job = submit(store, "1")
    grant(store, a_grant(epoch=epoch))

    assert why(job) == ("Job 1: 1 frame waits. A node was told to start it: it begins in a moment.")


def test_a_job_on_a_full_farm_has_its_turn_next(store: Store, why: Why) -> None:
    a_busy_node(store)

    assert why(submit(store, "1-4", production="kite")) == (
        "Job 2: 4 frames wait. "
        "Its turn has come: it starts as soon as 1 core and 1 GiB are free on a node."
    )


def test_a_job_behind_others_of_its_production_is_told_how_many(store: Store, why: Why) -> None:
    a_busy_node(store)
    job = submit(store, "1-4", priority=10)

    assert why(job) == ("Job 2: 4 frames wait. 99 frames of production heron come first.")


def test_a_production_that_has_its_share_waits_for_the_others(store: Store, why: Why) -> None:
    a_busy_node(store, cores=2, frames="1-2")
    submit(store, "1-4", key="other", production="kite")
    job = submit(store, "1-4", priority=60)

    assert why(job) == (
        "Job 3: 4 frames wait. Production heron has 2 cores of the farm, and is due 1: "
        "others come first."
    )


def test_a_slot_that_is_called_back_is_on_its_way(store: Store, why: Why) -> None:
    a_busy_node(store, cores=2, frames="1-2")
    job = submit(store, "1-2", priority=70)

    assert why(job) == (
        "Job 2: 2 frames wait. "
        "Room for it is on its way: a slot is handed over when its frame is done."
    )


def test_what_no_node_can_hold_is_told_with_both_sizes(store: Store, why: Why) -> None:
    store.nodes.register(a_node(cores=4, memory_gib=16))
    wide = submit(store, layer={"resources": asks(cores=64)})
    deep = submit(store, key="2", layer={"resources": asks(memory_bytes=256 * GIB)})

    assert why(wide) == (
        "Job 1: 10 frames wait. No node can ever hold it: "
        "it asks for 64 cores, and the largest node has 4 cores."
    )
    assert why(deep) == (
        "Job 2: 10 frames wait. No node can ever hold it: "
        "it asks for 256 GiB of memory, and the largest node has 16 GiB."
    )


def test_what_needs_a_blender_that_no_node_has_says_so(store: Store, why: Why) -> None:
    store.nodes.register(a_node(blenders=("4.5.15",)))
    job = submit(store, layer={"blender": "4.2"})

    assert why(job) == ("Job 1: 10 frames wait. No node can ever hold it: no node has Blender 4.2.")


def test_what_needs_a_tag_that_no_node_has_says_so(store: Store, why: Why) -> None:
    store.nodes.register(a_node(tags=("avx512",)))
    job = submit(store, layer={"tags": ("avx512", "bigdisk")})

    assert why(job) == (
        "Job 1: 10 frames wait. No node can ever hold it: no node has the tags avx512 and bigdisk."
    )


def test_what_asks_for_a_pool_without_nodes_says_so(store: Store, why: Why) -> None:
    store.nodes.register(a_node())
    job = submit(store, layer={"pool": "gpu"})

    assert why(job) == ("Job 1: 10 frames wait. No node of pool gpu is online.")


def test_nodes_that_take_no_work_are_told_with_what_is_wrong(store: Store, why: Why) -> None:
    for name in ("n1", "n2", "n3"):
        epoch = store.nodes.register(a_node(name))
        if name == "n1":
            store.nodes.leave(name, epoch)
        if name == "n2":
            store.nodes.drain(name, "new memory")
        if name == "n3":
            full = NodeHealth(unfit="the disk of /scratch is full")
            store.nodes.heartbeat(name, epoch, full, {})

    assert why(submit(store)) == (
        "Job 1: 10 frames wait. The nodes that could hold it take no work: n1 is offline; "
        "n2 is draining: new memory; n3 is unfit: the disk of /scratch is full."
    )


def test_a_paused_job_is_told_by_whom(store: Store, why: Why) -> None:
    job = submit(store)
    store.jobs.pause(job, by="anna")

    assert why(job) == (
        "Job 1: 10 frames wait. Job 1 was paused by anna … s ago; go on: farm jobs resume 1."
    )


def test_a_layer_waits_for_the_one_before_it(store: Store, why: Why) -> None:
    epoch = store.nodes.register(a_node())
    job = store.jobs.submit(a_chain("1-4", "1-8"), key="k")
    lease, tasks = begin(store, epoch=epoch)
    store.leases.settle(lease, [result(tasks[0])], want=0)

    assert why(job, layer="b") == (
        "Job 1: 8 frames wait. It waits for layer a: 1 of 4 frames are done."
    )
    assert why(job, frame=7) == "Frame 7 waits. It waits for layer a: 1 of 4 frames are done."


def test_without_a_scheduler_nothing_is_started(store: Store, why: Why) -> None:
    store.nodes.register(a_node())
    job = submit(store)

    assert why(job, leads=False) == (
        "Job 1: 10 frames wait. No scheduler leads, so nothing is started: "
        "an operator has to start one (farm scheduler)."
    )


def test_a_retry_waits_for_a_node_that_it_has_not_failed_on(store: Store, why: Why) -> None:
    epoch = store.nodes.register(a_node(cores=2))
    a_busy_node(store, "n2", frames="1")
    job = submit(store, "1", key="picky")
    lease, tasks = begin(store, epoch=epoch, layer=f"{job}.1")
    store.leases.settle(lease, [result(tasks[0], Outcome.FAILED)], want=0)

    assert why(job) == (
        "Job 2: 1 frame waits. It failed on n1, and no other node has room: "
        "it waits for another one."
    )


def test_a_running_frame_is_told_with_its_node(store: Store, why: Why) -> None:
    epoch = store.nodes.register(a_node())
    job = submit(store, "1-2")
    lease, tasks = begin(store, epoch=epoch)
    progress = {lease.id: f"{tasks[0].index}:{tasks[0].attempt} sample 12 of 64"}
    store.nodes.heartbeat("n1", epoch, NodeHealth(), progress)

    assert why(job, frame=1) == "Frame 1 runs on n1 for … s, sample 12 of 64."
    assert why(job).startswith("Job 1: 1 frame runs, 1 waits. ")


def test_a_frame_that_is_done_says_where(store: Store, why: Why) -> None:
    store.nodes.register(a_node())
    job = submit(store, "1-2")
    finish(store, "1.1")

    assert why(job, frame=1) == "Frame 1 is done: n1 made it in … s."
    assert why(job) == "Job 1 is done: all 2 frames."


def test_a_failed_frame_says_why(store: Store, why: Why) -> None:
    store.nodes.register(a_node())
    job = submit(store, "1-2")
    finish(store, "1.1", outcome=Outcome.FAILED)

    assert why(job, frame=2) == "Frame 2 failed in 1 attempt, the last on n1: it broke."
    assert why(job) == "Job 1 failed with 2 of 2 frames: it broke."


def test_a_cancelled_job_says_how_to_go_on(store: Store, why: Why) -> None:
    job = submit(store)
    store.jobs.cancel(job)

    assert why(job) == (
        "Job 1 was cancelled when 0 of 10 frames were done; take it up again: farm jobs retry 1."
    )
    assert why(job, frame=3) == ("Frame 3 was cancelled; render it: farm jobs retry 1 --frames 3.")
