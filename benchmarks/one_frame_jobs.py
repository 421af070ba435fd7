"""Jobs of one frame, each a lease of its own: the farm's dearest case, against bare Celery.

Every frame costs a submit, a decision, a grant, a message, a start and a settle.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from benchmarks.bare import BareCelery, best_way
from benchmarks.farm import BenchFarm, bench_farm
from benchmarks.table import Report, Row, Target, ratios, run

JOBS, QUICK_JOBS = 2_000, 500
WORKERS = 2  #: as the rival may have
SLOTS = 32  #: of each worker, so that many leases are under way at a time
SUBMITTERS = 4  #: each waits for its answer before it submits the next
REPETITIONS, QUICK_REPETITIONS = 5, 2

#: Whose processes count for which side; all others are idle meanwhile.
_PARTS = {
    "farm": ("submitter", "scheduler", "worker", "store"),
    "bare Celery": ("submitter", "bare", "store"),
}


def measure(quick: bool) -> Report:
    """Jobs of one frame, and as many messages through bare Celery."""
    count = QUICK_JOBS if quick else JOBS
    ours: list[float] = []
    theirs: list[float] = []
    our_cpu: list[dict[str, float]] = []
    their_cpu: list[dict[str, float]] = []
    with bench_farm() as farm:
        way, tried = best_way(farm, count=count)
        farm.start_scheduler()
        for number in range(WORKERS):
            farm.start_worker(f"n{number}", slots=SLOTS)
        bare = BareCelery(farm, way)
        one_frame_each(farm, count // 4)
        for _ in range(QUICK_REPETITIONS if quick else REPETITIONS):
            with _counted(farm, our_cpu, count):
                ours.append(count / one_frame_each(farm, count))
            with _counted(farm, their_cpu, count):
                theirs.append(count / bare.run(count))
    rates = (
        Row(what=f"farm, {WORKERS} workers of {SLOTS} slots", unit="jobs/s", values=tuple(ours)),
        Row(what=f"bare Celery, {way}", unit="frames/s", values=tuple(theirs)),
        Target(
            what="farm / bare Celery",
            unit="x",
            values=ratios(ours, theirs),
            bound=0.7,
            at_least=True,
        ),
    )
    return Report(
        name="one_frame_jobs",
        title=f"{count:,} jobs of one no-op frame, submit to all settled",
        rows=(*rates, *_cpu_rows("farm", our_cpu), *_cpu_rows("bare Celery", their_cpu)),
        notes=tuple(tried),
    )


def one_frame_each(farm: BenchFarm, count: int) -> float:
    """Seconds from the first submit to the last job's end."""
    begun = time.monotonic()
    with ThreadPoolExecutor(SUBMITTERS) as submitters:
        list(submitters.map(farm.submit, ["1"] * count))
    farm.wait_all_ended()
    return time.monotonic() - begun


@contextmanager
def _counted(farm: BenchFarm, into: list[dict[str, float]], count: int) -> Iterator[None]:
    """Note the CPU time in us per frame of each kind of process meanwhile."""
    before = farm.cpu_seconds()
    yield
    after = farm.cpu_seconds()
    used: dict[str, float] = defaultdict(float)
    for name, seconds in after.items():
        used[name.partition("-")[0]] += 1e6 * (seconds - before[name]) / count
    into.append(used)


def _cpu_rows(whose: str, used: list[dict[str, float]]) -> Iterator[Row]:
    parts = _PARTS[whose]
    in_all = tuple(sum(one[part] for part in parts) for one in used)
    yield Row(what=f"{whose}, CPU in all", unit="us/frame", values=in_all)
    for part in parts:
        values = tuple(one[part] for one in used)
        yield Row(what=f"  of it {part.replace('bare', 'worker')}", unit="us/frame", values=values)


if __name__ == "__main__":
    run(measure)
