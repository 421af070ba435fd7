"""What found no room in a plan, so that what is like it or larger is not tried again. Pure."""

from farm.model.resources import Cores
from farm.policy.demand import Demand

Size = tuple[Cores, int]  #: cores, memory in bytes


class Hopeless:
    """The wishes that a pool, or whoever else gives, has no room for."""

    __slots__ = ("_sizes", "_wishes")

    def __init__(self) -> None:
        """Start with hope."""
        self._wishes: set[object] = set()
        self._sizes: list[Size] = []  #: that nothing has free, none larger than another

    def has(self, demand: Demand, avoid: frozenset[str]) -> bool:
        """Is it known that a slot of `demand` outside `avoid` has no room?"""
        cores, memory = demand.cores, demand.memory
        if not demand.gpus:
            for size in self._sizes:
                if cores >= size[0] and memory >= size[1]:
                    return True
        return (demand.wish, avoid) in self._wishes

    def add(self, demand: Demand, avoid: frozenset[str]) -> None:
        """Remember that it has none."""
        self._wishes.add((demand.wish, avoid))
        if demand.needs is None and not avoid and not demand.layer.whole_node:
            cores, memory = demand.cores, demand.memory
            self._sizes = [one for one in self._sizes if one[0] < cores or one[1] < memory]
            self._sizes.append((cores, memory))
