"""`farm productions`: what each is due of the farm, and what it has."""

from typing import Any

import click

from farm.cli.groups import bound, held
from farm.cli.lazy import PlainGroup
from farm.cli.options import Session, talks
from farm.cli.output import between, counted, message
from farm.model.sizes import format_size

_EPILOG = """\b
Examples:
  farm productions ls
  farm productions share heron --pool cpu --weight 2 --guarantee 400 --ceiling 2000
"""
_SHARE_EPILOG = """\b
Weight: two productions that both want more get cores as 2 to 1 when one weighs 2, the other 1.
Guarantee: it goes before all others until it has so many cores; what it leaves free is lent.
Ceiling: it never has more cores, be the rest of the pool idle.

\b
Examples:
  farm productions share heron --pool cpu --weight 2 --guarantee 400 --ceiling 2000
  farm productions share heron --pool cpu --no-ceiling
  farm productions share heron --weight 0.5      of nodes that are in no pool
"""


@click.group(cls=PlainGroup, epilog=_EPILOG)
def productions() -> None:
    """List and look at productions, set what each is due."""


@productions.command()
@talks
def ls(session: Session) -> None:
    """List productions, one line for each pool.

    Columns: production, pool, weight, guaranteed cores, most cores, cores it books now, the largest
    part it has of the pool's cores, memory or GPUs, and cores' worth that it is due now.
    """
    found = session.client.productions.list()
    columns = (
        "PRODUCTION",
        "POOL",
        "WEIGHT",
        "GUARANTEE",
        "CEILING",
        "CORES",
        "SHARE",
        "DUE",
    )
    session.view.table(found, columns, [_row(share) for share in found])
    if not found and session.view.for_people:
        message("No productions. One appears with its first job: farm submit SCENE.blend")


def _row(share: dict[str, Any]) -> tuple[object, ...]:
    return (
        share["production"],
        share["pool"] or "-",
        f"{share['weight']:g}",
        _cores(share["guarantee_cores"] or None),
        _cores(share["ceiling_cores"]),
        _cores(share["booked"]["cores"]),
        f"{share['dominant_share']:.1%}",
        _cores(share["due_cores"]),
    )


def _cores(amount: float | None) -> str:
    return "-" if amount is None else f"{amount:,.2f}".rstrip("0").rstrip(".")


@productions.command()
@click.argument("production")
@talks
def show(session: Session, *, production: str) -> None:
    """Show what PRODUCTION is due and has, pool by pool, and its groups."""
    found = session.client.productions.get(production)
    rows: list[tuple[str, object]] = [("production", found["name"])]
    for share in found["shares"]:
        rows += _share(share)
    for group in found["groups"]:
        rows.append((f"group {group['name']}", f"{held(group)}; {bound(group)}"))
    ahead = session.client.productions.forecast(production)
    rows.append(("ends", _ends(ahead)))
    session.view.fields({**found, "forecast": ahead}, rows)


def _ends(ahead: dict[str, Any]) -> str:
    """When its last open job will be done."""
    if not ahead["jobs"]:
        return "no open jobs"
    jobs = counted(ahead["jobs"], "open job")
    if ahead["eta_seconds"] is None:
        return f"{jobs}; nothing tells yet"
    span = between(ahead["eta_early_seconds"], ahead["eta_late_seconds"])
    others = f"; nothing tells of {ahead['unknown']}" if ahead["unknown"] else ""
    return f"{jobs}, done in {span} ({ahead['confidence']:.0%} sure){others}"


def _share(share: dict[str, Any]) -> list[tuple[str, object]]:
    booked = share["booked"]
    cores = f"{_cores(booked['cores'])} of {_cores(share['pool_cores'])} cores"
    gpus = f", {booked['gpus']} GPUs" if booked["gpus"] else ""
    due = share["due_cores"]
    return [
        (f"pool {share['pool']}" if share["pool"] else "no pool", _set(share)),
        ("  books", f"{cores}, {format_size(booked['memory_bytes'])}{gpus}"),
        ("  share", f"{share['dominant_share']:.1%} of what it has most of"),
        ("  due", "nothing: it wants nothing" if due is None else f"{_cores(due)} cores' worth"),
    ]


def _set(share: dict[str, Any]) -> str:
    guarantee, ceiling = share["guarantee_cores"], share["ceiling_cores"]
    return (
        f"weight {share['weight']:g}, "
        + (f"guarantee {_cores(guarantee)} cores, " if guarantee else "no guarantee, ")
        + ("no ceiling" if ceiling is None else f"ceiling {_cores(ceiling)} cores")
    )


@productions.command(epilog=_SHARE_EPILOG)
@click.argument("production")
@click.option("--pool", metavar="NAME", default="", help="Of this pool [nodes without a pool].")
@click.option("--weight", type=float, metavar="N", help="Above 0; 1 is usual.")
@click.option("--guarantee", type=float, metavar="CORES", help="It goes first below; 0 is none.")
@click.option("--ceiling", type=float, metavar="CORES", help="Never more than these.")
@click.option("--no-ceiling", is_flag=True, help="Take the ceiling away.")
@talks
def share(
    session: Session,
    *,
    production: str,
    pool: str,
    weight: float | None,
    guarantee: float | None,
    ceiling: float | None,
    no_ceiling: bool,
) -> None:
    """Set what PRODUCTION is due of a pool; what is not said stays as it is."""
    after = session.client.productions.set_share(
        production,
        pool,
        weight=weight,
        guarantee_cores=guarantee,
        ceiling_cores=ceiling,
        no_ceiling=no_ceiling,
    )
    for warning in after["warnings"]:
        message(f"farm: note: {warning}")
    where = f"pool {pool}" if pool else "nodes without a pool"
    session.view.done(after, f"{production} in {where}: {_set(after)}")
