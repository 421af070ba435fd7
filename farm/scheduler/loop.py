"""The leader's loop: wake on an event, look once, decide, carry it out.

The loop keeps nothing between two passes, so a new leader is as good as the old one. What it
decides from is never older than one pass, and the store checks every grant again."""

import logging
import time
from collections import Counter
from dataclasses import dataclass

from farm.model.errors import NotLeader
from farm.policy.plan import Plan, plan
from farm.queue import LeaseQueue
from farm.store import Store

log = logging.getLogger("karst.scheduler")

NEXT_LAYERS = 64  #: of each production, looked at when the first ones leave slots free
MOST_LAYERS = 32_768  #: … and at most, when slots stay free
PASS_SECONDS = 0.1  #: after this long a pass looks no further back in the line
RECALL_SECONDS = 0.5  #: between two looks at all leases; a recall acts at a task boundary anyway


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one pass did."""

    granted: int = 0
    refused: int = 0
    recalled: int = 0


class Decider:
    """One pass at a time: snapshot, plan, grant, publish, recall."""

    def __init__(self, store: Store, queue: LeaseQueue, token: str) -> None:
        """Decide on behalf of the leader with `token`."""
        self._store = store
        self._queue = queue
        self._token = token
        self._recall_at = 0.0

    def decide(self) -> Pass:
        """Give every free slot what is due. Raises NotLeader, StoreUnavailable."""
        layers, done = 0, Pass()  # at first as many as there are free cores
        give_up_at = time.monotonic() + PASS_SECONDS
        while True:
            snapshot = self._store.leader.snapshot(layers_per_production=layers)
            decision = plan(snapshot)
            step = self._carry_out(decision)
            done = Pass(granted=done.granted + step.granted, refused=done.refused + step.refused)
            # Slots that are still free may fit a layer further back in the line.
            free = sum(node.free.cores for node in snapshot.nodes)
            idle = free - sum(grant.resources.cores for grant in decision.grants)
            if not (snapshot.more_layers and idle > 0 and layers < MOST_LAYERS):
                break
            if time.monotonic() > give_up_at:  # recalls and dead nodes want their turn too
                break
            if not step.granted:
                layers = max(NEXT_LAYERS, layers * 8)
        recalled = self._recall(max(NEXT_LAYERS, layers)) if decision.unmet else 0
        return Pass(granted=done.granted, refused=done.refused, recalled=recalled)

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

    def _recall(self, layers: int) -> int:
        """Ask for slots back; only for that is the list of all leases worth reading."""
        if time.monotonic() < self._recall_at:
            return 0
        self._recall_at = time.monotonic() + RECALL_SECONDS
        snapshot = self._store.leader.snapshot(layers_per_production=layers, leases=True)
        recalls = plan(snapshot).recalls
        if recalls:
            answers = self._store.leases.recall(recalls, leader=self._token)
            log.info("recalled %s", dict(Counter(answers)))
        return len(recalls)
