"""What a scrape of the farm's exporter costs on a full farm, and after very much finished work.

720 nodes in 8 pools, 120 productions, leases on every node, a meter in each; then the same
farm with a million finished jobs behind it, and one of a million frames, by the real steps. Whole
it takes half an hour and 6 GiB of memory.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import psutil
import urllib3

from benchmarks.farm import SMALL, BenchFarm, bench_farm
from benchmarks.store_bytes import CHUNK, LEADER, finish
from benchmarks.table import Report, Row, Target, percentile, run
from farm.model.job import JobSpec, LayerSpec
from farm.model.lease import Grant, Lease, TaskResult
from farm.model.node import NodeHealth, NodeSpec
from farm.model.render import RenderSettings
from farm.model.resources import GIB, Resources
from farm.model.states import JobState, Outcome
from farm.policy.overview import overview
from farm.policy.plan import plan
from farm.store import Store
from farm.store.connection import new_id
from farm.store.dependencies import Links
from farm.store.jobs import KEY_SECONDS
from farm.store.leases import result_words
from farm.store.submitting import job_document
from farm.up.port import HOST, free_port

NODES, POOLS, PRODUCTIONS, LEASES_EACH = 720, 8, 120, 4
NODE = Resources(cores=32, memory_bytes=128 * GIB)
ASKED = Resources(cores=NODE.cores / LEASES_EACH, memory_bytes=20 * GIB)
FRAMES, QUICK_FRAMES = 1_000_000, 20_000  #: of one job, finished
JOBS, QUICK_JOBS = 1_000_000, 1_000  #: of one frame each, finished
SCRAPES, QUICK_SCRAPES = 100, 20
BEAT_EVERY = 10  #: scrapes; else nodes would fall silent
AT_ONCE = 200  #: jobs that are finished side by side
#: Finishes what has ended.
WORKSHOP = NodeSpec(
    name="workshop",
    pool="pool0",
    resources=Resources(cores=AT_ONCE, memory_bytes=AT_ONCE * SMALL.memory_bytes),
)
SCRAPE_MS = 100.0  #: of CPU, the most that one may take
#: The most there may be: 6 of a node, 18 of a production, 120 of a pool, and a few of the farm.
SERIES = 6 * (NODES + 1) + 18 * PRODUCTIONS + 120 * POOLS + 60
MIB, MS = 2**20, 1000.0
_SETTINGS = RenderSettings(scene="/show/shot.blend", output="/show/out_####", extension=".png")


@dataclass(frozen=True, slots=True)
class Seen:
    """Scrapes of one farm, as their asker and the exporter's process see them."""

    wall_ms: list[float]
    cpu_ms: float  #: of the exporter, for one
    store_cpu_ms: float
    series: int
    bytes_: int
    memory_mib: float


def measure(quick: bool) -> Report:
    """Fill a farm, scrape; finish much work, scrape again."""
    scrapes = QUICK_SCRAPES if quick else SCRAPES
    frames, jobs = (QUICK_FRAMES, QUICK_JOBS) if quick else (FRAMES, JOBS)
    with bench_farm() as farm:
        epochs = _fill(farm.store)
        url = _start_exporter(farm)
        look = partial(_scrape, farm, url, epochs, scrapes)
        look()  # imports, connections and the first allocations
        full = look()
        _work(farm, frames, jobs)
        after = look()
        ended = farm.store.usage.now().jobs[JobState.SUCCEEDED]
    return Report(
        name="scrape",
        title=f"{NODES} nodes, {POOLS} pools, {PRODUCTIONS} productions, {scrapes} scrapes",
        rows=(
            *_rows("full farm", full),
            *_rows(f"{frames:,} frames and {ended:,} jobs later", after),
        ),
        notes=("CPU is that of exporter and store together for one scrape, the mean over all",),
    )


def _rows(when: str, seen: Seen) -> tuple[Row, ...]:
    p50, p99 = (percentile(seen.wall_ms, share) for share in (0.5, 0.99))
    used = seen.cpu_ms + seen.store_cpu_ms
    return (
        Target(what=f"{when}: series", unit="series", values=(seen.series,), bound=SERIES),
        Row(what=f"{when}: one scrape", unit="KiB", values=(seen.bytes_ / 1024,)),
        Row(what=f"{when}: median", unit="ms", values=(p50,)),
        Row(what=f"{when}: p99", unit="ms", values=(p99,)),
        Target(what=f"{when}: CPU", unit="ms", values=(used,), bound=SCRAPE_MS),
        Row(what=f"{when}: of that the store's", unit="ms", values=(seen.store_cpu_ms,)),
        Row(what=f"{when}: exporter's memory", unit="MiB", values=(seen.memory_mib,)),
    )


def _fill(store: Store) -> dict[str, int]:
    """Register and book all nodes by the scheduler's own plan; their epochs."""
    epochs = {}
    store.nodes.register(WORKSHOP)
    for number in range(NODES):
        name, pool = f"render-{number:03}", f"pool{number % POOLS}"
        spec = NodeSpec(name=name, pool=pool, resources=NODE, hostname=name, metrics_port=9751)
        epochs[name] = store.nodes.register(spec)
    for number in range(PRODUCTIONS):
        for pool in (f"pool{number % POOLS}", f"pool{(number + 1) % POOLS}"):
            store.jobs.submit(_a_job(number, "1-1000", pool, ASKED), key=new_id())
    while True:
        store.leader.lead(LEADER)
        _beat(store, epochs)
        snapshot = store.leader.snapshot()
        decided = plan(snapshot)
        if not decided.grants:
            break
        for grant, lease, answer in store.leases.grant(decided.grants, leader=LEADER):
            if answer == "granted":
                store.leases.start(lease, node=grant.node, epoch=grant.epoch)
    seen = overview(snapshot, decided)
    store.usage.note_plan(seen, passes={3: 1}, seconds=0.01, leader=LEADER, request=new_id())
    assert all(one.leases for one in store.nodes.list() if one.name != WORKSHOP.name), (
        "a node without a lease"
    )
    return epochs


