"""Who decides: the farm's own policy. Others stand in `farm.sim.baselines` behind the same door."""

from typing import Protocol

from farm.policy.plan import plan
from farm.sim.pieces import PlayedLease
from farm.sim.world import World

NEXT_LAYERS = 64  #: as farm.scheduler.loop
MOST_LAYERS = 32_768
MOST_LOOKS = 3  #: the loop's bound is a time; one of looks gives the same week each time


class Dispatcher(Protocol):
    """One pass at a time; it keeps what it needs between them."""

    name: str
    patience_seconds: float  #: a pass comes so often while work waits; 0: the scenario says

    def decide(self, world: World) -> list[PlayedLease]:
        """Grant and recall; the leases that must end at once."""
        ...


class Karst:
    """`farm.policy.plan.plan`, called as the scheduler's loop calls it."""

    name = "karst"
    patience_seconds = 0.0

    def __init__(self) -> None:
        self._recall_at = 0.0

    def decide(self, world: World) -> list[PlayedLease]:
        layers, looked, waiting = 0, 0, False  # at first as many as there are free cores
        givers: frozenset[str] = frozenset()
        while True:
            snapshot = world.snapshot(layers_per_production=layers)
            decision = plan(snapshot)
            granted = world.grant(decision.grants)["granted"]
            waiting, givers = bool(decision.waiting), givers | decision.givers.names
            if decision.more and granted:
                continue
            looked += 1
            free = sum(node.free.cores for node in snapshot.nodes)
            idle = free - sum(grant.resources.cores for grant in decision.grants)
            if not (snapshot.more_layers and idle > 0 and looked < MOST_LOOKS):
                break
            if not granted:
                layers = min(MOST_LAYERS, max(NEXT_LAYERS, layers * 8))
        return self._recall(world, max(NEXT_LAYERS, layers), givers) if waiting else []

    def _recall(self, world: World, layers: int, givers: frozenset[str]) -> list[PlayedLease]:
        if world.now < self._recall_at:
            return []
        self._recall_at = world.now + world.scenario.recall_seconds
        if not givers:
            return []
        snapshot = world.snapshot(layers_per_production=layers, leases=True, leases_of=givers)
        decision = plan(snapshot)
        world.grant(decision.grants)
        return world.recall(decision.recalls)
