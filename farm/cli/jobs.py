"""`farm jobs`: list, look at, wait for and steer jobs."""

import time
from typing import Any

import click

from farm.cli import bounds, errors, job_rows, steering, upkeep
from farm.cli.lazy import PlainGroup
from farm.cli.options import Session, talks
from farm.cli.output import counted, message, roughly
from farm.model.sizes import format_span
from farm.model.states import JobState, TaskState

_JOB_STATES = click.Choice([state.value for state in JobState])
_ENDED_STATES = click.Choice(
    [
        state.value
        for state in (TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELLED, TaskState.SKIPPED)
    ]
)


_EPILOG = """\b
Examples:
  farm jobs ls --state active
  farm jobs show 17
  farm jobs wait 17 && echo all frames are there
"""
_RETRY_EPILOG = """\b
Examples, to render some frames again that came out wrong, and to make just the movie again:
  farm jobs retry 17 --frames 20-25 --state succeeded
  farm jobs retry 17 --layer movie --state succeeded
"""


@click.group(cls=PlainGroup, epilog=_EPILOG)
def jobs() -> None:
    """List, watch and steer jobs."""


@jobs.command()
@click.option("--production", metavar="NAME", help="Only this production's.")
@click.option("--state", "states", type=_JOB_STATES, multiple=True, help="Only in this state.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@talks
def ls(session: Session, *, production: str | None, states: tuple[str, ...], limit: int) -> None:
    """List jobs, newest first.

    Columns: job, production, name, state, priority, frames done and in all, running, failed, age,
    about how long until it is done (how sure that is: farm jobs show JOB), and why the others wait
    (more of it: farm why JOB).
    """
    found = session.client.jobs(production=production, states=states, limit=limit)
    columns = (
        "JOB",
        "PRODUCTION",
        "NAME",
        "STATE",
        "PRIO",
        "DONE",
        "RUNNING",
        "FAILED",
        "AGE",
        "ETA",
        "REASON",
    )
    session.view.table(found, columns, [_row(job) for job in found])
    if not found and session.view.for_people:
        message("No jobs. Make one: farm submit SCENE.blend")


def _row(job: dict[str, Any]) -> tuple[object, ...]:
    counts = job["counts"]
    return (
        job["id"],
        job["production"],
        job["name"],
        job["state"],
        job["priority"],
        f"{counts['succeeded'] + counts['skipped']}/{counts['total']}",
        counts["running"],
        counts["failed"],
        _ago(job["created_at"]),
        "-" if job["eta_seconds"] is None else roughly(job["eta_seconds"]),
        job["reason"] or "-",
    )


def _ago(then: float) -> str:
    return format_span(max(0.0, time.time() - then))


@jobs.command()
@click.argument("job")
@talks
def show(session: Session, *, job: str) -> None:
    """Show all that is known of JOB: layers, images, pace, and failures by reason."""
    found = session.client.job(job)
    session.view.fields(found, job_rows.rows(session, found))


@jobs.command()
@click.argument("job")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Give up then.")
@talks
def wait(session: Session, *, job: str, timeout: float | None) -> int:
    """Wait until JOB ends, showing its progress.

    Ends with 0 when all frames succeeded, 5 when the job failed, 6 when it was cancelled, 124 when
    the time is over. Ctrl-C stops the waiting, not the job.
    """
    from farm.cli.wait import wait_for

    status = wait_for(session.farm.job(job), timeout_seconds=timeout)
    if session.view.as_json:
        session.view.json(session.client.job(job))
    elif status == errors.JOB_FAILED:
        message(f"farm: job {job} failed; see why: farm jobs show {job}")
    return status


@jobs.command()
@click.argument("job")
@talks
def pause(session: Session, *, job: str) -> None:
    """Begin no more frames of JOB; those in work finish."""
    after = session.client.pause(job, by=steering.me())
    session.view.done(after, f"Job {job} is {after['state']}. Go on: farm jobs resume {job}")


@jobs.command()
@click.argument("job")
@talks
def resume(session: Session, *, job: str) -> None:
    """Let a paused JOB go on."""
    after = session.client.resume(job, by=steering.me())
    session.view.done(after, f"Job {job} is {after['state']}. Watch: farm jobs wait {job}")


@jobs.command()
@click.argument("job")
@talks
def cancel(session: Session, *, job: str) -> None:
    """Stop all frames of JOB, running ones too. Finished images stay."""
    after = session.client.cancel(job, by=steering.me())
    session.view.done(
        after,
        f"Job {job} is {after['state']}: {counted(after['tasks'], 'frame')} stopped. "
        f"Take it up again: farm jobs retry {job}",
    )


@jobs.command(epilog=_RETRY_EPILOG)
@click.argument("job")
@click.option("--frames", metavar="RANGE", help="Only these frames [all].")
@click.option("--layer", metavar="NAME", help="Only this layer: render, sheet, movie [all].")
@click.option(
    "--state",
    "states",
    type=_ENDED_STATES,
    multiple=True,
    help="Frames in this state [failed and cancelled].",
)
@talks
def retry(
    session: Session, *, job: str, frames: str | None, layer: str | None, states: tuple[str, ...]
) -> None:
    """Render frames of JOB again: the failed and the cancelled ones.

    A frame that succeeded is left alone unless --state succeeded asks for it; its image stays until
    the new one is whole. What was made from a frame is made again too.
    """
    after = session.client.retry(job, frames=frames, layer=layer, states=states)
    more = f"Watch: farm jobs wait {job}"
    if not (after["tasks"] or states):
        more = "None has failed or was cancelled; --state succeeded renders good ones again"
    session.view.done(after, f"Job {job}: {counted(after['tasks'], 'frame')} again. {more}")


@jobs.command()
@click.argument("job")
@click.argument("value", type=click.IntRange(0, 100))
@talks
def priority(session: Session, *, job: str, value: int) -> None:
    """Set the priority of JOB to VALUE (0 to 100, 50 is usual)."""
    after = session.client.set_priority(job, value)
    session.view.done(after, f"Job {job}: priority {after['priority']}")


for _command in (steering.skip, steering.move, steering.start_at, steering.deadline):
    jobs.add_command(_command)
jobs.add_command(bounds.bounds)
jobs.add_command(upkeep.unblock)
