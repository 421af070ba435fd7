"""The leader's loop: wake on an event, look once, decide, carry it out.

The loop keeps nothing between two passes but when it looked, and at whose leases to look next, so a
new leader is as good as the old one. What it decides from is never older than one pass, and the
store checks every grant again."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from farm.model.errors import NotLeader
from farm.model.snapshot import Snapshot
from farm.policy.givers import NOBODY
from farm.policy.plan import Plan, plan
from farm.queue import LeaseQueue
from farm.scheduler.pace import Pace
from farm.scheduler.tidy import collected_after
from farm.settings import TICK_SECONDS
from farm.store import Store
from farm.store.leader import LAYERS_IN_ALL, Nudge

log = logging.getLogger("karst.scheduler")

GRANTS_AT_ONCE = 250  #: of one plan: so a pass stays short, and others get their turn at the store
FEW_LAYERS = 512  #: looked at first, where very many wait: enough for slots that come free
MOST_LAYERS = 32_768  #: of each production, looked at when slots stay free
WIDER = 8  #: times as many layers are looked at when the first ones leave slots free
RECALL_SECONDS = 0.5  #: between two looks at leases; a recall acts at a task boundary anyway
TELL_SECONDS = 1.0  #: between two plans that tell why the rest waits, for those who watch
RECALL_SHARE = 50  #: so on 15,000 leases, a tenth of a second, a look comes every five seconds
VAIN_SHARE = 200  #: the same where nothing presses and the last look found nothing to recall


@dataclass(frozen=True, slots=True, kw_only=True)
class Breadth:
    """How far a look goes back in the line."""

    per_production: int = 0  #: layers; 0: as many as make `in_all`
    in_all: int = FEW_LAYERS

    def wider(self, snapshot: Snapshot) -> "Breadth":
        """The next one, when what such a look saw in `snapshot` leaves slots free."""
        if self.in_all < LAYERS_IN_ALL:
            return Breadth(in_all=LAYERS_IN_ALL)
        most = max(Counter(layer.production for layer in snapshot.layers).values())
        return Breadth(per_production=WIDER * most, in_all=self.in_all)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one pass did."""

    granted: int = 0
    refused: int = 0
    recalled: int = 0
    more: bool = False  #: there is more to grant at once


