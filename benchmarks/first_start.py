"""From submit to the start of the first frame on an idle farm, by the store and by the service."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.farm import BenchFarm, bench_farm
from benchmarks.noop import RECORD
from benchmarks.scenes import make_light_scene
from benchmarks.table import Report, Row, Target, percentile, run
from farm.client import Client

TIMES, QUICK_TIMES = 30, 10
PAUSE_SECONDS = 0.3  #: the farm is idle again, and the waits are not in step with its ticks


def measure(quick: bool) -> Report:
    """Jobs of one frame, one at a time; the renderer notes when it is called."""
    times = QUICK_TIMES if quick else TIMES
    with bench_farm() as farm:
        record = farm.folder / "record"
        scene = farm.folder / "light.blend"
        make_light_scene(scene, 1)
        farm.start_scheduler()
        farm.start_worker(slots=2, environment={RECORD: str(record)})
        client = Client(farm.start_service())
        by_store = _many(farm, record, lambda: farm.submit("1"), times)
        asked = {"scene": str(scene), "frames": "1", "production": "bench"}
        by_service = _many(farm, record, lambda: str(client.submit(asked)["id"]), times)
        client.close()
    return Report(
        name="first_start",
        title=f"submit to the first frame's start, idle farm, {times} times",
        rows=(*_rows("by the store", by_store), *_rows("by the service", by_service)),
        notes=("a row's spread is over the single submits",),
    )


def _rows(how: str, waits: list[float]) -> tuple[Row, ...]:
    values = tuple(1000 * wait for wait in waits)
    p99 = (percentile(values, 0.99),)
    return (
        Target(what=f"{how}, median", unit="ms", values=values, bound=200.0),
        Target(what=f"{how}, p99", unit="ms", values=p99, bound=200.0),
    )


def _many(farm: BenchFarm, record: Path, submit: Callable[[], str], times: int) -> list[float]:
    """Seconds to the first start, `times` times; the very first, cold one is not counted."""
    return [_once(farm, record, submit, number) for number in range(times + 1)][1:]


def _once(farm: BenchFarm, record: Path, submit: Callable[[], str], number: int) -> float:
    os.truncate(record, 0)
    time.sleep(PAUSE_SECONDS + number % 7 * 0.1)
    begun = time.monotonic_ns()
    job = submit()
    farm.wait_all_ended()
    # The monotonic clock is one for all processes of a machine.
    lines = [line.split() for line in record.read_text("ascii").splitlines()]
    return next((int(start) - begun) / 1e9 for _, start, _, of, _ in lines if of == job)


if __name__ == "__main__":
    run(measure)
