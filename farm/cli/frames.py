"""`farm frames`: the frames of a job, and their logs."""

from typing import Any

import click

from farm.cli.lazy import PlainGroup
from farm.cli.options import Session, talks
from farm.cli.output import message
from farm.model.sizes import format_size, format_span
from farm.model.states import TaskState

_STATES = click.Choice([state.value for state in TaskState])


_EPILOG = """\b
Examples:
  farm frames ls 17 --state failed
  farm frames log 17 42 --lines 30
"""


@click.group(cls=PlainGroup, epilog=_EPILOG)
def frames() -> None:
    """List the frames of a job, read their logs."""


@frames.command()
@click.argument("job")
@click.option("--state", "states", type=_STATES, multiple=True, help="Only in this state.")
@click.option("--first", type=click.IntRange(min=0), default=0, help="Skip so many.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=1000, show_default=True)
@talks
def ls(session: Session, *, job: str, states: tuple[str, ...], first: int, limit: int) -> None:
    """List the frames of JOB.

    Columns: frame, state, attempts, node, time, peak memory, size of the image, progress, layer.
    """
    found = session.client.frames(job, states=states, first=first, limit=limit)
    columns = ("FRAME", "STATE", "ATTEMPTS", "NODE", "TIME", "MEMORY", "IMAGE", "PROGRESS", "LAYER")
    session.view.table(found, columns, [_row(frame) for frame in found])
    if len(found) == limit and session.view.for_people:
        message(f"There may be more: --first {first + limit}")


def _row(frame: dict[str, Any]) -> tuple[object, ...]:
    took, memory, image = (
        frame["elapsed_seconds"],
        frame["peak_memory_bytes"],
        frame["image_bytes"],
    )
    return (
        frame["frame"],
        frame["state"],
        frame["attempt"],
        frame["node"] or "-",
        "-" if took is None else format_span(took),
        format_size(memory) if memory else "-",
        format_size(image) if image else "-",
        frame["progress"] or "-",
        frame["layer"],
    )


@frames.command(context_settings={"ignore_unknown_options": True})  # -5 is a frame, not an option
@click.argument("job")
@click.argument("frame", type=int)
@click.option("--lines", type=click.IntRange(min=1), metavar="N", help="Only the last N [all].")
@click.option("--attempt", type=click.IntRange(min=1), metavar="N", help="[the last one]")
@click.option("--layer", metavar="NAME", help="Where several layers have this frame.")
@talks
def log(
    session: Session,
    *,
    job: str,
    frame: int,
    lines: int | None,
    attempt: int | None,
    layer: str | None,
) -> None:
    """Print the log of FRAME of JOB: the renderer's own words, the command first."""
    found = session.client.log(job, frame, lines=lines, attempt=attempt, layer=layer)
    if session.view.as_json:
        session.view.json(found)
        return
    message(f"# frame {frame}, attempt {found['attempt']}: {found['path']}")
    if not found["whole"]:
        message("# earlier lines are left out")
    for line in found["lines"]:
        click.echo(line)