class Decider:
    """One pass at a time: snapshot, plan, grant, publish, recall."""

    def __init__(
        self, store: Store, queue: LeaseQueue, token: str, *, policy: Callable[..., Plan] = plan
    ) -> None:
        """Decide by `policy` on behalf of the leader with `token`."""
        self._policy = policy
        self._store = store
        self._queue = queue
        self._token = token
        self._recalls = Pace(RECALL_SECONDS, share=RECALL_SHARE)
        self._in_vain = Pace(RECALL_SECONDS, share=VAIN_SHARE)
        self._wider, self._telling = Pace(), Pace(TELL_SECONDS)
        #: How far the last pass looked back in the line, and whose leases may have to give.
        self._breadth, self._givers = Breadth(), NOBODY
        self._next: Breadth | None = None  #: of the next pass, where this one left slots free
        #: The last look at leases found some to recall, or there was an order since.
        self._presses = False
        self.more = False  #: the last pass was cut: the next one need not wait for an event
        #: What the last pass decided, and from what; None: it did not tell why the rest waits.
        self.seen: tuple[Snapshot, Plan] | None = None

    def rest(self) -> None:
        """Wait for an event, or until leases are to be looked at, unless there is more to grant."""
        if self.more:
            return
        left = self._recall_in_seconds() if self._givers.names else TICK_SECONDS
        nudge = self._store.leader.await_nudge(min(TICK_SECONDS, max(0.001, left)))
        if nudge is Nudge.ORDER:
            self.heed()

    def heed(self) -> None:
        """Somebody changed what is due to whom: soon look at the leases of those who have to give.

        Who that is, the next pass has to tell first.
        """
        self._givers, self._presses = NOBODY, True

    def _recall_in_seconds(self) -> float:
        presses = self._presses or self._givers.pressing
        return (self._recalls if presses else self._in_vain).left_seconds()

    @collected_after()
    def decide(self) -> Pass:
        """Give free slots what is due. Raises NotLeader, StoreUnavailable.

        When it is time to ask for slots back, leases are read too, of those who may give by what
        the last pass told: one look for both.
        """
        self.more, self.seen = False, None
        tell = self._telling.is_due()
        if self._givers.names and not self._recall_in_seconds():
            return self._look_at_leases(tell=tell)
        breadth = self._next or Breadth(in_all=LAYERS_IN_ALL if tell else FEW_LAYERS)
        began, self._next = time.monotonic(), None
        snapshot = self._look(breadth)
        decision = self._plan(snapshot, tell=tell)
        done = self._carry_out(decision)
        if decision.more and done.granted:
            self.more = True
            return replace(done, more=True)
        if not done.granted and (breadth.per_production or not snapshot.more_layers):
            self._wider.looked(began)  # in vain: not again at once
        if _wants_wider(snapshot, decision, breadth) and self._wider.is_due():
            self._next = breadth.wider(snapshot)  # nothing of what was seen fits what is free
            self.more = True
        self._judge(snapshot, decision)
        self._breadth, self._givers = breadth, decision.givers
        return replace(done, more=self.more)

    def _look_at_leases(self, *, tell: bool) -> Pass:
        """Grant, and ask for slots back; only for that are leases worth reading."""
        began = time.monotonic()
        breadth = replace(self._breadth, in_all=LAYERS_IN_ALL)
        snapshot = self._look(breadth, leases_of=self._givers.names)
        decision = self._plan(snapshot, tell=tell)
        self._recalls.looked(began)
        self._in_vain.looked(began)
        self._presses = bool(decision.recalls)
        done = self._carry_out(decision)
        if decision.recalls:
            answers = self._store.leases.recall(decision.recalls, leader=self._token)
            log.info("recalled %s", dict(Counter(answers)))
        self._judge(snapshot, decision)
        self._givers = decision.givers
        self.more = self._next is not None or (decision.more and done.granted > 0)
        return replace(done, recalled=len(decision.recalls), more=self.more)

    def _look(self, breadth: Breadth, leases_of: Collection[str] = ()) -> Snapshot:
        return self._store.leader.snapshot(
            layers_per_production=breadth.per_production,
            layers_in_all=breadth.in_all,
            leases_of=leases_of,
        )

    def _plan(self, snapshot: Snapshot, *, tell: bool) -> Plan:
        """Decide, and when it is time to `tell` why the rest waits, keep that in `seen`."""
        began = time.monotonic()
        decision = self._policy(snapshot, most_grants=GRANTS_AT_ONCE, tell=tell)
        if tell:
            self.seen = snapshot, decision
            self._telling.looked(began)
        return decision

    def _judge(self, snapshot: Snapshot, decision: Plan) -> None:
        """Tell the accounts of what use the free room is, once all that waits was looked at."""
        if decision.more or snapshot.more_layers:
            return
        marks = {layer.id: layer.unjudged for layer in snapshot.layers if layer.unjudged}
        if decision.free or marks or snapshot.opened:
            accounts = self._store.accounts
            accounts.judge(decision.free, marks, snapshot.opened, leader=self._token)

    def _carry_out(self, decision: Plan) -> Pass:
        if not decision.grants:
            return Pass()
        granted: list[tuple[str, str]] = []
        refused: Counter[str] = Counter()
        for grant, lease, answer in self._store.leases.grant(decision.grants, leader=self._token):
            if answer == "granted":
                granted.append((grant.node, lease))
            else:
                refused[answer] += 1
        if granted:
            self._queue.publish(granted)
        if "not leader" in refused:
            raise NotLeader("another scheduler leads")
        if refused:
            log.info("refused %s", dict(refused))
        return Pass(granted=len(granted), refused=sum(refused.values()))


def _wants_wider(snapshot: Snapshot, decision: Plan, breadth: Breadth) -> bool:
    """May slots that are still free fit a layer further back in the line?"""
    free = sum(node.free.cores for node in snapshot.nodes)
    idle = free - sum(grant.resources.cores for grant in decision.grants)
    return (
        snapshot.more_layers
        and bool(snapshot.layers)
        and idle > 0
        and breadth.per_production < MOST_LAYERS
    )
