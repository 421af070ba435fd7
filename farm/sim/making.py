"""The nodes and productions of a scenario, as they are when it begins."""

from collections.abc import Iterable, Iterator

from farm.model.resources import Resources
from farm.sim.pieces import PlayedNode
from farm.sim.scenario import NodeKind, ProductionSpec, Scenario


def make_nodes(kinds: Iterable[NodeKind]) -> Iterator[PlayedNode]:
    """All nodes, free and online."""
    for kind in kinds:
        total = Resources(cores=kind.cores, memory_bytes=kind.memory_bytes, gpus=kind.gpus)
        for number in range(1, kind.count + 1):
            yield PlayedNode(name=f"{kind.kind}-{number:04d}", kind=kind, total=total, free=total)


def make_productions(scenario: Scenario) -> list[ProductionSpec]:
    """Those that are described, and those that only jobs name."""
    known = {one.name for one in scenario.productions}
    named = dict.fromkeys(jobs.production for jobs in scenario.jobs)
    others = (ProductionSpec(name=name) for name in named if name not in known)
    return [*scenario.productions, *others]
