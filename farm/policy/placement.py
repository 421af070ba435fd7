"""Which node a layer's next slot is on. Pure.

Nodes are kept by pool and by how many cores they have free, so that a choice looks at few of
them however large the farm is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from farm.model.resources import Cores, Resources
from farm.model.snapshot import LayerView, NodeView


@dataclass(slots=True)
class _Place:
    """A node and what is still free on it in the plan that is being made."""

    node: NodeView
    free: Resources


class Room:
    """The free part of the farm; `take` books in the plan, the store books for real."""

    def __init__(self, nodes: Iterable[NodeView]) -> None:
        """Start from what the snapshot says is free."""
        self._places = {node.name: _Place(node, node.free) for node in nodes}
        self._by_cores: dict[Cores, dict[str, _Place]] = {}
        self._by_scene: dict[str, set[str]] = {}
        for name, place in sorted(self._places.items()):
            self._by_cores.setdefault(place.free.cores, {})[name] = place
            for scene in place.node.warm_scenes:
                self._by_scene.setdefault(scene, set()).add(name)

    def best(self, layer: LayerView, avoid: frozenset[str] = frozenset()) -> NodeView | None:
        """The node for one more slot of `layer`, None when it fits nowhere now.

        A node that has the scene open comes first; then the one with the fewest cores to spare, so
        that wide layers find wide nodes; then by name, so that the same snapshot gives the same
        plan.
        """
        for name in sorted(self._by_scene.get(layer.scene, ())):
            if self._fits(self._places[name], layer, avoid):
                return self._places[name].node
        for place in self._tightest(layer.resources.cores):
            if self._fits(place, layer, avoid):
                return place.node
        return None

    def take(self, node: str, amount: Resources) -> None:
        """Book `amount` on `node` in this plan."""
        place = self._places[node]
        del self._by_cores[place.free.cores][node]
        place.free -= amount
        self._by_cores.setdefault(place.free.cores, {})[node] = place

    def could_ever_fit(self, layer: LayerView, avoid: frozenset[str]) -> bool:
        """Is there a node outside `avoid` that could hold a slot of `layer` when empty?"""
        return any(
            place.node.name not in avoid
            and layer.pool in ("", place.node.pool)
            and layer.resources.fits_in(place.node.total)
            for place in self._places.values()
        )

    def _tightest(self, cores: Cores) -> Iterator[_Place]:
        for free in sorted(free for free, places in self._by_cores.items() if places):
            if free >= cores:
                yield from self._by_cores[free].values()

    @staticmethod
    def _fits(place: _Place, layer: LayerView, avoid: frozenset[str]) -> bool:
        return (
            place.node.name not in avoid
            and layer.pool in ("", place.node.pool)
            and layer.resources.fits_in(place.free)
        )
