"""What is said of tasks that wait in a few words, for a column of a table. Pure."""

from collections.abc import Callable, Mapping

from farm.model.sizes import format_span
from farm.policy.waiting import Reason
from farm.policy.why import Cause, Part
from farm.policy.wording import Around, cap_name


def short(part: Part, around: Around) -> str:
    """Why the tasks of `part` wait: "3 behind", "limit houdini", "paused"."""
    return _SHORT[part.cause](part, around)


def _short_blocked(part: Part, _: Around) -> str:
    waits = [one.what for one in part.layer.sources if not one.is_done]
    return f"after {waits[0]}" if waits else "after others"


def _short_behind(part: Part, _: Around) -> str:
    one = part.plan
    if one.ahead:
        return f"{one.ahead:,} behind"
    return "over its share" if (one.has or 0) > 1.05 * (one.due or 0) else "share in use"


def _short_reserved(part: Part, _: Around) -> str:
    one = part.plan
    return "node is cleared" if one.what in ("", part.layer.id) else "room kept"


_SHORT: Mapping[Cause | Reason, Callable[[Part, Around], str]] = {
    Cause.BLOCKED: _short_blocked,
    Cause.PAUSED: lambda _, __: "paused",
    Cause.LATER: lambda part, around: f"in {format_span(max(0.0, part.job.start_at - around.at))}",
    Cause.GRANTED: lambda _, __: "starting",
    Cause.NEXT: lambda _, __: "next",
    Cause.NO_SCHEDULER: lambda _, __: "no scheduler",
    Reason.CAPACITY: lambda _, __: "no room",
    Reason.NO_FIT: lambda _, __: "no node fits",
    Reason.NO_NODE: lambda _, __: "no node works",
    Reason.LIMIT: lambda part, _: f"limit {cap_name(part.plan.what)}",
    Reason.SHARE: lambda _, __: "ceiling",
    Reason.JOB_CAP: lambda _, __: "job's most",
    Reason.GROUP_CAP: lambda part, _: f"group {cap_name(part.plan.what)}",
    Reason.BEHIND: _short_behind,
    Reason.RESERVED: _short_reserved,
    Reason.COMING: lambda _, __: "slot coming",
    Reason.AVOID: lambda _, __: "failed there",
}


def kind(part: Part) -> str:
    """What is the same for all tasks that wait for the like, whichever job they are of."""
    return _KINDS.get(part.cause) or _SHORT[part.cause](part, Around())


_KINDS: Mapping[Cause | Reason, str] = {
    Cause.BLOCKED: "after others",
    Cause.LATER: "later",
    Reason.BEHIND: "behind others",
    Reason.RESERVED: "room is cleared",
}
