"""The gap on a busy slot: from the end of one task to the start of the next, one task per call."""

import os
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

from benchmarks.farm import BenchFarm, bench_farm
from benchmarks.noop import PLAY, RECORD
from benchmarks.table import Report, Row, Target, Values, percentile, run

PLAY_SECONDS = 0.02
SLOTS = 2
TASKS, QUICK_TASKS = 2_000, 300
REPETITIONS, QUICK_REPETITIONS = 5, 2


def measure(quick: bool) -> Report:
    """Tasks that sleep, taken one by one by the slots of one worker."""
    tasks = QUICK_TASKS if quick else TASKS
    repetitions = QUICK_REPETITIONS if quick else REPETITIONS
    with bench_farm() as farm:
        farm.start_scheduler()
        record = farm.folder / "record"
        environment = {PLAY: str(PLAY_SECONDS), RECORD: str(record)}
        farm.start_worker(slots=SLOTS, environment=environment)
        found = [_gaps(farm, record, tasks) for _ in range(repetitions)]
    return Report(
        name="gap",
        title=f"{tasks:,} tasks of {1000 * PLAY_SECONDS:g} ms on {SLOTS} slots, one per call",
        rows=(
            Target(what="gap, median", unit="ms", values=_at(found, 0.5), bound=2.0),
            Row(what="gap, p90", unit="ms", values=_at(found, 0.9)),
            Target(what="gap, p99", unit="ms", values=_at(found, 0.99), bound=20.0),
            Row(what="gap, longest", unit="ms", values=_at(found, 1.0)),
        ),
    )


def _at(found: list[list[float]], share: float) -> Values:
    return tuple(1000 * percentile(gaps, share) for gaps in found)


def _gaps(farm: BenchFarm, record: Path, tasks: int) -> list[float]:
    """Seconds between two tasks of one slot, for all of them."""
    os.truncate(record, 0)
    farm.run_frames(f"1-{tasks}", chunk=1)
    slots = defaultdict(list)
    with record.open(encoding="ascii") as lines:
        for line in lines:
            thread, begun, ended, *_ = map(int, line.split())
            slots[thread].append((begun, ended))
    return [
        (after[0] - before[1]) / 1e9
        for played in slots.values()
        for before, after in pairwise(sorted(played))
    ]


if __name__ == "__main__":
    run(measure)
