"""The verbs of `farm nodes` for upkeep, and of `farm jobs` for the nodes that a job shuns."""

import click

from farm.cli.options import Session, talks
from farm.cli.output import counted

_SOME_NODES = 8  #: that are named


@click.command()
@click.argument("node")
@click.option("--reason", default="locked by hand", show_default=True, help="Told to all who ask.")
@talks
def lock(session: Session, *, node: str, reason: str) -> None:
    """Give NODE no new work; what it serves now it serves to the end."""
    after = session.client.upkeep.lock(node, reason=reason)
    session.view.done(after, f"Node {node} is locked. Open it again: farm nodes unlock {node}")


@click.command()
@click.argument("node")
@talks
def unlock(session: Session, *, node: str) -> None:
    """Let a locked NODE take work again."""
    after = session.client.upkeep.unlock(node)
    closed = f" but takes no work: {after['closed']}" if after["closed"] else ""
    session.view.done(after, f"Node {node} is unlocked{closed}.")


@click.command()
@click.argument("node")
@click.option("--reason", default="restarted by hand", show_default=True, help="Told to all.")
@talks
def restart(session: Session, *, node: str, reason: str) -> None:
    """Have the worker of NODE start anew, once its frames in work are done."""
    after = session.client.upkeep.restart(node, reason=reason)
    session.view.done(after, f"Node {node} finishes its frames in work, then its worker restarts.")


@click.command()
@click.argument("node")
@click.argument("text", default="")
@talks
def comment(session: Session, *, node: str, text: str) -> None:
    """Note TEXT on NODE, for people; without TEXT the note goes."""
    after = session.client.upkeep.comment(node, text)
    session.view.done(after, f"Node {node}: {text or 'no comment'}")


@click.command()
@click.argument("node")
@click.argument("hours", default="")
@talks
def schedule(session: Session, *, node: str, hours: str) -> None:
    """Let NODE work in HOURS only, as "Mon-Fri 22:00-06:00 Asia/Shanghai".

    Several windows stand between commas. Outside them it finishes its frames in work and takes no
    others. Without HOURS it works at all times again.
    """
    after = session.client.upkeep.schedule(node, hours)
    session.view.done(after, f"Node {node} works {hours or 'at all times'}.")


@click.command()
@click.argument("node")
@talks
def clear(session: Session, *, node: str) -> None:
    """Trust NODE again: end its quarantine and forget what failed there."""
    after = session.client.upkeep.clear(node)
    closed = f"; it still takes no work: {after['closed']}" if after["closed"] else ""
    session.view.done(after, f"Node {node} is trusted again{closed}.")


@click.command()
@click.argument("node")
@talks
def forget(session: Session, *, node: str) -> None:
    """Strike off NODE, which is offline and gone for good.

    What it did stays in all sums and in the records of frames. If its worker comes back, the node
    does, too.
    """
    after = session.client.upkeep.forget(node)
    session.view.done(after, f"Node {node} is forgotten; what it did stays counted.")


@click.command()
@click.argument("job")
@click.argument("node", default="")
@talks
def unblock(session: Session, *, job: str, node: str) -> None:
    """Let JOB use NODE again, which it shuns; without NODE all that it shuns."""
    after = session.client.upkeep.unblock(job, node)
    session.view.done(after, f"Job {job} may use {counted(after['nodes'], 'node')} again.")


def shunned(session: Session, job: str) -> list[tuple[str, object]]:
    """What is told of the nodes that JOB shuns, and how it may use them again."""
    nodes = [] if session.view.as_json else session.client.upkeep.blocked(job)["nodes"]
    if not nodes:
        return []
    more = f" and {len(nodes) - _SOME_NODES} more" if len(nodes) > _SOME_NODES else ""
    named = ", ".join(nodes[:_SOME_NODES]) + more
    why = "its frames failed there and succeeded elsewhere"
    return [("shuns", f"{named}: {why}; use them again: farm jobs unblock {job}")]
