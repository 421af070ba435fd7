"""What a million frames cost in the store, waiting and finished, and what questions cost then.

The frames are finished by the real steps: registered node, granted lease, settle after settle.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.farm import SMALL, BenchFarm, a_job, bench_farm
from benchmarks.table import Report, Row, Target, percentile, run
from farm.model.frames import MAX_TASKS
from farm.model.lease import Grant, Lease, TaskInHand, TaskResult
from farm.model.node import NodeHealth, NodeSpec
from farm.model.resources import GIB, Resources
from farm.model.states import Outcome, TaskState
from farm.store import Store
from farm.store.connection import new_id

FRAMES, QUICK_FRAMES = MAX_TASKS, 100_000
CHUNK = 512
JOBS = 1000  #: to see what a job costs, however long it is
BEAT_SECONDS = 2.0
QUESTIONS, QUICK_QUESTIONS = 200, 50
LEADER = "benchmark"
NODE = NodeSpec(name="n1", resources=Resources(cores=1, memory_bytes=GIB))


def measure(quick: bool) -> Report:
    """One job of a million frames: submitted, looked at, finished, looked at again."""
    count = QUICK_FRAMES if quick else FRAMES
    times = QUICK_QUESTIONS if quick else QUESTIONS
    with bench_farm() as farm:
        store = farm.store
        submits = [_submit(store, count) for _ in range(3)]
        before = _used(store)
        for _ in range(JOBS):
            store.jobs.submit(a_job("1"), key=new_id())
        small = (_used(store) - before) / JOBS
        before = _used(store)
        job = store.jobs.submit(a_job(f"1-{count}", chunk=CHUNK), key=new_id())
        waiting = _used(store) - before
        waiting_keys = _keys_bytes(store, job)
        asked_waiting = _questions(store, job, count, times)
        seconds = finish(farm, job, NODE)
        finished_keys = _keys_bytes(store, job)
        finished = _used(store) - before
        asked_finished = _questions(store, job, count, times)
    rows = (
        _per_frame("waiting frame, the job's keys", waiting_keys, count, 10),
        _per_frame("waiting frame, all the server's memory", waiting, count, 10),
        _per_frame("finished frame, the job's keys", finished_keys, count, 40),
        _per_frame("finished frame, all, with the log of facts", finished, count, 40),
        Row(what="waiting job of one frame, all", unit="bytes", values=(small,)),
        Target(what="submit", unit="s", values=tuple(submits), bound=1.0),
        Row(what="settle by the real steps", unit="frames/s", values=(count / seconds,)),
        *_asked("waiting", asked_waiting),
        *_asked("finished", asked_finished),
    )
    return Report(
        name="store_bytes",
        title=f"a job of {count:,} frames, waiting and finished",
        rows=rows,
        notes=("a question's figure is its p99 over all times it was asked",),
    )


def _per_frame(what: str, total: float, count: int, bound: float) -> Target:
    return Target(what=what, unit="bytes", values=(total / count,), bound=bound)


def _asked(when: str, found: dict[str, list[float]]) -> Iterator[Target]:
    for what, seconds in found.items():
        p99 = (1000 * percentile(seconds, 0.99),)
        yield Target(what=f"{what}, {when}, p99", unit="ms", values=p99, bound=50.0)


def _submit(store: Store, count: int) -> float:
    """Seconds to submit; the job is cancelled again, and weighs on nothing below."""
    begun = time.monotonic()
    job = store.jobs.submit(a_job(f"1-{count}"), key=new_id())
    seconds = time.monotonic() - begun
    store.jobs.cancel(job)
    return seconds


def _used(store: Store) -> int:
    return int(store.connection.client.info("memory")["used_memory"])


def _keys_bytes(store: Store, job: str) -> int:
    """MEMORY USAGE of the job's own keys."""
    client = store.connection.client
    found = [*client.scan_iter(match=f"*:job:{job}"), *client.scan_iter(match=f"*:layer:{job}.*")]
    return sum(int(client.memory_usage(key, samples=0) or 0) for key in found)


def finish(farm: BenchFarm, job: str, spec: NodeSpec) -> float:
    """Finish a job of one layer through one lease of the node `spec`, in large chunks; seconds."""
    store = farm.store
    epoch = store.nodes.register(spec)
    store.leader.lead(LEADER)
    wish = Grant(node=spec.name, epoch=epoch, layer=f"{job}.1", resources=SMALL)
    [(_, lease_id, answer)] = store.leases.grant([wish], leader=LEADER)
    assert answer == "granted", answer
    lease, tasks = store.leases.start(lease_id, node=spec.name, epoch=epoch)
    begun = beaten = time.monotonic()
    while tasks:
        tasks = settle(store, lease, tasks)
        if time.monotonic() - beaten > BEAT_SECONDS:
            beaten = time.monotonic()
            store.nodes.heartbeat(spec.name, epoch, NodeHealth(), {})
    return time.monotonic() - begun


def settle(store: Store, lease: Lease, tasks: tuple[TaskInHand, ...]) -> tuple[TaskInHand, ...]:
    """Tell that `tasks` have succeeded; the next ones."""
    now = time.time()
    results = [
        TaskResult(
            index=task.index,
            attempt=task.attempt,
            outcome=Outcome.SUCCEEDED,
            started_at=now,
            elapsed_seconds=1.0,
            peak_memory_bytes=GIB,
            image_bytes=GIB,
        )
        for task in tasks
    ]
    return store.leases.settle(lease, results, want=CHUNK).tasks


def _questions(store: Store, job: str, count: int, times: int) -> dict[str, list[float]]:
    """Seconds of each answer, asked all over the job."""
    found: dict[str, list[float]] = {}
    for number in range(times):
        at = number * (count - 1) // times
        succeeded = partial(store.tasks.list, job, first=at, states={TaskState.SUCCEEDED})
        asked: dict[str, Callable[[], object]] = {
            "jobs": partial(store.jobs.list, limit=100),
            "job": partial(store.jobs.get, job),
            "1,000 frames": partial(store.tasks.list, job, first=at),
            "1,000 succeeded frames": succeeded,
            "one frame": partial(store.tasks.get, job, at + 1),
        }
        for what, ask in asked.items():
            begun = time.monotonic()
            ask()
            found.setdefault(what, []).append(time.monotonic() - begun)
    return found


if __name__ == "__main__":
    run(measure)
