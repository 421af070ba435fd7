"""After each pass: what of the free room some waiting work would fit in, and what is stranded."""

from farm.sim.dispatchers import Dispatcher
from farm.sim.pieces import PlayedLease
from farm.sim.world import World
from tools.week.counting import Books
from tools.week.dispatch import bound


class Judging:
    """A dispatcher, and after each of its passes a look at what is left free."""

    def __init__(self, inner: Dispatcher, books: Books) -> None:
        self.inner, self.books, self.name = inner, books, inner.name
        self.patience_seconds = inner.patience_seconds

    def decide(self, world: World) -> list[PlayedLease]:
        lost = self.inner.decide(world)
        self.books.passes += 1
        for pool in self.books.pools:
            if self.books.ready[pool]:
                self._judge(world, pool)
        return lost

    def _judge(self, world: World, pool: str) -> None:
        shapes = _shapes(world, pool)
        cores: dict[str, tuple[float, float]] = {}
        gpus: dict[str, tuple[float, float]] = {}
        for name in self.books.cores[pool].nodes:
            node = world.nodes[name]
            free = node.free
            if not (node.open and free.cores and shapes):
                continue
            rooms = [one for one in shapes if one[0] <= free.cores and one[2] <= free.gpus]
            if any(one[1] <= free.memory_bytes for one in rooms):
                cores[name] = (free.cores, 0.0)
                gpus[name] = (float(free.gpus), 0.0)
            elif rooms:
                cores[name] = (0.0, free.cores)
        self.books.cores[pool].judge(cores, world.now)
        if pool in self.books.gpus:
            self.books.gpus[pool].judge(gpus, world.now)


def _shapes(world: World, pool: str) -> list[tuple[float, int, int]]:
    """The least that waiting work needs which no bound holds back: cores, memory, GPUs."""
    found = {
        (layer.resources.cores, layer.resources.memory_bytes, layer.resources.gpus)
        for production in world.productions.values()
        if production.spec.pool == pool
        for _, _, _, layer in production.line
        if not bound(world, layer)
    }
    least: list[tuple[float, int, int]] = []
    for one in sorted(found):  # by cores: what is no wider has come before
        if not any(other[1] <= one[1] and other[2] <= one[2] for other in least):
            least.append(one)
    return least
