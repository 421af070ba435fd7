"""A layer's wish for slots, and how much of it a plan has met. Pure."""

from collections.abc import Mapping

from farm.model.snapshot import LayerView
from farm.policy.caps import Cap, caps_for
from farm.policy.fit import Needs, needs_of
from farm.policy.order import Urgency, aged, urgency
from farm.policy.waiting import Reason

NOWHERE: frozenset[str] = frozenset()


class JobSlots:
    """The slots of one job, this plan's grants counted, and the least it should have."""

    __slots__ = ("least", "slots")

    def __init__(self, slots: int, least: int) -> None:
        """Start from what it has."""
        self.slots, self.least = slots, least


class Demand:
    """One layer in a plan."""

    __slots__ = (
        "caps",
        "cores",
        "gpus",
        "job",
        "key",
        "layer",
        "memory",
        "needs",
        "picky",
        "plain",
        "points",
        "refused",
        "stopped",
        "wanted",
        "warm",
        "wish",
    )

    def __init__(
        self,
        layer: LayerView,
        jobs: dict[str, JobSlots],
        wishes: dict[object, int],
        caps: Mapping[str, Cap],
        at: float,
    ) -> None:
        """Start with all that `layer` wants; `jobs` and `wishes` fill up."""
        self.layer = layer
        self.wanted = layer.wanted
        self.plain = layer.wanted if layer.plain < 0 else min(layer.plain, layer.wanted)
        self.picky = list(layer.avoid) if layer.avoid else []
        asked = layer.resources
        self.cores, self.memory, self.gpus = asked.cores, asked.memory_bytes, asked.gpus
        self.needs: Needs | None = needs_of(layer)
        wish = (layer.pool, self.cores, self.memory, self.gpus, layer.whole_node, self.needs)
        #: Layers with the same wish have the same chance of a node.
        self.wish = wishes.setdefault(wish, len(wishes))
        self.caps = caps_for(layer.caps, caps) if layer.caps else ()
        name = layer.job or layer.id
        job = jobs.get(name)
        if job is None:
            job = jobs[name] = JobSlots(layer.slots, layer.least_tasks)
        self.job = job
        self.points = aged(layer, at)
        self.key: Urgency = urgency(layer, self.points, below_least=job.slots < job.least)
        self.stopped: Cap | None = None  #: the cap that lets it have no more, wherever
        self.refused: dict[str, Reason] = {}  #: by pool: why not there
        self.warm: dict[str, list[int]] = {}  #: by pool: nodes that know its scene or its files

    def served(self, retry: int = -1) -> None:
        """One slot, for a task that may run anywhere or the `retry`th of those that may not.

        What it gained by waiting is gone.
        """
        self.wanted -= 1
        if retry < 0:
            self.plain -= 1
        else:
            del self.picky[retry]
        self.job.slots += 1
        self.points = 0
        self.refresh()

    def refresh(self) -> None:
        """Put its place in the line right after it or another layer of its job got a slot."""
        below = self.job.slots < self.job.least
        if self.key[0] == below or self.key[1] != -self.layer.priority - self.points:
            self.key = urgency(self.layer, self.points, below_least=below)
