"""Nodes that sleep and wake in the played farm, by the farm's own policy."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from farm.policy.sleep import MOST_LAYERS, Rest, Sleeper, SleepRules, by_pool, decide
from farm.sim.pieces import PlayedNode
from farm.sim.world import World

LOOK_SECONDS = 15.0
_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)  #: any would do

At = Callable[[float, Callable[[], None]], None]


class Resting:
    """Looks now and then, as the leading scheduler does."""

    def __init__(self, world: World, at: At, wake: Callable[[], None]) -> None:
        """`at` does something later; `wake` asks for a pass."""
        self._world, self._at, self._wake = world, at, wake
        self._rules = world.scenario.sleep or SleepRules()

    def look(self) -> None:
        """Put to sleep, and wake, what should be so now; where nobody sleeps, never look again."""
        world = self._world
        if world.scenario.sleep is None:
            return
        at = _MONDAY + timedelta(seconds=world.scenario.start_seconds + world.now)
        nodes = [self._sleeper(one) for one in world.nodes.values() if self._may(one)]
        snapshot = world.snapshot(layers_per_production=MOST_LAYERS)
        for sleepers in by_pool(nodes).values():
            orders = decide(sleepers, snapshot, self._rules, at=at)
            for name in orders.sleep:
                self._to_sleep(world.nodes[name])
            for name in orders.wake:
                self._rouse(world.nodes[name])
        self._at(world.now + LOOK_SECONDS, self.look)

    @staticmethod
    def _may(node: PlayedNode) -> bool:
        return node.online and not node.dead and not node.drained

    def _sleeper(self, node: PlayedNode) -> Sleeper:
        return Sleeper(
            view=node.seen(), rest=node.rest, idle_seconds=self._world.now - node.idle_since
        )

    def _to_sleep(self, node: PlayedNode) -> None:
        measures = self._world.measures
        measures.watts -= node.kind.idle_watts - node.kind.asleep_watts
        measures.asleep_nodes += 1
        self._change(node, Rest.ASLEEP)
        node.warm.clear()

    def _rouse(self, node: PlayedNode) -> None:
        measures = self._world.measures
        measures.watts += node.kind.idle_watts - node.kind.asleep_watts
        measures.asleep_nodes -= 1
        measures.wakes += 1
        self._change(node, Rest.WAKING)
        self._at(self._world.now + self._rules.wake_seconds, partial(self._up, node))

    def _up(self, node: PlayedNode) -> None:
        node.idle_since = self._world.now
        node.epoch += 1
        self._change(node, Rest.AWAKE)
        self._wake()

    def _change(self, node: PlayedNode, rest: Rest) -> None:
        node.rest = rest
        node.view = None
        self._world.count_pools()
