"""What befalls the farm, and when: as the scenario states it, or by chance."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from farm.sim.pieces import PlayedNode
from farm.sim.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """One thing that happens."""

    what: str  #: "death", "drain", "away", "limit"
    at: float
    for_seconds: float = 0.0
    node: PlayedNode | None = None
    limit: str = ""
    most: float = 0.0


def happenings(scenario: Scenario, nodes: Iterable[PlayedNode]) -> Iterator[Fate]:
    """Everything that befalls the farm in `scenario`, in no order."""
    played = list(nodes)
    for number, one in enumerate(scenario.events):
        if one.what in ("death", "drain"):
            able = [node for node in played if one.kind in ("", node.kind.kind)]
            chance = Random(f"{scenario.seed}/event {number}")
            for node in chance.sample(able, min(one.count, len(able))):
                yield Fate(what=one.what, at=one.at_seconds, for_seconds=one.for_seconds, node=node)
        else:
            yield Fate(
                what=one.what,
                at=one.at_seconds,
                for_seconds=one.for_seconds,
                limit=one.limit,
                most=one.most,
            )
    for node in played:
        yield from _deaths(scenario, node)


def _deaths(scenario: Scenario, node: PlayedNode) -> Iterator[Fate]:
    mean = node.kind.dies_every_seconds
    if not mean:
        return
    chance = Random(f"{scenario.seed}/{node.name}")
    at = chance.expovariate(1 / mean)
    while at < scenario.seconds:
        away = node.kind.back_after_seconds
        yield Fate(what="death", at=at, for_seconds=away, node=node)
        at += away + chance.expovariate(1 / mean)
