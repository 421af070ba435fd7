"""What a plan says of the whole farm, in a few figures for those who watch it. Pure."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from farm.model.snapshot import Snapshot
from farm.policy.entitled import entitlements
from farm.policy.plan import Plan
from farm.policy.waiting import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Of all that the plan looked at: where very many layers wait, the most urgent ones of each
    production.
    """

    #: Tasks it found no slot for, by the pool that their layers ask for ("" is any) and reason.
    waiting: Mapping[tuple[str, Reason], int]
    #: By the pool that layers ask for, "" is any: when the one that has waited longest got its last
    #: slot, or became ready if it never did; seconds since 1970.
    oldest_ready_at: Mapping[str, float]
    due_cores: Mapping[str, float]  #: by production that books or wants something, over all pools


def overview(snapshot: Snapshot, plan: Plan) -> Overview:
    """Add up what `plan` says of `snapshot`."""
    waiting: Counter[tuple[str, Reason]] = Counter()
    asked = {layer.id: layer.pool for layer in snapshot.layers}
    for row in plan.waiting:
        waiting[asked[row.layer], row.reason] += row.tasks
    left = {row.layer for row in plan.waiting}
    oldest: dict[str, float] = {}
    for layer in snapshot.layers:
        if layer.id in left:
            oldest[layer.pool] = min(layer.served_at, oldest.get(layer.pool, layer.served_at))
    due: defaultdict[str, float] = defaultdict(float)
    for one in entitlements(snapshot):
        if one.due_cores is not None:
            due[one.production] += one.due_cores
    return Overview(waiting=waiting, oldest_ready_at=oldest, due_cores=due)
