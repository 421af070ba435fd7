"""What is said of tasks that wait: one plain sentence for an artist. Pure.

Jobs and layers of productions that the listener may not look at are told as "other productions".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from farm.model.names import job_of_layer
from farm.model.resources import Cores, Resources
from farm.model.sizes import format_size, format_span
from farm.model.snapshot import LayerView
from farm.policy.access import ALL
from farm.policy.waiting import Reason, Waiting
from farm.policy.why import Cause, Part

_HOLDERS_NAMED = 5
_NODES_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A job that holds slots of a limit."""

    job: str
    production: str
    slots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidelined:
    """A node that could serve a layer and takes no work."""

    node: str
    why: str  #: "offline", "drained: new memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a sentence needs to know beside the part it is about."""

    at: float = 0.0  #: seconds since 1970
    sees: str = ALL  #: whose numbers may be told: a production's name, or all
    view: LayerView | None = None  #: as the plan saw the layer
    holders: tuple[Holder, ...] = ()  #: of the limit that is full
    sidelined: tuple[Sidelined, ...] = ()  #: nodes that could serve it and take no work
    leases: Mapping[str, int] | None = None  #: still running, by node that is being cleared
    kept_for: str = ""  #: production of the layer that free room is kept for

    def may_see(self, production: str) -> bool:
        return self.sees in (ALL, production)


def sentence(part: Part, around: Around) -> str:
    """Why the tasks of `part` wait."""
    return _SENTENCES[part.cause](part, around)


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def frames(count: int) -> str:
    """`1 frame`, `3 frames`."""
    return f"{count:,} frame" + ("" if count == 1 else "s")


def amount(asked: Resources) -> str:
    """`2 cores, 4 GiB and 1 GPU`."""
    words = [_cores(asked.cores), format_size(asked.memory_bytes)]
    if asked.gpus:
        words.append(f"{asked.gpus} GPU" + ("" if asked.gpus == 1 else "s"))
    return listed(words)


def _cores(cores: Cores | float | None) -> str:
    number = cores or 0
    shown = f"{number:,.2f}".rstrip("0").rstrip(".")
    return f"{shown} core" + ("" if number == 1 else "s")


def _pool(one: Waiting) -> str:
    return f"pool {one.pool}" if one.pool else "the farm"


def _blocked(part: Part, _: Around) -> str:
    waits = [one for one in part.layer.sources if not one.is_done] or list(part.layer.sources)
    told = [f"{one.what}: {one.done:,} of {one.total:,} frames are done" for one in waits]
    return f"It waits for {listed(told)}." if told else "It waits for what comes before it."


def _paused(part: Part, around: Around) -> str:
    job = part.job
    by = f" by {job.paused_by}" if job.paused_by else ""
    since = "" if job.paused_at is None else f" {_span(around.at - job.paused_at)} ago"
    why = f": {job.paused_why}" if job.paused_why else ""
    return f"Job {job.id} was paused{by}{since}{why}; go on: farm jobs resume {job.id}."


def _later(part: Part, around: Around) -> str:
    return f"Job {part.job.id} starts in {_span(part.job.start_at - around.at)}, as was asked."


def _span(seconds: float) -> str:
    return format_span(max(0.0, seconds))


def _capacity(_: Part, around: Around) -> str:
    what = f"{amount(around.view.resources)} are" if around.view else "room is"
    return f"Its turn has come: it starts as soon as {what} free on a node."


def _no_fit(part: Part, around: Around) -> str:
    one, view = part.plan, around.view
    if one.what in _RULED_OUT:
        return f"No node can ever hold it: {_RULED_OUT[one.what](one)}."
    words = {
        "pool": f"no node is in pool {one.pool or (view.pool if view else '')}",
        "nodes": f"none of the nodes it may run on is there{_named(view.nodes if view else ())}",
        "tags": f"no node has {_tags(view)}",
        "blender": f"no node has Blender {view.blender if view else ''}".rstrip(),
    }
    told = words.get(one.what, "some nodes have each thing it asks for, and none has all of them")
    return f"No node can ever hold it: {told}."


_RULED_OUT: Mapping[str, Callable[[Waiting], str]] = {
    "cores": lambda one: (
        f"it asks for {_cores(one.asked)}, and the largest node has {_cores(one.most)}"
    ),
    "memory": lambda one: (
        f"it asks for {format_size(one.asked or 0)} of memory, and the largest node has "
        f"{format_size(one.most or 0)}"
    ),
    "gpus": lambda one: (
        f"it asks for {one.asked or 0} GPUs, and no node has more than {one.most or 0}"
    ),
    "gpu memory": lambda one: (
        f"it asks for GPUs with {format_size(one.asked or 0)}, and the largest have "
        f"{format_size(one.most or 0)}"
    ),
}


def _tags(view: LayerView | None) -> str:
    tags = sorted(view.tags) if view else []
    return f"the tag{'' if len(tags) == 1 else 's'} {listed(tags)}" if tags else "its tags"


