"""Short frames end to end, submit to all settled: the farm against bare, tuned Celery."""

from benchmarks.bare import BareCelery, best_way
from benchmarks.farm import BenchFarm, bench_farm
from benchmarks.table import Report, Row, Target, ratios, run

FRAMES, QUICK_FRAMES = 20_000, 4_000
SLOTS = 2
REPETITIONS, QUICK_REPETITIONS = 5, 2


def measure(quick: bool) -> Report:
    """A job of many frames through one worker, and as many messages through bare Celery."""
    count = QUICK_FRAMES if quick else FRAMES
    repetitions = QUICK_REPETITIONS if quick else REPETITIONS
    with bench_farm() as farm:
        way, tried = best_way(farm, count=count // 4)
        farm.start_scheduler()
        farm.start_worker(slots=SLOTS)
        ours, theirs = in_turn(farm, BareCelery(farm, way), count, repetitions)
    return Report(
        name="frames",
        title=f"{count:,} no-op frames, submit to all settled",
        rows=(
            Row(what=f"farm, 1 worker with {SLOTS} slots", unit="frames/s", values=ours),
            Row(what=f"bare Celery, {way}", unit="frames/s", values=theirs),
            Target(
                what="farm / bare Celery",
                unit="x",
                values=ratios(ours, theirs),
                bound=5.0,
                at_least=True,
            ),
        ),
        notes=tuple(tried),
    )


def in_turn(
    farm: BenchFarm, bare: BareCelery, count: int, repetitions: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Frames per second of farm and rival, one after the other, again and again."""
    farm.run_frames(f"1-{count}")  # connections, imports, the processor's clock
    ours, theirs = [], []
    for _ in range(repetitions):
        ours.append(count / farm.run_frames(f"1-{count}"))
        theirs.append(count / bare.run(count))
    return tuple(ours), tuple(theirs)


if __name__ == "__main__":
    run(measure)
