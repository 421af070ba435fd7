"""`farm tokens`: who may do what on the farm."""

import time
from typing import Any

import click

from farm.cli.lazy import PlainGroup
from farm.cli.options import Session, Span, talks
from farm.cli.output import message, roughly
from farm.model.sizes import format_span

_EPILOG = """\b
Examples:
  farm tokens create artist --production heron --note "Anna, lighting" --expires 90d
  farm tokens create node --all
  farm tokens revoke 3f0a9c41b7d2

The very first one is made on the server: farm service --new-token operator
"""
_ROLES = click.Choice(["artist", "operator", "node"])


@click.group(cls=PlainGroup, epilog=_EPILOG)
def tokens() -> None:
    """Make, list and revoke tokens."""


@tokens.command()
@click.argument("role", type=_ROLES)
@click.option("--production", metavar="NAME", help="What it is for.")
@click.option("--all", "of_all", is_flag=True, help="For all productions, in place of one.")
@click.option("--expires", type=Span(), metavar="SPAN", help="90d, 12h [never].")
@click.option("--note", default="", help="Who holds it, for the list.")
@talks
def create(
    session: Session,
    *,
    role: str,
    production: str | None,
    of_all: bool,
    expires: float | None,
    note: str,
) -> None:
    """Make a token for an artist, an operator or a node; its text is printed this once."""
    if of_all == (production is not None):
        raise click.UsageError("give --production NAME, or --all")
    made = session.client.tokens.create(role, production or "*", note=note, lasts_seconds=expires)
    session.view.done(made, made["token"])
    message(
        f"Token {made['id']}, told this once: put it into FARM_TOKEN, or into a file named in "
        "FARM_TOKEN_FILE"
    )


@tokens.command()
@talks
def ls(session: Session) -> None:
    """List tokens, ended ones too; never their texts.

    Columns: token, role, production, age, how long it still counts, note.
    """
    found = session.client.tokens.list()
    columns = ("TOKEN", "ROLE", "PRODUCTION", "AGE", "ENDS IN", "NOTE")
    session.view.table(found, columns, [_row(token) for token in found])


def _row(token: dict[str, Any]) -> tuple[object, ...]:
    now = time.time()
    ends = token["expires_at"]
    left = "never" if ends is None else roughly(max(0.0, ends - now))
    return (
        token["id"],
        token["role"],
        token["production"],
        format_span(max(0.0, now - token["created_at"])),
        "ended" if token["ended"] else left,
        token["note"] or "-",
    )


@tokens.command()
@click.argument("token")
@talks
def revoke(session: Session, *, token: str) -> None:
    """Let TOKEN, named by its id, count no more."""
    after = session.client.tokens.revoke(token)
    session.view.done(after, f"Token {token} counts no more.")
