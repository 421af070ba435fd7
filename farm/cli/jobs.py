"""`farm jobs`: list, look at, wait for and steer jobs."""

import time
from typing import Any

import click

from farm.cli import bounds, errors, steering, upkeep
from farm.cli.lazy import PlainGroup
from farm.cli.options import Session, talks
from farm.cli.output import between, counted, message, roughly
from farm.model.errors import NotAllowed, NotFound
from farm.model.sizes import format_size, format_span
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
    rows = [*_head(found), ("why", found["why"]), *_sent(session, found)]
    rows += [*_layers(found), *_failures(found), *upkeep.shunned(session, job)]
    session.view.fields(found, rows)


def _times(job: dict[str, Any]) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = [("group", job["group"])] if job["group"] else []
    if job["start_at"] > time.time():
        rows.append(("begins", steering.as_told(job["start_at"])))
    if job["deadline_at"]:
        rows.append(("wanted by", steering.as_told(job["deadline_at"])))
    return rows + bounds.rows(job)


def _head(job: dict[str, Any]) -> list[tuple[str, object]]:
    took = (job["ended_at"] or time.time()) - job["created_at"]
    rows: list[tuple[str, object]] = [
        ("job", job["id"]),
        ("name", job["name"]),
        ("production", job["production"]),
        ("owner", job["owner"] or "-"),
        ("state", job["state"]),
        ("priority", job["priority"]),
        *_times(job),
        ("frames", _counts(job["counts"])),
        ("took" if job["ended_at"] else "age", format_span(max(0.0, took))),
    ]
    if job["eta_seconds"] is not None and job["state"] == JobState.ACTIVE:
        pace = f"{job['frames_per_minute']:.1f} frames/min"
        rows.append(("left", f"{format_span(job['eta_seconds'])} at {pace}; {_how_sure(job)}"))
    return rows


def _how_sure(job: dict[str, Any]) -> str:
    span = between(job["eta_early_seconds"], job["eta_late_seconds"])
    return f"{job['confidence']:.0%} sure: {span}"


def _sent(session: Session, job: dict[str, Any]) -> list[tuple[str, object]]:
    """Of a sent job: what it is made of, and how its images come back."""
    digest = job["layers"][0]["manifest"]
    if not digest or session.view.as_json:
        return []
    try:
        manifest = session.client.manifest(job["production"], digest)
    except (NotFound, NotAllowed):
        made_of = "files that the farm does not keep any more"
    else:
        files = counted(len(manifest.entries), "file")
        made_of = f"{files}, {format_size(manifest.size_bytes)}"
    project = session.farm.job(job["id"]).project()
    here = f", from {project.root}" if project else ""
    return [("sent", made_of + here), ("pull", f"farm pull {job['id']} --follow")]


def _images(layer: dict[str, Any]) -> str:
    if not layer["manifest"]:
        return str(layer["output"])
    return f"{layer['output'].removeprefix('/')} in the project"


def _counts(counts: dict[str, int]) -> str:
    states = [f"{counts[state]} {state}" for state in TaskState if counts[state]]
    return f"{counts['total']} in all: {', '.join(states)}"


def _layers(job: dict[str, Any]) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for layer in job["layers"]:
        wants, done = layer["resources"], layer["counts"]["succeeded"]
        gpus = f", {counted(wants['gpus'], 'GPU')}" if wants["gpus"] else ""
        rows += [
            (f"layer {layer['name']}", f"frames {layer['frames']}: {_counts(layer['counts'])}"),
            ("  scene", layer["scene"]),
            ("  images", _images(layer)),
            (
                "  each takes",
                f"{counted(wants['cores'], 'core')}, {_memory(layer)}{gpus}"
                + (f", pool {layer['pool']}" if layer["pool"] else "")
                + (f"; {format_span(layer['render_seconds'] / done)} on average" if done else ""),
            ),
            *bounds.wants(layer),
            ("  slots now", layer["leases"]),
        ]
    return rows


def _memory(layer: dict[str, Any]) -> str:
    """Asked, and what is booked instead where the farm has learnt better."""
    asked, booked = layer["resources"]["memory_bytes"], layer["booked_memory_bytes"]
    learnt = f" asked, {format_size(booked)} learnt" if booked != asked else ""
    ran_out = layer["out_of_memory"]
    told = f" (ran out of memory {counted(ran_out, 'time')})" if ran_out else ""
    return f"{format_size(asked)}{learnt}{told}"


def _failures(job: dict[str, Any]) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for group in job["failures"]:
        frames = ", ".join(str(frame) for frame in group["frames"][:8])
        more = " …" if group["count"] > 8 else ""
        rows.append((f"failed {group['count']}x", f"{group['reason']} (frames {frames}{more})"))
    if job["failures_looked_at"] < job["counts"]["failed"]:
        rows.append(("", f"reasons of the first {job['failures_looked_at']} failed frames only"))
    if job["failures"]:
        frame = job["failures"][0]["frames"][0]
        rows.append(("next", f"farm frames log {job['id']} {frame}; farm jobs retry {job['id']}"))
    return rows


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
