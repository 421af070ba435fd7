"""What each production is due: weighted max-min fairness, guarantees first.

A production is never due more than it wants; what it leaves is shared by the others in proportion
to their weights, again and again, until all is given out (water filling).
"""

from collections.abc import Mapping

from farm.sim.scenario import ProductionSpec


def dues(
    specs: Mapping[str, ProductionSpec], wants: Mapping[str, float], used: float, cores: float
) -> dict[str, float]:
    """Parts of a farm with `cores`, of which `used` is given out, that each production is due."""
    most = {name: min(wants[name], _ceiling(specs[name], cores)) for name in specs}
    due = {
        name: min(most[name], spec.guarantee_cores / cores if cores else 0.0)
        for name, spec in specs.items()
    }
    given = sum(due.values())
    if given > used:
        return {name: part * used / given for name, part in due.items()}
    weights = {name: specs[name].weight for name in specs if most[name] > 0}
    level = _level(weights, due, most, used)
    return {
        name: max(due[name], min(most[name], level * weights[name])) if name in weights else 0.0
        for name in specs
    }


def _ceiling(spec: ProductionSpec, cores: float) -> float:
    return 1.0 if spec.ceiling_cores is None or not cores else spec.ceiling_cores / cores


def _level(
    weights: Mapping[str, float], least: Mapping[str, float], most: Mapping[str, float], used: float
) -> float:
    """Share over weight up to which all are filled so that together they have `used`."""
    low, high = 0.0, max((most[name] / weight for name, weight in weights.items()), default=0.0)
    for _ in range(50):
        middle = (low + high) / 2
        given = sum(
            max(least[name], min(most[name], middle * weight)) for name, weight in weights.items()
        )
        low, high = (middle, high) if given < used else (low, middle)
    return high
