"""Jobs of one frame, each a lease of its own: the farm's dearest case, against bare Celery.

Every frame costs a submit, a decision, a grant, a message, a start and a settle.
"""

import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks.bare import BareCelery, best_way
from benchmarks.farm import BenchFarm, bench_farm
from benchmarks.table import Report, Row, Target, ratios, run

JOBS, QUICK_JOBS = 2_000, 500
SLOTS = 64  #: as many leases are under way at a time; a farm of one machine would have few
SUBMITTERS = 4  #: each waits for its answer before it submits the next
REPETITIONS, QUICK_REPETITIONS = 5, 2


def measure(quick: bool) -> Report:
    """Jobs submitted one by one, and as many messages through bare Celery."""
    count = QUICK_JOBS if quick else JOBS
    ours: list[float] = []
    theirs: list[float] = []
    with bench_farm() as farm:
        way, tried = best_way(farm, count=count)
        farm.start_scheduler()
        farm.start_worker(slots=SLOTS)
        bare = BareCelery(farm, way)
        one_frame_each(farm, count // 4)
        for _ in range(QUICK_REPETITIONS if quick else REPETITIONS):
            ours.append(count / one_frame_each(farm, count))
            theirs.append(count / bare.run(count))
    return Report(
        name="one_frame_jobs",
        title=f"{count:,} jobs of one no-op frame, submit to all settled",
        rows=(
            Row(what=f"farm, 1 worker with {SLOTS} slots", unit="jobs/s", values=tuple(ours)),
            Row(what=f"bare Celery, {way}", unit="frames/s", values=tuple(theirs)),
            Target(
                what="farm / bare Celery",
                unit="x",
                values=ratios(ours, theirs),
                bound=0.7,
                at_least=True,
            ),
        ),
        notes=tuple(tried),
    )


def one_frame_each(farm: BenchFarm, count: int) -> float:
    """Seconds from the first submit to the last job's end."""
    begun = time.monotonic()
    with ThreadPoolExecutor(SUBMITTERS) as submitters:
        list(submitters.map(farm.submit, ["1"] * count))
    farm.wait_all_ended()
    return time.monotonic() - begun


if __name__ == "__main__":
    run(measure)
