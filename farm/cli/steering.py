"""`farm jobs skip`, `move`, `start-at` and `deadline`: jobs changed while they run."""

import getpass
from datetime import datetime

import click

from farm.cli.options import Session, talks
from farm.cli.output import counted
from farm.model.errors import BadRequest

_SKIP_EPILOG = """\b
Examples:
  farm jobs skip 17 --frames 10-20               the film goes on without them
  farm jobs skip 17 --frames 1 --layer sheet     no contact sheet is needed
Render them after all: farm jobs retry 17 --state skipped
"""
_MOVE_EPILOG = """\b
Examples:
  farm jobs move 17 --pool night                 waiting frames go to that pool
  farm jobs move 17 --pool any
  farm jobs move 17 --group sq010/sh020
"""
_START_EPILOG = """\b
Examples:
  farm jobs start-at 17 22:00                    the next ten in the evening
  farm jobs start-at 17 2026-12-01T06:00
  farm jobs start-at 17 now
"""


def moment(text: str) -> float:
    """Seconds since 1970 that `text` means here. Raises BadRequest."""
    from farm.model.when import parse_when

    return parse_when(text, now=datetime.now().astimezone()).timestamp()


def as_told(at: float) -> str:
    """A moment in this machine's own time."""
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M")


@click.command(epilog=_SKIP_EPILOG)
@click.argument("job")
@click.option("--frames", metavar="RANGE", required=True, help="Which: 10-20, 1,5,9 or 7.")
@click.option("--layer", metavar="NAME", help="Of this layer [what is rendered].")
@talks
def skip(session: Session, *, job: str, frames: str, layer: str | None) -> None:
    """Take frames of JOB as done without an image; those that succeeded stay as they are.

    What waits for them goes on, and a job whose other frames succeeded has succeeded. Frames in
    work are stopped.
    """
    after = session.client.skip(job, frames=frames, layer=layer, by=me())
    session.view.done(
        after, f"Job {job}: {counted(after['tasks'], 'frame')} skipped; it is {after['state']}"
    )


@click.command(epilog=_MOVE_EPILOG)
@click.argument("job")
@click.option("--pool", metavar="NAME", help="Only nodes of this pool; any for all.")
@click.option("--group", metavar="NAME", help="Sequence or shot, such as sq010/sh020; - for none.")
@talks
def move(session: Session, *, job: str, pool: str | None, group: str | None) -> None:
    """Move JOB to another pool or group.

    Waiting frames go there at once; frames in work finish where they are.
    """
    if pool is None and group is None:
        raise BadRequest("nothing to move: give --pool or --group")
    place = None if pool is None else "" if pool == "any" else pool
    inside = None if group is None else "" if group == "-" else group
    after = session.client.move(job, pool=place, group=inside)
    told = [f"pool {place or 'any'}"] if place is not None else []
    told += [f"group {inside or 'none'}"] if inside is not None else []
    session.view.done(after, f"Job {job}: {', '.join(told)}; frames in work finish where they are")


@click.command("start-at", epilog=_START_EPILOG)
@click.argument("job")
@click.argument("when")
@talks
def start_at(session: Session, *, job: str, when: str) -> None:
    """Let nothing of JOB begin before WHEN: 22:00, 2026-12-01T06:00, 2h or now.

    Frames in work finish.
    """
    at = 0.0 if when.strip().lower() == "now" else moment(when)
    after = session.client.set_start(job, at)
    told = f"begins {as_told(at)}" if at else "begins at once"
    session.view.done(after, f"Job {job} {told}. Let it begin now: farm jobs start-at {job} now")


@click.command()
@click.argument("job")
@click.argument("when")
@talks
def deadline(session: Session, *, job: str, when: str) -> None:
    """Want JOB by WHEN: 22:00, 2026-12-01T06:00, 2h or none.

    Among jobs of one production and priority, those that are late go first.
    """
    at = 0.0 if when.strip().lower() == "none" else moment(when)
    after = session.client.set_deadline(job, at)
    session.view.done(
        after, f"Job {job} is wanted by {as_told(at)}" if at else f"Job {job} has no deadline"
    )


def me() -> str:
    """Who gives the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
