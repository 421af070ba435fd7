"""What an explanation needs to know of the farm beside the plan: read only where it is needed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from farm.model.names import job_of_layer
from farm.model.node import Node
from farm.model.states import NodeState
from farm.policy.access import Right
from farm.policy.briefly import short
from farm.policy.fit import as_if_open, could_serve
from farm.policy.waiting import Reason
from farm.policy.why import Outlook, Part, chief, holders, parts
from farm.policy.wording import Around, Holder, Sidelined, cap_name
from farm.service import discreet
from farm.service.access import Identity
from farm.service.outlook import Outlooks
from farm.store import Store


class Surroundings:
    """Looks things up for the parts of one answer: what several of them need is read once."""

    def __init__(
        self, store: Store, outlooks: Outlooks, seen: Outlook, caller: Identity | None = None
    ) -> None:
        """For what `seen` tells, as `caller` may hear it; as everybody may when left out."""
        self._store = store
        self._outlooks = outlooks
        self._seen = seen
        self._sees = caller.production if caller else ""
        self._whole = caller is not None and caller.may(Right.READ_FARM)
        self._idle: Sequence[Node] | None = None

    def precise(self, part: Part) -> Part:
        """`part`, judged by nodes that the plan cannot see too: a node that would do, and takes no
        work now, is a better reason than that none does. Raises StoreUnavailable.
        """
        fitting = part.cause is Reason.NO_FIT and self._fitting(part)
        return replace(part, cause=Reason.NO_NODE) if fitting else part

    def judged(self, found: Part) -> tuple[Part, Around]:
        """`found`, made precise, and what is around it. Raises StoreUnavailable."""
        part = self.precise(found)
        around = Around(at=self._seen.at, sees=self._sees, view=self._seen.views.get(part.layer.id))
        match part.cause:
            case Reason.NO_NODE:
                off = [(node.name, _why(node, whole=self._whole)) for node in self._fitting(part)]
                told = tuple(Sidelined(node=name, why=why) for name, why in off)
                return part, replace(around, sidelined=told)
            case Reason.LIMIT:
                return part, replace(around, holders=tuple(self._holders(part)))
            case Reason.RESERVED:
                return part, self._reserved(part, around)
            case _:
                return part, around

    def _fitting(self, part: Part) -> list[Node]:
        """Nodes that take no work now, and could serve it."""
        view = self._seen.views.get(part.layer.id)
        if view is None:
            return []
        return [
            node
            for node in self._nodes_off_work()
            if could_serve(as_if_open(node, free=node.free), view)
        ]

    def _holders(self, part: Part) -> Iterator[Holder]:
        limit = cap_name(part.plan.what)
        for job, slots in holders(limit, self._outlooks.open_jobs(self._store)):
            yield Holder(job=job.id, production=job.production, slots=slots)

    def _nodes_off_work(self) -> Sequence[Node]:
        if self._idle is None:
            self._idle = self._store.nodes.others(self._seen.nodes)
        return self._idle

    def _reserved(self, part: Part, around: Around) -> Around:
        nodes = self._store.nodes.some(part.plan.nodes)
        production = ""
        if part.plan.what not in ("", part.layer.id):
            job = job_of_layer(part.plan.what)
            production = self._store.jobs.productions([job]).get(job, "")
        return replace(
            around, leases={node.name: len(node.leases) for node in nodes}, kept_for=production
        )


def _why(node: Node, *, whole: bool) -> str:
    """Why it takes no work: "offline", "draining: new memory", "quarantined: it fails all jobs"."""
    if node.state is not NodeState.ONLINE:
        return f"{node.state}: {node.held}" if node.held else str(node.state)
    if closed := discreet.closed(node, whole=whole):
        # Of a lock it is what somebody said, which may be any words.
        told = closed.startswith(("locked", "quarantined"))
        return closed if told else f"locked: {closed}"
    unfit = discreet.unfit(node, whole=whole)
    return f"unfit: {unfit}" if unfit else "resting"


def reasons_of(
    store: Store, outlooks: Outlooks, ids: list[str], caller: Identity
) -> dict[str, str]:
    """Why each of these jobs waits, in a few words; those of which nothing waits are left out."""
    seen = outlooks.plan(store)
    around = Surroundings(store, outlooks, seen, caller)
    found: dict[str, str] = {}
    for job in store.standing.of(ids):
        first = chief(parts(job, seen))
        if first is not None:
            found[job.id] = short(*around.judged(first))
    return found