def _beat(store: Store, epochs: dict[str, int]) -> None:
    now = time.time()
    for name, epoch in epochs.items():
        used = NodeHealth(
            energy_source="model", energy_meter="m1", energy_millijoules=int(now * 100_000)
        )
        store.nodes.heartbeat(name, epoch, used, {})


def _start_exporter(farm: BenchFarm) -> str:
    port = free_port()
    url = f"http://{HOST}:{port}"
    farm.start("exporter", "farm.exporter", "--port", str(port))
    farm.wait_until(lambda: _answers(url), 60)
    return url


def _answers(url: str) -> bool:
    try:
        return urllib3.request("GET", url, timeout=2.0, retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def _scrape(farm: BenchFarm, url: str, epochs: dict[str, int], times: int) -> Seen:
    wall, exporter, store, text = list[float](), 0.0, 0.0, b""
    with urllib3.PoolManager() as pool:
        for first in range(0, times, BEAT_EVERY):
            _beat(farm.store, epochs)
            before = farm.cpu_seconds()
            for _ in range(min(BEAT_EVERY, times - first)):
                began = time.perf_counter()
                text = pool.request("GET", f"{url}/metrics", timeout=10.0, retries=False).data
                wall.append((time.perf_counter() - began) * MS)
            after = farm.cpu_seconds()
            exporter += after["exporter"] - before["exporter"]
            store += after["store"] - before["store"]
    lines = [line for line in text.splitlines() if not line.startswith(b"#")]
    assert b"farm_broker_up 1.0" in lines
    return Seen(
        wall_ms=wall,
        cpu_ms=exporter * MS / times,
        store_cpu_ms=store * MS / times,
        series=len(lines),
        bytes_=len(text),
        memory_mib=psutil.Process(farm.pid_of("exporter")).memory_info().rss / MIB,
    )


def _work(farm: BenchFarm, frames: int, jobs: int) -> None:
    """Finish one long job, and many of one frame, in the productions that there are."""
    store = farm.store
    finish(farm, store.jobs.submit(_ended(f"1-{frames}", 0), key=new_id()), WORKSHOP)
    workshop = _Workshop(store)
    for first in range(0, jobs, AT_ONCE):
        workshop.finish(range(first, min(first + AT_ONCE, jobs)))


class _Workshop:
    """The node that finishes jobs of one frame, many in each round trip."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._epoch = store.nodes.get(WORKSHOP.name).epoch
        #: One for each production that has work in pool 0, so that no series is new.
        self._documents = [
            job_document(_ended("1", number), Links(edges=([],)))
            for number in range(PRODUCTIONS // POOLS)
        ]

    def finish(self, numbers: Iterable[int]) -> None:
        """Submit, grant, start and settle a job for each of `numbers`."""
        store, call_many = self._store, self._store.connection.call_many
        store.nodes.heartbeat(WORKSHOP.name, self._epoch, NodeHealth(), {})
        documents = [self._documents[number % len(self._documents)] for number in numbers]
        made = call_many("farm_submit", [(new_id(), one, KEY_SECONDS) for one in documents])
        wishes = [
            Grant(node=WORKSHOP.name, epoch=self._epoch, layer=f"{job[1]}.1", resources=SMALL)
            for job in made
        ]
        leases = [*self._grant(wishes)]
        starts = [(new_id(), one.id, one.node, one.epoch, 1) for one in leases]
        call_many("farm_start", starts)
        ends = [(new_id(), one.id, one.layer, one.epoch, 1, *_done(one)) for one in leases]
        for reply in call_many("farm_settle", ends):
            assert reply[1:] == [1, 1], reply  # one result, and it was applied

    def _grant(self, wishes: list[Grant]) -> Iterator[Lease]:
        """A lease for each of `wishes`; a machine that stalls meanwhile has lost the lead."""
        of_any = partial(Lease, job="", spec=_ended("1", 0).layers[0])
        while wishes:
            self._store.leader.lead(LEADER)
            answers = self._store.leases.grant(wishes, leader=LEADER)
            assert {answer for *_, answer in answers} <= {"granted", "not leader"}, answers[-1]
            for grant, lease, answer in answers:
                if answer == "granted":
                    yield of_any(id=lease, node=grant.node, epoch=grant.epoch, layer=grant.layer)
            wishes = [grant for grant, _, answer in answers if answer != "granted"]


def _done(lease: Lease) -> list[str | int]:
    """The words by which the job's frame has succeeded at its first attempt."""
    told = TaskResult(
        index=0,
        attempt=1,
        outcome=Outcome.SUCCEEDED,
        started_at=time.time(),
        elapsed_seconds=1.0,
        peak_memory_bytes=GIB,
        image_bytes=GIB,
    )
    return result_words(lease, told)


def _ended(frames: str, number: int) -> JobSpec:
    """A job of one of the productions that the farm works for anyway."""
    # Each of them has work in pool 0, so that no series is new.
    production = number * POOLS % PRODUCTIONS
    return _a_job(production, frames, WORKSHOP.pool, SMALL, CHUNK)


def _a_job(
    production: int, frames: str, pool: str, resources: Resources, chunk: int = 0
) -> JobSpec:
    layer = LayerSpec(
        name="render",
        frames=frames,
        settings=_SETTINGS,
        resources=resources,
        pool=pool,
        chunk=chunk,
    )
    return JobSpec(production=f"show{production:03}", name="shot", layers=(layer,))


if __name__ == "__main__":
    run(measure)
