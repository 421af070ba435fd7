"""Why it waits, asked on a full centre: 1,553 nodes, a million frames stored, a hundred askers.

The nodes are a large centre's mix: 246 of 128 cores, 303 of 32, 1,004 of 16. The farm is filled by
the scheduler's own plan; then questions come one after another, and from many at once.
"""

import threading
import time
from collections.abc import Callable
from functools import partial

from benchmarks.farm import bench_farm
from benchmarks.table import Report, Row, Target, percentile, run
from farm.client import Client
from farm.model.job import JobSpec, LayerSpec
from farm.model.node import NodeSpec
from farm.model.render import RenderSettings
from farm.model.resources import GIB, Resources
from farm.policy.plan import plan
from farm.store import Store

NODES = ((246, 128, 512), (303, 32, 128), (1004, 16, 64))  # how many, cores, GiB
QUICK_NODES = ((25, 128, 512), (30, 32, 128), (100, 16, 64))
JOBS, QUICK_JOBS = 1000, 100
FRAMES = 1000  #: of a job
PRODUCTIONS = 20
ASKS = ((1, 0.5), (2, 1.4), (4, 6.4), (8, 27.3))  # cores, GiB: the commonest of real frames
ASKERS, QUESTIONS = 8, 100
LEADER = "bench"
MS = 1000.0


def measure(quick: bool) -> Report:
    """Fill a farm, then ask it why."""
    nodes, jobs = (QUICK_NODES, QUICK_JOBS) if quick else (NODES, JOBS)
    with bench_farm() as farm:
        store = farm.store
        _fill(store, nodes, jobs)
        url = farm.start_service()
        client = Client(url)
        ids = [str(1 + number * 37 % jobs) for number in range(ASKERS * QUESTIONS)]
        first = _timed(lambda: client.why(ids[0]))
        store.leader.lead(LEADER)
        alone = [_timed(partial(client.why, job)) for job in ids]
        many = _at_once(url, ids)
        whole = [_timed(client.what_waits) for _ in range(5)]
        listed = [_timed(lambda: client.jobs(limit=100)) for _ in range(20)]
        client.close()
    return Report(
        name="why",
        title=f"{sum(n for n, *_ in nodes):,} nodes, {jobs * FRAMES:,} frames",
        rows=(
            Row(what="first question, nothing kept", unit="ms", values=(first,)),
            Row(what="one asker, median", unit="ms", values=(percentile(alone, 0.5),)),
            Target(what="one asker, p99", unit="ms", values=(percentile(alone, 0.99),), bound=50),
            Row(what="eight askers, median", unit="ms", values=(percentile(many, 0.5),)),
            Row(what="eight askers, p99", unit="ms", values=(percentile(many, 0.99),)),
            Row(what="100 jobs listed, median", unit="ms", values=(percentile(listed, 0.5),)),
            Row(what="all reasons, median", unit="ms", values=(percentile(whole, 0.5),)),
        ),
    )


def _fill(store: Store, nodes: tuple[tuple[int, int, int], ...], jobs: int) -> None:
    number = 0
    for count, cores, memory_gib in nodes:
        for _ in range(count):
            number += 1
            has = Resources(cores=cores, memory_bytes=memory_gib * GIB)
            store.nodes.register(NodeSpec(name=f"n{number:04}", resources=has))
    settings = RenderSettings(scene="/show/shot.blend", output="/show/out_####", extension=".png")
    for job in range(jobs):
        asked, gib = ASKS[job % len(ASKS)]
        layer = LayerSpec(
            name="render",
            frames=f"1-{FRAMES}",
            settings=settings,
            resources=Resources(cores=asked, memory_bytes=int(gib * GIB)),
        )
        name = f"show{job % PRODUCTIONS:02}"
        spec = JobSpec(production=name, name="shot", layers=(layer,), priority=40 + job % 20)
        store.jobs.submit(spec, key=str(job))
    while True:
        store.leader.lead(LEADER)
        decided = plan(store.leader.snapshot(layers_per_production=512))
        if not decided.grants:
            return
        for grant, lease, answer in store.leases.grant(decided.grants, leader=LEADER):
            if answer == "granted":
                store.leases.start(lease, node=grant.node, epoch=grant.epoch)


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * MS


def _at_once(url: str, ids: list[str]) -> list[float]:
    """The times of questions that several ask at once."""
    times: list[float] = []

    def ask(mine: list[str]) -> None:
        client = Client(url)
        times.extend([_timed(partial(client.why, job)) for job in mine])
        client.close()

    threads = [threading.Thread(target=ask, args=(ids[n::ASKERS],)) for n in range(ASKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


if __name__ == "__main__":
    run(measure)
