"""`farm nodes`: the machines that render."""

import time
from typing import Any

import click

from farm.cli import upkeep
from farm.cli.lazy import PlainGroup
from farm.cli.options import Session, talks
from farm.cli.output import message
from farm.model.sizes import format_size, format_span

_EPILOG = """\b
Examples:
  farm nodes ls
  farm nodes drain render-07 --reason "new memory"
  farm nodes schedule desk-3 "Mon-Fri 22:00-06:00 Asia/Shanghai"
"""


@click.group(cls=PlainGroup, epilog=_EPILOG)
def nodes() -> None:
    """List nodes, look at them, and care for them."""


@nodes.command()
@talks
def ls(session: Session) -> None:
    """List nodes.

    Columns: node, state, free and all cores, free and all memory, GPUs, pool, Blender, leases,
    last heard of, and why it takes no work.
    """
    found = session.client.nodes()
    columns = (
        "NODE",
        "STATE",
        "CORES",
        "MEMORY",
        "GPUS",
        "POOL",
        "BLENDER",
        "LEASES",
        "SEEN",
        "WHY",
    )
    session.view.table(found, columns, [_row(node) for node in found])
    if not found and session.view.for_people:
        message("No nodes. Start one: farm-worker, or farm up on this machine")


def _row(node: dict[str, Any]) -> tuple[object, ...]:
    has, free = node["resources"], node["free"]
    return (
        node["name"],
        node["state"],
        f"{free['cores']}/{has['cores']}",
        f"{format_size(free['memory_bytes'])}/{format_size(has['memory_bytes'])}",
        has["gpus"],
        node["pool"] or "-",
        ",".join(node["blenders"]) or "-",
        len(node["leases"]),
        _seen(node),
        _why(node),
    )


def _why(node: dict[str, Any]) -> str:
    return str(node["held"] or node["closed"] or node["unfit"] or "-")


def _seen(node: dict[str, Any]) -> str:
    return f"{format_span(max(0.0, time.time() - node['heartbeat_at']))} ago"


@nodes.command()
@click.argument("node")
@talks
def show(session: Session, *, node: str) -> None:
    """Show all that is known of NODE."""
    found = session.client.node(node)
    has, free = found["resources"], found["free"]
    free_memory = f"{format_size(free['memory_bytes'])} of {format_size(has['memory_bytes'])}"
    leases = [f"{lease} (layer {layer})" for lease, layer in found["leases"].items()]
    session.view.fields(
        found,
        [
            ("node", found["name"]),
            ("state", found["state"]),
            ("takes no work", _why(found)),
            ("comment", found["comment"] or "-"),
            ("works", found["schedule"] or "at all times"),
            ("tags", ", ".join(found["tags"]) or "-"),
            ("host", found["hostname"] or "-"),
            ("pool", found["pool"] or "-"),
            ("cores", f"{free['cores']} of {has['cores']} free, {found['cpu_ratio']:.0%} in use"),
            (
                "memory",
                f"{free_memory} free, {format_size(found['memory_used_bytes'])} in use",
            ),
            ("GPUs", ", ".join(found["gpus"]) or "-"),
            ("draws", _power(found)),
            ("disk free", format_size(found["disk_free_bytes"])),
            ("Blender", ", ".join(found["blenders"]) or "-"),
            ("worker", found["worker_version"] or "-"),
            ("open scenes", ", ".join(found["warm_scenes"]) or "-"),
            ("leases", ", ".join(leases) or "-"),
            ("last heard of", _seen(found)),
        ],
    )


def _power(node: dict[str, Any]) -> str:
    source = node["energy_source"]
    return f"{node['power_watts']:.0f} W by {source}" if source else "-"


@nodes.command()
@click.argument("node")
@click.option("--reason", default="drained by hand", show_default=True, help="Told to all who ask.")
@talks
def drain(session: Session, *, node: str, reason: str) -> None:
    """Let NODE finish the frames in work and take no others."""
    after = session.client.drain(node, reason=reason)
    session.view.done(
        after, f"Node {node} is {after['state']}. Let it work again: farm nodes undrain {node}"
    )


@nodes.command()
@click.argument("node")
@talks
def undrain(session: Session, *, node: str) -> None:
    """Let a drained NODE work again."""
    after = session.client.undrain(node)
    session.view.done(after, f"Node {node} is {after['state']}.")


for _verb in (
    upkeep.lock,
    upkeep.unlock,
    upkeep.schedule,
    upkeep.comment,
    upkeep.restart,
    upkeep.clear,
    upkeep.forget,
):
    nodes.add_command(_verb)
