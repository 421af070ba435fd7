"""Nodes that nobody needs sleep, and wake when somebody does: the leader's, by the policy's word.

In a thread of its own with a connection of its own, so that no decision waits for it. What a node
is told to be lies in the store. Only since when nodes are idle and which hooks were tried is
kept here: a new leader begins that anew, and at worst a node sleeps later, or is told twice.
"""

import logging
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from farm.model.errors import NotFound, NotLeader, StoreUnavailable
from farm.model.node import Node
from farm.model.snapshot import NodeView
from farm.model.states import NodeState
from farm.policy.fit import as_if_open
from farm.policy.sleep import MOST_LAYERS, Rest, Sleeper, by_pool, decide
from farm.scheduler.lead import Lead
from farm.scheduler.sleep_file import SleepPlan
from farm.store import Store

log = logging.getLogger("karst.scheduler")

LOOK_SECONDS = 15.0
STILL_UP_SECONDS = 120.0  #: after a node was told to sleep: if it is heard of then, it does not
WAKE_TRIES = 3
AGAIN_SECONDS = 3600.0  #: until one that did not sleep is told to again
_WHY = {Rest.ASLEEP: "asleep: nobody needs it", Rest.WAKING: "waking: it is needed"}


class Bedtime:
    """Looks now and then while its scheduler leads."""

    def __init__(self, store: Store, lead: Lead, plan: SleepPlan) -> None:
        """Put the nodes of `store` to sleep by `plan`, and wake them."""
        self._store, self._lead, self._plan = store, lead, plan
        self._idle_since: dict[str, float] = {}
        self._told: dict[str, tuple[str, float, int]] = {}  #: rest, since when, hooks tried
        self._restless: dict[str, float] = {}  #: nodes that did not sleep: until when they may stay

    def run(self, stop: threading.Event) -> None:
        """Look until `stop`."""
        while not stop.wait(LOOK_SECONDS):
            if not self._lead.held.is_set():
                continue
            try:
                self.look(datetime.now(UTC), time.monotonic())
            except (NotLeader, StoreUnavailable) as error:
                log.warning("%s; nodes sleep on", error)
            except Exception:
                # Who cannot tell whether a node is needed leaves it as it is.
                log.exception("a look at who may sleep went wrong")

    def look(self, at: datetime, now: float) -> None:
        """Put to sleep, and wake, what should be so. `now` is a clock that only goes on.

        Raises NotLeader, StoreUnavailable.
        """
        nodes = [one for one in self._store.nodes.list() if one.spec.pool in self._plan.pools]
        snapshot = self._store.leader.snapshot(layers_per_production=MOST_LAYERS)
        seen = {one.name: one for one in snapshot.nodes}
        for node in nodes:
            self._follow(node, now)
        sleepers = [found for one in nodes if (found := self._sleeper(one, seen, now))]
        for pool, some in by_pool(sleepers).items():
            orders = decide(some, snapshot, self._plan.pools[pool], at=at)
            for name in orders.wake:
                self._rest(name, Rest.WAKING, now)
            for name in orders.sleep:
                self._rest(name, Rest.ASLEEP, now)

    def _rest(self, name: str, rest: Rest, now: float) -> None:
        log.info("node %s: %s", name, _WHY[rest])
        try:
            self._store.nodes.rest(name, rest, _WHY[rest], leader=self._lead.token)
        except NotFound:
            return
        self._told.pop(name, None)
        if rest is Rest.WAKING:
            self._try(name, rest, now)

    def _sleeper(self, node: Node, seen: Mapping[str, NodeView], now: float) -> Sleeper | None:
        """The node as the policy sees it; None: it is not the policy's."""
        if node.rest:
            self._idle_since.pop(node.name, None)
            if node.rest == Rest.WAKING and self._tries(node) > WAKE_TRIES:
                return None
            return Sleeper(view=as_if_open(node, free=node.spec.resources), rest=Rest(node.rest))
        view = seen.get(node.name)
        if view is None or node.schedule or not self._plan.hooks.can_wake(node.name):
            self._idle_since.pop(node.name, None)
            return None
        if node.leases or node.name not in self._idle_since:
            self._idle_since[node.name] = now
        idle = now - self._idle_since[node.name]
        if now < self._restless.get(node.name, now):
            idle = 0.0
        return Sleeper(view=view, idle_seconds=idle)

    def _tries(self, node: Node) -> int:
        rest, _, tries = self._told.get(node.name, ("", 0.0, 0))
        return tries if rest == node.rest else 0

    def _follow(self, node: Node, now: float) -> None:
        """See to it that a node which was told something does it."""
        if not node.rest:
            self._told.pop(node.name, None)
            return
        rules = self._plan.pools[node.spec.pool]
        _, told_at, _ = self._told.get(node.name, ("", now, 0))
        tries = self._tries(node)
        if node.rest == Rest.WAKING:
            if tries <= WAKE_TRIES and (not tries or now - told_at > 2 * rules.wake_seconds):
                self._wake_again(node, tries, now)
        elif node.state is not NodeState.OFFLINE and not node.leases:
            if not tries:
                self._try(node.name, Rest.ASLEEP, now)
            elif now - told_at > STILL_UP_SECONDS:
                log.warning("node %s was told to sleep and is awake: it works again", node.name)
                self._restless[node.name] = now + AGAIN_SECONDS
                self._store.nodes.rest(node.name, "", "", leader=self._lead.token)

    def _wake_again(self, node: Node, tries: int, now: float) -> None:
        if tries == WAKE_TRIES:
            log.warning("node %s does not wake: look at it", node.name)
            self._told[node.name] = (Rest.WAKING, now, tries + 1)
        else:
            self._try(node.name, Rest.WAKING, now)

    def _try(self, name: str, rest: Rest, now: float) -> None:
        _, _, tries = self._told.get(name, ("", now, 0))
        self._told[name] = (rest, now, tries + 1)
        if rest is Rest.ASLEEP:
            self._plan.hooks.to_sleep(name)
        else:
            self._plan.hooks.rouse(name)
