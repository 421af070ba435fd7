"""Who is next: the pools' productions by their shares, inside each the most urgent layer. Pure."""

from collections.abc import Iterable
from heapq import heapify, heappop, heappush, heapreplace

from farm.policy.demand import Demand
from farm.policy.order import Urgency
from farm.policy.shares import Account, Level, Shares


class Queue:
    """What one production wants of one pool, the most urgent first."""

    __slots__ = ("_heap", "account", "dropped", "pool", "production")

    def __init__(self, account: Account, production: str) -> None:
        """Start empty."""
        self.account = account
        self.pool, self.production = account.pool, production
        self._heap: list[tuple[Urgency, Demand]] = []
        self.dropped: list[Demand] = []  #: found no room in this pool

    def add(self, demand: Demand) -> None:
        """Put `demand` somewhere; `sort` has to follow."""
        self._heap.append((demand.key, demand))

    def sort(self) -> None:
        """Bring the most urgent to the front."""
        heapify(self._heap)

    def top(self) -> Demand | None:
        """The next demand. A slot only ever moves one further back, so looking late is enough."""
        heap = self._heap
        while heap:
            key, demand = heap[0]
            if not demand.wanted or demand.stopped:
                heappop(heap)
                continue
            if key[0] == 0:
                demand.refresh()
            if demand.key is key:
                return demand
            heapreplace(heap, (demand.key, demand))
        return None

    def drop(self) -> None:
        """The top one fits nowhere: the next one may."""
        self.dropped.append(heappop(self._heap)[1])

    def revive(self) -> bool:
        """Try again what was dropped; was anything?"""
        again = [one for one in self.dropped if one.wanted and not one.stopped]
        self.dropped = []
        for demand in again:
            heappush(self._heap, (demand.key, demand))
        return bool(again)


class Line:
    """All queues, the one whose turn it is first."""

    def __init__(self, demands: Iterable[Demand], shares: Shares, pools: Iterable[str]) -> None:
        """Line `demands` up; one for any pool stands in the line of each of `pools`."""
        self._queues: dict[tuple[str, str], Queue] = {}
        every = sorted(pools)
        known = set(every)
        for demand in demands:
            pool = demand.layer.pool
            for where in (pool,) if pool in known and pool else every if not pool else ():
                self._queue(where, demand.layer.production, shares).add(demand)
        for queue in self._queues.values():
            queue.sort()
        self._heap: list[tuple[Level, str, str, Queue]] = []
        self._fill()

    def next(self) -> tuple[Queue, Demand] | None:
        """The demand that is due, None when all are met or dropped."""
        while self._heap:
            queue = self._heap[0][3]
            demand = queue.top()
            if demand is not None:
                return queue, demand
            heappop(self._heap)
        return None

    def served(self) -> None:
        """The first queue got something: it moves back in the line."""
        _, pool, production, queue = self._heap[0]
        heapreplace(self._heap, (queue.account.level(), pool, production, queue))

    def revive(self, pools: Iterable[str]) -> bool:
        """Let all that found no room in `pools` try again; is there anything?"""
        again = set(pools)
        revived = [one.revive() for one in self._queues.values() if one.pool in again]
        self._fill()
        return any(revived)

    def _fill(self) -> None:
        self._heap = [
            (queue.account.level(), queue.pool, queue.production, queue)
            for queue in self._queues.values()
        ]
        heapify(self._heap)

    def _queue(self, pool: str, production: str, shares: Shares) -> Queue:
        key = (pool, production)
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = Queue(shares.account(pool, production), production)
        return queue
