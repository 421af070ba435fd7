"""`farm why`: why a job or a frame waits, and what all waits for."""

from typing import Any

import click

from farm.cli.options import Session, talks
from farm.cli.output import message
from farm.model.sizes import format_size

_EPILOG = """\b
Examples:
  farm why 12                    one sentence, and the numbers behind it
  farm why 12 --frame 7          of one frame; farm why 12/7 is the same
  farm why                       all that waits on the farm, by reason
"""


# -5 is a frame, not an option
@click.command(epilog=_EPILOG, context_settings={"ignore_unknown_options": True})
@click.argument("job", required=False)
@click.option("--frame", type=int, metavar="N", help="Of this frame only.")
@click.option("--layer", metavar="NAME", help="Of this layer only.")
@click.option("--production", metavar="NAME", help="Without JOB: only what waits of this one.")
@talks
def why(
    session: Session,
    *,
    job: str | None,
    frame: int | None,
    layer: str | None,
    production: str | None,
) -> None:
    """Tell why JOB (or JOB/FRAME) waits, or what has become of it.

    The first line is for everybody, those below it are for who runs the farm: reason, frames,
    layer, and the numbers behind it. Without JOB: the reasons of all that waits, with counts.
    """
    if job is None:
        if frame is not None or layer is not None:
            raise click.UsageError("give the job too: farm why JOB --frame N")
        _table(session, session.client.what_waits(production=production))
        return
    number, frame = _parts(job, frame)
    found = session.client.why(number, frame=frame, layer=layer)
    if session.view.as_json:
        session.view.json(found)
        return
    click.echo(found["sentence"])
    for reason in found["reasons"]:
        told = f"{reason['count']:,}x {reason['reason']}, layer {reason['layer']}"
        click.echo("\t".join([told, reason["sentence"], *_numbers(reason)]))


def _parts(job: str, frame: int | None) -> tuple[str, int | None]:
    """`12/7` is frame 7 of job 12."""
    number, slash, of_job = job.partition("/")
    if not slash:
        return number, frame
    try:
        return number, int(of_job)
    except ValueError:
        raise click.UsageError(f"{job!r}: give JOB or JOB/FRAME, such as 12/7") from None


def _numbers(reason: dict[str, Any]) -> list[str]:
    """The numbers that a reason has, a word for each: `most=20`."""
    names = ("what", "pool", "most", "held", "asked", "ahead", "due", "has")
    bytes_ = reason["what"] in {"memory", "gpu memory"}
    told = [
        f"{name}={_number(reason[name], as_bytes=bytes_)}"
        for name in names
        if reason[name] not in {None, "", 0}
    ]
    if reason["nodes"]:
        told.append(f"nodes={','.join(reason['nodes'])}")
    told += [f"{one['production']}/{one['job']}={one['slots']}" for one in reason["held_by"]]
    told += [f"{one['node']}={one['why']}" for one in reason["sidelined"]]
    return told


def _number(value: object, *, as_bytes: bool) -> object:
    if not isinstance(value, float):
        return value
    return format_size(value) if as_bytes else f"{value:g}"


def _table(session: Session, found: dict[str, Any]) -> None:
    rows = [
        (row["short"], f"{row['count']:,}", f"{row['jobs']:,}", row["example"])
        for row in found["reasons"]
    ]
    session.view.table(found, ("REASON", "FRAMES", "JOBS", "EXAMPLE"), rows)
    if session.view.for_people:
        message(f"{found['waiting']:,} frames wait, {found['running']:,} run. More: farm why JOB")
