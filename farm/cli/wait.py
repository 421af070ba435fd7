"""Waiting for a job: live on a terminal, a line now and then elsewhere, patient with restarts."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from farm.cli import errors
from farm.cli.output import message
from farm.model.errors import ServiceUnavailable, StoreUnavailable
from farm.model.sizes import format_span
from farm.model.states import OPEN_JOB_STATES, JobState

if TYPE_CHECKING:
    from farm.client import Client

Progress = dict[str, Any]

_POLL_SECONDS = 0.5
_PATIENCE_SECONDS = 120.0  # a service or store that restarts is back long before
_LINE_SECONDS = (2.0, 60.0)  # between two lines off a terminal, at first and at last
_CODES = {
    JobState.SUCCEEDED: errors.OK,
    JobState.FAILED: errors.JOB_FAILED,
    JobState.CANCELLED: errors.JOB_CANCELLED,
}


def wait_for(client: "Client", job: str, *, timeout_seconds: float | None = None) -> int:
    """Wait until `job` ends, showing its progress on stderr; the exit status it asks for.

    Raises NotFound, and ServiceUnavailable when the farm stays away for two minutes.
    """
    deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    try:
        with _shown() as show:
            for progress in _follow(client, job):
                show(progress)
                if progress["state"] not in OPEN_JOB_STATES:
                    return _CODES[JobState(progress["state"])]
                if deadline is not None and time.monotonic() >= deadline:
                    message(f"farm: job {job} goes on; {timeout_seconds:g} s are over")
                    return errors.TIMEOUT
                time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        message(
            f"farm: stopped waiting; job {job} goes on. "
            f"Look again: farm jobs wait {job}; end it: farm jobs cancel {job}"
        )
        return errors.INTERRUPTED
    raise AssertionError("following a job has no end of its own")


def _follow(client: "Client", job: str) -> Iterator[Progress]:
    """How far the job is, over and over; a farm that is away for a while is waited for."""
    yield client.progress(job)  # a farm that is not there at all is told at once
    last_heard, said = time.monotonic(), False
    while True:
        try:
            progress = client.progress(job)
        except (ServiceUnavailable, StoreUnavailable):
            if time.monotonic() - last_heard > _PATIENCE_SECONDS:
                raise
            if not said:
                message("farm: the farm does not answer; waiting two minutes for it to come back")
            said = True
            time.sleep(_POLL_SECONDS)
            continue
        last_heard, said = time.monotonic(), False
        yield progress


@contextmanager
def _shown() -> Iterator[Callable[[Progress], None]]:
    """A function that shows progress, in the way that fits where stderr goes."""
    if not sys.stderr.isatty():
        yield _Lines().show
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[words]}"))
    with Bar(*columns, console=Console(stderr=True), transient=False) as bar:
        task = bar.add_task("", total=None, words="")

        def show(progress: Progress) -> None:
            bar.update(
                task,
                description=f"job {progress['id']}",
                total=progress["counts"]["total"],
                completed=progress["counts"]["succeeded"],
                words=words(progress),
            )

        yield show


class _Lines:
    """A line when something changed, the more rarely the longer it takes already."""

    def __init__(self) -> None:
        self._shown = ""
        self._began = time.monotonic()
        self._next = self._began

    def show(self, progress: Progress) -> None:
        ended = progress["state"] not in OPEN_JOB_STATES
        now = time.monotonic()
        due = now >= self._next
        line = words(progress)
        if line != self._shown and (due or ended):
            message(f"job {progress['id']}: {line}")
            soonest, latest = _LINE_SECONDS
            self._next = now + min(latest, max(soonest, (now - self._began) / 10))
            self._shown = line


def words(progress: Progress) -> str:
    """`12/24 done, 2 running, 1 failed, 8.0 frames/min, 1 min 30 s left`."""
    counts = progress["counts"]
    said = [f"{counts['succeeded']}/{counts['total']} done"]
    said += [f"{counts[state]} {state}" for state in ("running", "failed") if counts[state]]
    if progress["state"] != JobState.ACTIVE:
        said.append(progress["state"])
    elif progress["eta_seconds"] is not None:
        said.append(f"{progress['frames_per_minute']:.1f} frames/min")
        said.append(f"{format_span(progress['eta_seconds'])} left")
    elif not counts["running"]:
        said.append("waiting for a slot")
    return ", ".join(said)