def _named(names: Sequence[str] | frozenset[str]) -> str:
    some = sorted(names)[:_NODES_NAMED]
    return f" ({listed(some)}{', …' if len(names) > len(some) else ''})" if some else ""


def _no_node(_: Part, around: Around) -> str:
    if not around.sidelined:
        pool = around.view.pool if around.view else ""
        return f"No node of pool {pool} is online." if pool else "No node is online."
    told = "; ".join(f"{one.node} is {one.why}" for one in around.sidelined[:_NODES_NAMED])
    more = len(around.sidelined) - _NODES_NAMED
    rest = f"; and {more} more" if more > 0 else ""
    return f"The nodes that could hold it take no work: {told}{rest}."


def _limit(part: Part, around: Around) -> str:
    one = part.plan
    held = f"{_number(one.held)} of {_number(one.most)} are in use"
    return f"Limit {cap_name(one.what)} is full: {held}{_held_by(around)}."


def _held_by(around: Around) -> str:
    seen = [one for one in around.holders if around.may_see(one.production)]
    told = [f"job {one.job} ({one.slots})" for one in seen[:_HOLDERS_NAMED]]
    if len(seen) < len(around.holders):
        told.append("other productions")
    elif len(seen) > _HOLDERS_NAMED:
        told.append(f"{len(seen) - _HOLDERS_NAMED} more jobs")
    return f", by {listed(told)}" if told else ""


def _number(value: Cores | float | None) -> str:
    return f"{value or 0:,.2f}".rstrip("0").rstrip(".")


def cap_name(what: str) -> str:
    """The name inside a cap's: "limit:houdini" is houdini, "group:heron/sq010:cores" is sq010."""
    kind, _, name = what.partition(":")
    if kind == "limit":
        return name
    name = name.rpartition(":")[0] or name
    return name.partition("/")[2] if kind == "group" else name


def _share(part: Part, _: Around) -> str:
    one = part.plan
    held = f"{_number(one.held)} of {_cores(one.most)}"
    return f"Production {one.production} has all it may have of {_pool(one)}: {held}."


def _cap(part: Part, _: Around) -> str:
    one = part.plan
    what = "cores" if one.what.endswith(":cores") else "slots"
    whose = "Job" if one.reason is Reason.JOB_CAP else "Group"
    held = f"{_number(one.held)} of {_number(one.most)}"
    return f"{whose} {cap_name(one.what)} has as many {what} as it may have at once: {held}."


def _behind(part: Part, _: Around) -> str:
    one = part.plan
    if one.ahead:
        come = "comes" if one.ahead == 1 else "come"
        return f"{frames(one.ahead)} of production {one.production} {come} first."
    if one.due is None or one.has is None:
        return "Others come first."
    if one.has - one.due < 0.05 * one.due:
        have = f"its whole share of {_pool(one)}, {_cores(round(one.has, 1))}"
        return f"Production {one.production} has {have}: it goes on when one of its slots is free."
    has = f"{_cores(round(one.has, 1))} of {_pool(one)}, and is due {_number(round(one.due, 1))}"
    return f"Production {one.production} has {has}: others come first."


def _reserved(part: Part, around: Around) -> str:
    one = part.plan
    where = listed(list(one.nodes[:_NODES_NAMED])) or "some nodes"
    if one.what in ("", part.layer.id):
        left = sum((around.leases or {}).get(name, 0) for name in one.nodes)
        still = f"{left} slot{' still runs' if left == 1 else 's still run'} there"
        verb = "is" if len(one.nodes) == 1 else "are"
        return f"{where} {verb} being cleared for it: {still}."
    job = job_of_layer(one.what)
    whom = f"job {job}" if around.may_see(around.kept_for) else "other productions"
    return f"The free room on {where} is kept for {whom}, which could start nowhere else."


def _coming(_: Part, __: Around) -> str:
    return "Room for it is on its way: a slot is handed over when its frame is done."


def _avoid(part: Part, _: Around) -> str:
    nodes = listed(list(part.plan.nodes[:_NODES_NAMED])) or "the nodes that are free"
    return f"It failed on {nodes}, and no other node has room: it waits for another one."


_SENTENCES: Mapping[Cause | Reason, Callable[[Part, Around], str]] = {
    Cause.BLOCKED: _blocked,
    Cause.PAUSED: _paused,
    Cause.LATER: _later,
    Cause.GRANTED: lambda _, __: "A node was told to start it: it begins in a moment.",
    Cause.NEXT: lambda _, __: "Nothing is wrong: it is next in line.",
    Cause.NO_SCHEDULER: lambda _, __: (
        "No scheduler leads, so nothing is started: an operator has to start one (farm scheduler)."
    ),
    Reason.CAPACITY: _capacity,
    Reason.NO_FIT: _no_fit,
    Reason.NO_NODE: _no_node,
    Reason.LIMIT: _limit,
    Reason.SHARE: _share,
    Reason.JOB_CAP: _cap,
    Reason.GROUP_CAP: _cap,
    Reason.BEHIND: _behind,
    Reason.RESERVED: _reserved,
    Reason.COMING: _coming,
    Reason.AVOID: _avoid,
}
