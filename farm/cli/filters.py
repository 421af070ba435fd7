"""`farm filters`: rules that place jobs as they come in."""

from typing import Any

import click

from farm.cli.lazy import PlainGroup
from farm.cli.options import Session, talks
from farm.cli.output import message
from farm.cli.steering import me

_EPILOG = """\b
Examples:
  farm filters add tests --job 'test*' --set-priority 20 --set-pool small
  farm filters add fx --production heron --owner lee --add-limit houdini --position 80
  farm filters test --production heron --owner lee --job test_010
"""
_ADD_EPILOG = """Patterns have * for any characters and ? for any one, and must match the whole.
Filters are taken by --position, then by name. Of those that match, the last to set a value wins;
what they add is added once. Who submits is told what was changed by which.

\b
Examples:
  farm filters add tests --job 'test*' --set-priority 20 --set-pool small
  farm filters add fx --production heron --owner lee --add-limit houdini --position 80
"""


@click.group(cls=PlainGroup, epilog=_EPILOG)
def filters() -> None:
    """Set pool, priority, limits, tags and group of jobs as they come in."""


@filters.command(epilog=_ADD_EPILOG)
@click.argument("name")
@click.option("--position", type=int, metavar="0-1000", help="Lower first, higher wins [50].")
@click.option("--production", metavar="PATTERN", help="Of these productions [any].")
@click.option("--owner", metavar="PATTERN", help="Of these people [any].")
@click.option("--job", metavar="PATTERN", help="Jobs of these names [any].")
@click.option("--set-priority", type=int, metavar="0-100", help="Make it this.")
@click.option("--set-pool", metavar="NAME", help="Only nodes of this pool; any for all.")
@click.option("--set-group", metavar="NAME", help="Sequence or shot; - for none.")
@click.option(
    "--add-limit", "add_limits", multiple=True, metavar="NAME", help="Each frame holds it."
)
@click.option("--add-tag", "add_tags", multiple=True, metavar="NAME", help="Nodes must have it.")
@talks
def add(
    session: Session,
    *,
    name: str,
    set_pool: str | None,
    set_group: str | None,
    **asked: Any,  # noqa: ANN401 - as clicked
) -> None:
    """Make filter NAME, in place of one that has this name. Jobs that are in stay as they are."""
    rule = {key: value for key, value in asked.items() if value is not None}
    if set_pool is not None:
        rule["set_pool"] = "" if set_pool == "any" else set_pool
    if set_group is not None:
        rule["set_group"] = "" if set_group == "-" else set_group
    after = session.client.filters.set(name, **rule)
    session.view.done(after, f"Filter {name}: {_which(after)}: {_what(after)}")


@filters.command()
@talks
def ls(session: Session) -> None:
    """List filters in the order in which they are applied.

    Columns: position, filter, which jobs it is for, what it changes.
    """
    found = session.client.filters.list()
    rows = [(one["position"], one["name"], _which(one), _what(one)) for one in found]
    session.view.table(found, ("POSITION", "FILTER", "FOR", "CHANGES"), rows)
    if not found and session.view.for_people:
        message("No filters. Make one: farm filters add")


def _which(rule: dict[str, Any]) -> str:
    told = [f"{kind} {rule[kind]}" for kind in ("production", "owner", "job") if rule[kind]]
    return ", ".join(told) or "all jobs"


def _what(rule: dict[str, Any]) -> str:
    told = [] if rule["set_priority"] is None else [f"priority {rule['set_priority']}"]
    told += [] if rule["set_pool"] is None else [f"pool {rule['set_pool'] or 'any'}"]
    told += [] if rule["set_group"] is None else [f"group {rule['set_group'] or 'none'}"]
    told += [f"limit {name}" for name in rule["add_limits"]]
    told += [f"tag {name}" for name in rule["add_tags"]]
    return ", ".join(told)


@filters.command()
@click.argument("name")
@talks
def rm(session: Session, *, name: str) -> None:
    """Take filter NAME away. Jobs that are in stay as they are."""
    after = session.client.filters.remove(name)
    session.view.done(after, f"Filter {name} is gone.")


@filters.command()
@click.option("--production", metavar="NAME", default="main", show_default=True)
@click.option("--owner", metavar="NAME", help="Who submits [you].")
@click.option("--job", metavar="NAME", default="", help="What the job is called.")
@click.option("--priority", type=int, metavar="0-100", help="As it is asked for [50].")
@click.option("--pool", metavar="NAME", help="As it is asked for [any].")
@click.option("--group", metavar="NAME", help="As it is asked for [none].")
@click.option("--limit", "limits", multiple=True, metavar="NAME")
@click.option("--tag", "tags", multiple=True, metavar="NAME")
@talks
def test(session: Session, *, production: str, owner: str | None, **asked: Any) -> None:  # noqa: ANN401 - as clicked
    """Tell what a submit would become; nothing is submitted."""
    who = me() if owner is None else owner
    found = session.client.filters.test(production, owner=who, **asked)
    rows: list[tuple[str, object]] = [
        ("production", found["production"]),
        ("owner", found["owner"] or "-"),
        ("job", found["name"] or "-"),
        ("priority", found["priority"]),
        ("pool", found["pool"] or "any"),
        ("group", found["group"] or "-"),
        ("limits", ", ".join(found["limits"]) or "-"),
        ("tags", ", ".join(found["tags"]) or "-"),
        *(("change", line) for line in found["changes"]),
    ]
    session.view.fields(found, rows)
