"""`farm groups`: what sequences and shots of a production may have at once."""

from typing import Any

import click

from farm.cli.lazy import PlainGroup
from farm.cli.options import Session, talks
from farm.cli.output import counted, message

_EPILOG = """\b
Examples:
  farm groups ls heron
  farm groups set heron sq010 --most-cores 600     all shots of the sequence together
  farm groups set heron sq010/sh020 --most-tasks 0  no bound any more
"""


@click.group(cls=PlainGroup, epilog=_EPILOG)
def groups() -> None:
    """List and bound groups: sequences and shots inside a production."""


@groups.command()
@click.argument("production")
@talks
def ls(session: Session, *, production: str) -> None:
    """List groups of PRODUCTION that have a bound, or hold a slot now.

    Columns: group, slots it has, most slots, cores it has, most cores.
    """
    found = session.client.productions.groups(production)
    columns = ("GROUP", "SLOTS", "MOST", "CORES", "MOST CORES")
    rows = [
        (
            one["name"],
            one["held_tasks"],
            one["most_tasks"] or "-",
            f"{one['held_cores']:g}",
            f"{one['most_cores']:g}" if one["most_cores"] else "-",
        )
        for one in found
    ]
    session.view.table(found, columns, rows)
    if not found and session.view.for_people:
        message(f"No group of {production} has a bound or runs. Set one: farm groups set")


@groups.command("set")
@click.argument("production")
@click.argument("group")
@click.option("--most-tasks", type=int, metavar="N", help="Slots at once; 0 is no bound.")
@click.option("--most-cores", type=float, metavar="N", help="Cores at once; 0 is no bound.")
@talks
def set_(
    session: Session,
    *,
    production: str,
    group: str,
    most_tasks: int | None,
    most_cores: float | None,
) -> None:
    """Bound what all jobs in GROUP of PRODUCTION have at once, those in groups within it too.

    What is beyond a lowered bound goes when frames in work are done.
    """
    after = session.client.productions.set_group(
        production, group, most_tasks=most_tasks, most_cores=most_cores
    )
    session.view.done(after, f"Group {group} of {production}: {bound(after)}; {held(after)}")


def bound(one: dict[str, Any]) -> str:
    """`at most 40 slots, 600 cores`; of a group or a job."""
    told = [counted(one["most_tasks"], "slot")] if one["most_tasks"] else []
    told += [f"{one['most_cores']:,g} cores"] if one["most_cores"] else []
    return f"at most {', '.join(told)}" if told else "no bound"


def held(group: dict[str, Any]) -> str:
    """`has 3 slots, 12 cores now`."""
    return f"has {counted(group['held_tasks'], 'slot')}, {group['held_cores']:,g} cores now"
