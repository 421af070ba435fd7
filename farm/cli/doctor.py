"""`farm doctor`: is the farm well, part by part, and what to do where it is not."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import click

from farm import __version__
from farm.cli import errors
from farm.cli.options import Session, talks
from farm.cli.output import View, counted, message
from farm.model.errors import FarmError, ServiceUnavailable, StoreUnavailable
from farm.model.states import NodeState

Farm = dict[str, Any]

IMAGE_RULE = "a succeeded frame has its image"  #: as the service's audit calls it


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at."""

    what: str
    state: str  #: "ok", "warning", "bad"
    found: str
    mend: str = ""


@click.command()
@click.option("--audit", is_flag=True, help="Recompute the book-keeping and look for the images.")
@talks
def doctor(session: Session, *, audit: bool) -> int:
    """Check that the farm is well, part by part.

    Ends with 0 when it is, 1 when something is bad, 4 when the service cannot be reached.
    """
    if session.view.for_people:
        message("Looking at the farm …")
    found, status = [_python()], errors.OK
    try:
        farm = session.client.farm()
        found += [look(farm) for look in _LOOKS]
        found += _unfit(session.client.nodes())
        found += _audited(session.client.audit()) if audit else []
    except (ServiceUnavailable, StoreUnavailable) as error:
        found.append(_away(error))
        status = errors.UNREACHABLE
    _show(session.view, found)
    return status or (errors.FAILED if any(one.state == "bad" for one in found) else errors.OK)


def _show(view: View, found: list[Finding]) -> None:
    columns = ("WHAT", "STATE", "FOUND", "TO DO")
    rows = [(one.what, one.state, one.found, one.mend or "-") for one in found]
    view.table([asdict(one) for one in found], columns, rows)


def _away(error: FarmError) -> Finding:
    what = "store" if isinstance(error, StoreUnavailable) else "service"
    said, _, mend = str(error).partition(": start")
    return Finding(what=what, state="bad", found=said, mend=f"start{mend}" if mend else "")


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    good = sys.version_info >= (3, 11)
    return Finding(
        what="python",
        state="ok" if good else "bad",
        found=version,
        mend="" if good else "install Python 3.11",
    )


def _service(farm: Farm) -> Finding:
    same = farm["version"] == __version__
    return Finding(
        what="service",
        state="ok" if same else "warning",
        found=f"Karst {farm['version']}",
        mend="" if same else f"this command is {__version__}: install the same on both",
    )


def _store(farm: Farm) -> Finding:
    facts = farm["store_facts"]
    return Finding(what="store", state="ok", found=f"{facts['server']} {facts['version']}")


def _disk(farm: Farm) -> Finding:
    on = farm["store_facts"]["append_only_file"] == "on"
    return Finding(
        what="store on disk",
        state="ok" if on else "bad",
        found="append-only file is " + ("on" if on else "off"),
        mend="" if on else "set `appendonly yes`: jobs are lost when the store stops",
    )


def _memory(farm: Farm) -> Finding:
    policy = farm["store_facts"]["when_memory_is_full"]
    good = policy == "noeviction"
    return Finding(
        what="store memory",
        state="ok" if good else "bad",
        found=policy,
        mend="" if good else "set `maxmemory-policy noeviction`: it may throw jobs away",
    )


def _scheduler(farm: Farm) -> Finding:
    leads = farm["scheduler"]
    return Finding(
        what="scheduler",
        state="ok" if leads else "bad",
        found=f"{leads} leads" if leads else "none leads",
        mend="" if leads else "start one: farm scheduler",
    )


def _nodes(farm: Farm) -> Finding:
    states = ", ".join(f"{n} {state}" for state, n in farm["nodes_by_state"].items() if n)
    good = bool(farm["nodes_by_state"].get("online"))
    return Finding(
        what="nodes",
        state="ok" if good else "warning",
        found=states or "none",
        mend="" if good else "start one: farm-worker, on a machine that sees the scenes",
    )


def _blenders(farm: Farm) -> Finding:
    versions = farm["blenders"]
    if not versions:
        return Finding(what="Blender", state="warning", found="on no node", mend="install it there")
    one = len(versions) == 1
    return Finding(
        what="Blender",
        state="ok" if one else "warning",
        found=", ".join(versions),
        mend="" if one else "nodes differ: their images may too",
    )


_LOOKS: tuple[Callable[[Farm], Finding], ...] = (
    _service,
    _store,
    _disk,
    _memory,
    _scheduler,
    _nodes,
    _blenders,
)


def _unfit(nodes: list[dict[str, Any]]) -> Iterator[Finding]:
    from farm.model.node import IN_USE  # what it comes with is slow to load

    for node in nodes:
        if node["unfit"] == IN_USE and node["state"] != NodeState.OFFLINE:
            yield Finding(what=f"node {node['name']}", state="ok", found=f"waits: {IN_USE}")
        elif node["unfit"] and node["state"] != NodeState.OFFLINE:
            yield Finding(
                what=f"node {node['name']}",
                state="bad",
                found=f"takes no work: {node['unfit']}",
                mend="mend it there; the node then goes on by itself",
            )


def _audited(audit: dict[str, Any]) -> Iterator[Finding]:
    checked = f"{counted(audit['images_checked'], 'image')} of {audit['images_due']:,} looked for"
    if not audit["breaches"]:
        yield Finding(what="audit", state="ok", found=f"all figures agree; {checked}")
    for breach in audit["breaches"]:
        yield Finding(
            what="audit",
            state="bad",
            found=f"{breach['rule']}: {breach['where']} has {breach['found']}, "
            f"expected {breach['expected']}",
            mend=_mend(breach["rule"]),
        )


def _mend(rule: str) -> str:
    if rule == IMAGE_RULE:
        return "render it again: farm jobs retry JOB --frames FRAME --state succeeded"
    return "please report it, with the store's data"
