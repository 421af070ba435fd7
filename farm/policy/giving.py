"""Leases that may be asked back, and the room there will be once they have ended. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from math import inf
from statistics import fmean

from farm.model.lease import LeaseState, Recall
from farm.model.resources import Cores
from farm.model.snapshot import LeaseView
from farm.policy.board import Board
from farm.policy.demand import Demand
from farm.policy.placement import Placement
from farm.policy.room import Room
from farm.policy.shares import Account

UNKNOWN_SECONDS = 1800.0  #: that a task is taken to need when nothing tells


class Giving:
    """The leases of the snapshot, and what becomes of farm and accounts as they are recalled."""

    def __init__(self, board: Board) -> None:
        """Start with what is recalled already on its way."""
        self._board = board
        self._index = {node.name: index for index, node in enumerate(board.nodes)}
        self._later = Room(board.nodes, taken=True)  #: only of nodes with a lease that ends
        self._ending: set[int] = set()
        self._placement = Placement(self._later)
        self._lines: defaultdict[tuple[str, str], list[LeaseView]] = defaultdict(list)
        self._old: dict[tuple[float, tuple[str, str]], list[LeaseView]] = {}
        self._least: dict[tuple[str, str], tuple[Cores, int, int]] = {}
        self._order: dict[str, list[str]] = {}
        self._on: defaultdict[int, list[LeaseView]] = defaultdict(list)
        self._cores_on: defaultdict[int, Cores] = defaultdict(int)
        self._ends: dict[int, list[tuple[float, str, LeaseView]]] = {}  #: `_on`, in order
        self._sorted: set[tuple[str, str]] = set()  #: lines whose leases stand in order
        self._gone: set[str] = set()
        known = [one.task_seconds for one in board.snapshot.leases if one.task_seconds]
        self._usual_seconds = fmean(known) if known else UNKNOWN_SECONDS
        self.busy: set[int] = set()  #: nodes where a lease was ending before this plan
        self.cleared: set[int] = set()  #: nodes that this plan reserves
        self._lay_out(board.snapshot.leases)

    def _lay_out(self, leases: Iterable[LeaseView]) -> None:
        pools = [node.pool for node in self._board.nodes]
        on, lines, cores_on, where = self._on, self._lines, self._cores_on, self._index
        for lease in leases:
            index = where.get(lease.node, -1)
            if index < 0:
                continue
            if lease.state is LeaseState.RECALLED or lease.tasks > 0:
                self._end(lease)
                self.busy.add(index)
            elif lease.state is LeaseState.STARTED:
                on[index].append(lease)
                lines[pools[index], lease.production].append(lease)
                cores_on[index] += lease.resources.cores

    @cached_property
    def started(self) -> list[LeaseView]:
        """What could be asked back before anything was, the least important first."""
        leases = (lease for line in self._lines.values() for lease in line)
        return sorted(leases, key=_least_important)

    def index_of(self, lease: LeaseView) -> int:
        """The index of its node."""
        return self._index[lease.node]

    def account(self, lease: LeaseView) -> Account:
        """The account that it is booked on."""
        pool = self._board.nodes[self._index[lease.node]].pool
        return self._board.shares.account(pool, lease.production)

    def back(self, lease: LeaseView, reason: str) -> Recall:
        """Recall `lease`, on paper too."""
        self._gone.add(lease.id)
        self._cores_on[self._index[lease.node]] -= lease.resources.cores
        self._end(lease)
        self._placement.hope_again({self._board.nodes[self._index[lease.node]].pool})
        return Recall(lease=lease.id, reason=reason)

    def coming(
        self,
        demand: Demand,
        pool: str,
        *,
        avoid: frozenset[str],
        only: set[int] | None,
        most: float,
    ) -> int:
        """The node where room for `demand` is on its way, -1 when there is none."""
        if not self._ending:
            return -1
        return self._placement.best(demand, pool, avoid=avoid, only=only, most=most)

    def book(self, demand: Demand, account: Account, index: int, retry: int) -> None:
        """Give `demand` room that is on its way."""
        self._watch(index)
        cores = self._later.cores_taken(index, demand)
        self._later.take(index, cores, demand.memory, demand.gpus)
        account.add(cores, demand.memory, demand.gpus)
        self._order.pop(account.pool, None)
        for cap in demand.caps:
            cap.take(cores, index)
        demand.served(retry)

    def nodes_with(self, pool: str) -> list[int]:
        """Nodes of `pool` with a lease that may be asked back."""
        return sorted(index for index in self._on if self._board.nodes[index].pool == pool)

    def on(self, index: int, until: float = inf) -> Iterator[LeaseView]:
        """What may still be asked back on the node, those first that end soon.

        Only those that end in at most `until` seconds.
        """
        ends = self._ends.get(index)
        if ends is None:
            leases = self._on.get(index, ())
            ends = [(self.remaining(lease), lease.id, lease) for lease in leases]
            ends.sort()
            self._ends[index] = ends
        for seconds, name, lease in ends:
            if seconds > until:
                return
            if name not in self._gone:
                yield lease

    def of(self, pool: str, production: str, *, granted_by: float = inf) -> Iterator[LeaseView]:
        """What may still be asked back of a production, the least important first.

        Only what was granted at `granted_by` or before.
        """
        key = (pool, production)
        leases = self._lines.get(key, [])
        if key not in self._sorted:
            leases.sort(key=_least_important)
            self._sorted.add(key)
        if granted_by < inf:
            leases = self._granted_by(granted_by, key, leases)
        return (lease for lease in leases if lease.id not in self._gone)

    def _granted_by(
        self, at: float, key: tuple[str, str], leases: list[LeaseView]
    ) -> list[LeaseView]:
        """Those of `leases`; right after a farm was filled there are none, for each that asks."""
        old = self._old.get((at, key))
        if old is None:
            old = self._old[at, key] = [one for one in leases if one.granted_at <= at]
        return old

    def least_of(self, pool: str, production: str) -> tuple[Cores, int, int]:
        """What a production books less, at least, once any of its leases has ended: all <= 0."""
        key = (pool, production)
        least = self._least.get(key)
        if least is None:
            amounts = [lease.resources for lease in self._lines[key]]
            least = self._least[key] = (
                -min(one.cores for one in amounts),
                -min(one.memory_bytes for one in amounts),
                -min(one.gpus for one in amounts),
            )
        return least

    def by_level(self, pool: str) -> list[str]:
        """Productions with leases in `pool`, the one with most over its weight first."""
        order = self._order.get(pool)
        if order is None:
            levels = [
                (self._board.shares.account(pool, name).level(), name)
                for where, name in self._lines
                if where == pool
            ]
            levels.sort(key=lambda one: (-one[0][0], -one[0][1], one[1]))
            order = self._order[pool] = [name for _, name in levels]
        return order

    def remaining(self, lease: LeaseView) -> float:
        """Seconds until its task in hand is expected to end, by others where nothing tells."""
        began = lease.task_started_at or self._board.snapshot.at
        ends_at = began + (lease.task_seconds or self._usual_seconds)
        return max(0.0, ends_at - self._board.snapshot.at)

    def makes_room(self, index: int, leases: Iterable[LeaseView], demand: Demand) -> bool:
        """Would `demand` fit on the node once `leases`, not recalled yet, have ended too?"""
        return self._fits(index, demand, *self._sum(index, leases))

    def cores_with(self, index: int) -> Cores:
        """Free cores of the node, those on their way too."""
        return self._room_on(index).free[index]

    def cores_with_all(self, index: int) -> Cores:
        """The same once all that may be asked back there has ended too."""
        return self.cores_with(index) + self._cores_on[index]

    def enough(
        self,
        index: int,
        leases: Iterable[LeaseView],
        demand: Demand,
        may_end: Callable[[LeaseView, Sequence[LeaseView]], bool],
    ) -> list[LeaseView] | None:
        """As few of `leases` as make room on the node, the first ones first; None: not even all.

        `may_end` is asked with what is taken of the same production before.
        """
        taken: list[LeaseView] = []
        gave: dict[str, list[LeaseView]] = {}
        cores, memory, gpus = self._sum(index, ())
        for lease in leases:
            before = gave.setdefault(lease.production, [])
            if may_end(lease, before):
                before.append(lease)
                taken.append(lease)
                amount = lease.resources
                cores += amount.cores
                memory += amount.memory_bytes
                gpus += amount.gpus
                if self._fits(index, demand, cores, memory, gpus):
                    break
        else:
            return None
        for lease in taken[:-1]:
            amount = lease.resources
            rest = (cores - amount.cores, memory - amount.memory_bytes, gpus - amount.gpus)
            if self._fits(index, demand, *rest):
                taken.remove(lease)
                cores, memory, gpus = rest
        return taken

    def _sum(self, index: int, leases: Iterable[LeaseView]) -> tuple[Cores, int, int]:
        """What is free on the node, or will be, once `leases` have ended too."""
        room = self._room_on(index)
        cores, memory, gpus = room.free[index], room.memory[index], room.gpus[index]
        for lease in leases:
            amount = lease.resources
            cores += amount.cores
            memory += amount.memory_bytes
            gpus += amount.gpus
        return cores, memory, gpus

    def _fits(self, index: int, demand: Demand, cores: Cores, memory: int, gpus: int) -> bool:
        node = self._board.nodes[index]
        if not demand.gpus:
            cores -= node.cores_kept_per_gpu * gpus
        wanted = node.total.cores if demand.layer.whole_node else demand.cores
        return demand.cores <= wanted <= cores and demand.memory <= memory and demand.gpus <= gpus

    def _room_on(self, index: int) -> Room:
        """Where what is free on the node, or will be, stands."""
        return self._later if index in self._ending else self._board.room

    def _watch(self, index: int) -> None:
        """Let what is free on the node stand with what will be."""
        if index not in self._ending:
            self._ending.add(index)
            room = self._board.room
            self._later.give(index, room.free[index], room.memory[index], room.gpus[index])

    def _end(self, lease: LeaseView) -> None:
        """Let the room of `lease` be on its way."""
        index, amount = self._index[lease.node], lease.resources
        self._watch(index)
        self._later.give(index, amount.cores, amount.memory_bytes, amount.gpus)
        self.account(lease).add(-amount.cores, -amount.memory_bytes, -amount.gpus)
        self._order.pop(self._board.nodes[index].pool, None)


def _least_important(lease: LeaseView) -> tuple[int, float, str]:
    return (lease.priority, lease.granted_at, lease.id)
