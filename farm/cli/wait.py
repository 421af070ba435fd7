"""Waiting for a job: live on a terminal, a line now and then elsewhere, patient with restarts."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from farm.cli import errors
from farm.cli.output import between, message
from farm.model.sizes import format_span
from farm.model.states import JobState

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from farm.client import Job, Progress
    from farm.model.job import TaskCounts

_LINE_SECONDS = (2.0, 60.0)  # between two lines off a terminal, at first and at last
_CODES = {
    JobState.SUCCEEDED: errors.OK,
    JobState.FAILED: errors.JOB_FAILED,
    JobState.CANCELLED: errors.JOB_CANCELLED,
}


def wait_for(job: "Job", *, timeout_seconds: float | None = None) -> int:
    """Wait until `job` ends, showing its progress on stderr; the exit status it asks for.

    Raises NotFound, and ServiceUnavailable when the farm stays away for two minutes.
    """
    deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    try:
        with shown() as show:
            for progress in job.watch():
                show(progress)
                if progress.is_over:
                    return status_of(progress.state)
                if deadline is not None and time.monotonic() >= deadline:
                    message(f"farm: job {job.id} goes on; {timeout_seconds:g} s are over")
                    return errors.TIMEOUT
    except KeyboardInterrupt:
        message(
            f"farm: stopped waiting; job {job.id} goes on. "
            f"Look again: farm jobs wait {job.id}; end it: farm jobs cancel {job.id}"
        )
        return errors.INTERRUPTED
    raise AssertionError("watching a job ends with its end")


def status_of(state: JobState) -> int:
    """The exit status for a job that ended so."""
    return _CODES[state]


@contextmanager
def shown() -> Iterator[Callable[["Progress"], None]]:
    """A function that shows progress, in the way that fits where stderr goes."""
    if not sys.stderr.isatty():
        yield Lines().show
        return
    from farm.cli.transfer import new_bar

    with new_bar() as bar:
        yield JobBar(bar).show


class JobBar:
    """How many of a job's frames are done."""

    def __init__(self, bar: "Bar") -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None, words="")

    def show(self, progress: "Progress") -> None:
        self._bar.update(
            self._task,
            description=f"job {progress.job}",
            total=progress.counts.total,
            completed=progress.counts.done,
            words=words(progress),
        )


class Lines:
    """A line when something changed, the more rarely the longer it takes already."""

    def __init__(self) -> None:
        self._shown = ""
        self._began = time.monotonic()
        self._next = self._began

    def show(self, progress: "Progress") -> None:
        ended = progress.is_over
        now = time.monotonic()
        due = now >= self._next
        line = words(progress)
        if line != self._shown and (due or ended):
            message(f"job {progress.job}: {line}")
            soonest, latest = _LINE_SECONDS
            self._next = now + min(latest, max(soonest, (now - self._began) / 10))
            self._shown = line


def words(progress: "Progress") -> str:
    """`12/24 done, 2 running, 1 failed, 8.0 frames/min, 1 min 30 s left`."""
    counts = progress.counts
    said = [f"{counts.done}/{counts.total} done"]
    said += [f"{number} {word}" for number, word in _rest(counts) if number]
    if progress.state is not JobState.ACTIVE:
        said.append(progress.state)
    elif progress.eta_seconds is not None:
        said.append(f"{progress.frames_per_minute:.1f} frames/min")
        said.append(f"{left(progress)} left")
    elif not counts.running:
        said.append("waiting for a slot")
    return ", ".join(said)


def left(progress: "Progress") -> str:
    """`1 min 30 s`, or `1 min 10 s to 2 min 05 s` where it is told how sure that is."""
    early, late = progress.eta_early_seconds, progress.eta_late_seconds
    if early is None or late is None:
        return format_span(progress.eta_seconds or 0.0)
    return between(early, late)


def _rest(counts: "TaskCounts") -> tuple[tuple[int, str], ...]:
    return (
        (counts.running, "running"),
        (counts.failed, "failed"),
        (counts.skipped, "skipped"),
    )
