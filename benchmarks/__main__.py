"""Run all benchmarks, one after the other: `python -m benchmarks [--quick] [--json]`."""

from benchmarks import (
    centre,
    cli_start,
    film,
    first_start,
    frames,
    gap,
    hashing,
    one_frame_jobs,
    plan,
    report,
    scrape,
    second_submit,
    service_memory,
    steering,
    store_bytes,
    week,
    why,
)
from benchmarks.table import run

if __name__ == "__main__":
    run(
        frames.measure,
        one_frame_jobs.measure,
        gap.measure,
        plan.measure,
        first_start.measure,
        store_bytes.measure,
        film.measure_light,
        film.measure_demo,
        steering.measure,
        hashing.measure,
        second_submit.measure,
        service_memory.measure,
        cli_start.measure,
        centre.measure,
        why.measure,
        week.measure,
        report.measure,
        scrape.measure,
    )
