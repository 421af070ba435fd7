"""`farm limits`: named counts that jobs take from, such as licences."""

from typing import Any

import click

from farm.cli.lazy import PlainGroup
from farm.cli.options import Session, talks
from farm.cli.output import counted, message

_EPILOG = """\b
Examples:
  farm limits set houdini 40                     40 licences: each frame in work takes one
  farm limits set houdini 40 --per node          each node takes one, however much it renders
  farm submit shot.blend --limit houdini
"""


@click.group(cls=PlainGroup, epilog=_EPILOG)
def limits() -> None:
    """List and set limits: how many frames, or nodes, may use something at once."""


@limits.command()
@talks
def ls(session: Session) -> None:
    """List limits.

    Columns: limit, how many are held, how many may be, what holds one, and the jobs that hold it
    with their slots.
    """
    found = session.client.limits.list()
    rows = [
        (one["name"], one["held"], one["most"], f"per {one['unit']}", _holders(one))
        for one in found
    ]
    session.view.table(found, ("LIMIT", "HELD", "MOST", "COUNTS", "HELD BY"), rows)
    if not found and session.view.for_people:
        message("No limits. Set one: farm limits set NAME MOST")


def _holders(limit: dict[str, Any]) -> str:
    held = limit["held_by"]
    told = [f"job {one['job']} ({one['slots']})" for one in held[:8]]
    told += [f"{counted(len(held) - 8, 'more job')}"] if len(held) > 8 else []
    told += ["other productions"] if limit["held_by_others"] else []
    return ", ".join(told) or "-"


@limits.command("set")
@click.argument("limit")
@click.argument("most", type=int)
@click.option(
    "--per",
    "unit",
    type=click.Choice(["slot", "node"]),
    help="Each frame in work holds one, or each node [as it is; at first slot].",
)
@talks
def set_(session: Session, *, limit: str, most: int, unit: str | None) -> None:
    """Let at most MOST of LIMIT be held at once.

    Below what is held now, no more are given until enough frames in work are done.
    """
    after = session.client.limits.set(limit, most, unit=unit)
    session.view.done(
        after,
        f"Limit {limit}: at most {after['most']:,} per {after['unit']}, {after['held']:,} held. "
        f"Jobs name it: farm submit --limit {limit}",
    )


@limits.command()
@click.argument("limit")
@talks
def rm(session: Session, *, limit: str) -> None:
    """Take LIMIT away: jobs that name it are held up by it no more."""
    after = session.client.limits.remove(limit)
    session.view.done(after, f"Limit {limit} is gone: it holds nothing up any more.")
