"""`farm webhooks`: who hears of the ends of jobs."""

import time
from typing import Any

import click

from farm.cli import errors
from farm.cli.lazy import PlainGroup
from farm.cli.options import Session, talks
from farm.cli.output import message
from farm.model.sizes import format_span

_EPILOG = """\b
Examples:
  farm webhooks add https://studio.example/farm --production heron
  farm webhooks test 3f0a9c41b7d2
  farm webhooks deliveries 3f0a9c41b7d2

How to check the signature of what arrives: docs/security.md
"""
_EVENTS = click.Choice(["job_succeeded", "job_failed", "job_cancelled"])
_TEST_SECONDS = 30.0
_LOOK_SECONDS = 0.3


@click.group(cls=PlainGroup, epilog=_EPILOG)
def webhooks() -> None:
    """Add, list, test and remove webhooks."""


@webhooks.command()
@click.argument("address")
@click.option("--production", metavar="NAME", help="Whose jobs it hears of.")
@click.option("--all", "of_all", is_flag=True, help="Jobs of all productions, in place of one.")
@click.option(
    "--event",
    "events",
    type=_EVENTS,
    multiple=True,
    help="What it hears of; may be repeated [job_succeeded and job_failed].",
)
@click.option("--note", default="", help="For the list.")
@talks
def add(
    session: Session,
    *,
    address: str,
    production: str | None,
    of_all: bool,
    events: tuple[str, ...],
    note: str,
) -> None:
    """Let ADDRESS hear of the ends of jobs; the secret that signs is printed this once."""
    if of_all == (production is not None):
        raise click.UsageError("give --production NAME, or --all")
    made = session.client.webhooks.add(address, production or "*", events=events, note=note)
    session.view.done(made, f"{made['id']}\t{made['secret']}")
    message(
        f"Webhook {made['id']}; its secret is told this once, and signs all that is delivered. "
        f"Try it: farm webhooks test {made['id']}"
    )


@webhooks.command()
@talks
def ls(session: Session) -> None:
    """List webhooks; never their secrets.

    Columns: webhook, production, events, address, note.
    """
    found = session.client.webhooks.list()
    rows = [
        (hook["id"], hook["production"], ",".join(hook["events"]), hook["url"], hook["note"] or "-")
        for hook in found
    ]
    session.view.table(found, ("WEBHOOK", "PRODUCTION", "EVENTS", "ADDRESS", "NOTE"), rows)


@webhooks.command()
@click.argument("webhook")
@talks
def remove(session: Session, *, webhook: str) -> None:
    """Tell WEBHOOK nothing more, not even what waits for it."""
    after = session.client.webhooks.remove(webhook)
    session.view.done(after, f"Webhook {webhook} is removed.")


@webhooks.command()
@click.argument("webhook")
@talks
def test(session: Session, *, webhook: str) -> int:
    """Send WEBHOOK a test, and wait for how it goes.

    Ends with 0 when it arrived, 1 when it did not.
    """
    sent = session.client.webhooks.test(webhook)
    give_up_at = time.monotonic() + _TEST_SECONDS
    while sent["state"] == "waiting" and time.monotonic() < give_up_at:
        time.sleep(_LOOK_SECONDS)
        found = session.client.webhooks.deliveries(webhook)
        sent = next((one for one in found if one["id"] == sent["id"]), sent)
    if sent["state"] == "delivered":
        session.view.done(sent, f"It arrived: HTTP {sent['status']}.")
        return errors.OK
    session.view.done(sent, f"It did not arrive: {sent['error'] or 'it waits for others'}.")
    return errors.FAILED


@webhooks.command()
@click.argument("webhook")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@talks
def deliveries(session: Session, *, webhook: str, limit: int) -> None:
    """List what WEBHOOK was, or will be, told, newest first.

    Columns: event, job, state, tries, HTTP status, age, what went wrong.
    """
    found = session.client.webhooks.deliveries(webhook, limit=limit)
    columns = ("EVENT", "JOB", "STATE", "TRIES", "HTTP", "AGE", "WHY")
    session.view.table(found, columns, [_row(one) for one in found])


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    return (
        one["event"],
        one["job"] or "-",
        one["state"],
        one["tries"],
        one["status"] or "-",
        format_span(max(0.0, time.time() - one["created_at"])),
        one["error"] or "-",
    )
