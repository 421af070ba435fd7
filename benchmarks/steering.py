"""How soon each verb of control is seen to act on a job that real Blenders render.

From the call over HTTP to the effect. What acts at a frame's boundary is timed from there.
"""

import sys
from collections.abc import Callable, Sequence

from benchmarks import steering_farm, steering_jobs
from benchmarks.steering_stage import Stage, Timing, a_stage
from benchmarks.table import Report, Row, Target, run

TIMES, SLOW_TIMES = 5, 2
Verb = Callable[[Stage], Sequence[Timing]]


def measure(quick: bool) -> Report:
    """Every verb in turn, over and over."""
    found: dict[str, list[Timing]] = {}
    verbs: tuple[Verb, ...] = (*steering_jobs.VERBS, *steering_farm.VERBS)
    turns = [verbs] if quick else [verbs] * TIMES + [steering_farm.SLOW_VERBS] * SLOW_TIMES
    with a_stage() as stage:
        for turn in turns:
            for verb in turn:
                for timing in verb(stage):
                    sys.stderr.write(f"  {timing.what} {1000 * timing.seconds:.0f} ms\n")
                    found.setdefault(timing.what, []).append(timing)
                stage.clear()
        breaches = stage.store.audit()
    title = "verbs on running jobs, from the call to the effect, or from a frame's end (boundary +)"
    audit = f"audit {'clean' if not breaches else breaches[:3]}"
    rows = tuple(_row(what, timings) for what, timings in found.items())
    return Report(name="steering", title=title, rows=rows, notes=(audit,))


def _row(what: str, timings: Sequence[Timing]) -> Row:
    values = tuple(1000 * one.seconds for one in timings)
    bound = timings[0].bound
    if bound is None:
        return Row(what=what, unit="ms", values=values)
    return Target(what=what, unit="ms", values=values, bound=1000 * bound)


if __name__ == "__main__":
    run(measure)
