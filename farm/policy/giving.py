"""Leases that may be asked back, and the room there will be once they have ended. Pure."""

from collections.abc import Iterator

from farm.model.lease import LeaseState, Recall
from farm.model.snapshot import LeaseView
from farm.policy.board import Board
from farm.policy.demand import Demand
from farm.policy.placement import Placement
from farm.policy.room import Room
from farm.policy.shares import Account, Level

TURN_SECONDS = 60.0  #: a slot is kept at least so long before a production with none gets a turn


class Giving:
    """The leases of the snapshot, and what becomes of farm and accounts as they are recalled."""

    def __init__(self, board: Board) -> None:
        """Start with what is recalled already on its way."""
        self._board = board
        self._index = {node.name: index for index, node in enumerate(board.nodes)}
        self._later = Room(board.nodes, taken=True)  #: only of nodes with a lease that ends
        self._ending: set[int] = set()
        self._placement = Placement(self._later)
        self._lines: dict[tuple[str, str], list[LeaseView]] = {}
        self._order: dict[str, list[str]] = {}
        self._sorted: dict[tuple[str, str], list[LeaseView]] = {}
        self._seen: dict[object, int] = {}  #: by giver and wish: leases before do not suit
        self._gone: set[str] = set()
        self.busy: set[int] = set()  #: nodes where a lease was ending before this plan
        self.started: list[LeaseView] = []  #: that may be asked back, the least important first
        for lease in sorted(board.snapshot.leases, key=_least_important):
            if lease.node not in self._index:
                continue
            if lease.ends:
                self._end(lease)
                self.busy.add(self._index[lease.node])
            elif lease.state is LeaseState.STARTED:
                self.started.append(lease)
                key = (self.pool_of(lease), lease.production)
                self._lines.setdefault(key, []).append(lease)

    def index_of(self, lease: LeaseView) -> int:
        """The index of its node."""
        return self._index[lease.node]

    def pool_of(self, lease: LeaseView) -> str:
        """The pool of its node."""
        return self._board.nodes[self._index[lease.node]].pool

    def account(self, lease: LeaseView) -> Account:
        """The account that it is booked on."""
        return self._board.shares.account(self.pool_of(lease), lease.production)

    def back(self, lease: LeaseView, reason: str) -> Recall:
        """Recall `lease`, on paper too."""
        self._gone.add(lease.id)
        self._end(lease)
        self._placement.hope_again({self.pool_of(lease)})
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

    def room_on(self, index: int) -> Room:
        """Where what is free on the node, or will be, stands."""
        return self._later if index in self._ending else self._board.room

    def victim(
        self,
        demand: Demand,
        account: Account,
        avoid: frozenset[str],
        only: set[int] | None,
        most: float,
    ) -> LeaseView | None:
        """The lease that should give way to `demand`, None when none has to.

        Of the production that books most over its weight first, of its own last.
        """
        eligible = self._board.placement.eligible(demand.needs)
        for lease in self._may_give(demand, account):
            index = self._index[lease.node]
            if (
                (eligible is None or index in eligible)
                and (only is None or index in only)
                and lease.node not in avoid
                and not self._board.nodes[index].reserved_for
                and self._later.cores_taken(index, demand) <= most
                and self.makes_room(index, (lease,), demand)
            ):
                return lease
        return None

    def makes_room(self, index: int, leases: tuple[LeaseView, ...], demand: Demand) -> bool:
        """Would `demand` fit on the node once `leases`, not recalled yet, have ended too?"""
        room, node = self.room_on(index), self._board.nodes[index]
        cores, memory, gpus = room.free[index], room.memory[index], room.gpus[index]
        for lease in leases:
            cores += lease.resources.cores
            memory += lease.resources.memory_bytes
            gpus += lease.resources.gpus
        if not demand.gpus:
            cores -= node.cores_kept_per_gpu * gpus
        wanted = node.total.cores if demand.layer.whole_node else demand.cores
        return demand.cores <= wanted <= cores and demand.memory <= memory and demand.gpus <= gpus

    def permitted(self, demand: Demand, account: Account) -> Iterator[LeaseView]:
        """Leases of productions that are not below the taker, and of its own."""
        before = account.level()
        for production in self._by_level(account.pool):
            giver = self._board.shares.account(account.pool, production)
            if production == demand.layer.production or giver.level() >= before:
                for lease in self._lines[account.pool, production]:
                    if lease.id not in self._gone:
                        yield lease

    def _may_give(self, demand: Demand, account: Account) -> Iterator[LeaseView]:
        """Leases that have to give way to `demand`, whether they make room for it or not."""
        own = demand.layer.production
        after = after_taking(demand, account)
        turn = self._board.snapshot.at - TURN_SECONDS if account.cores == 0 else None
        for production in self._by_level(account.pool):
            giver = self._board.shares.account(account.pool, production)
            if turn is None and giver.level() < after:
                break  # nor would any that books less
            if production == own:
                continue
            for lease in self._unseen(
                self._ordered(account, production), demand, account.pool, production
            ):
                if must_give(giver, lease, after, turn):
                    yield lease
        yield from self._less_important(demand, account)

    def _unseen(
        self, leases: list[LeaseView], demand: Demand, pool: str, production: str
    ) -> Iterator[LeaseView]:
        """Those that are not gone, from where the last search for the same wish ended."""
        key = (production, pool, demand.wish)
        for at in range(self._seen.get(key, 0), len(leases)):
            self._seen[key] = at
            if leases[at].id not in self._gone:
                yield leases[at]

    def _ordered(self, taker: Account, production: str) -> list[LeaseView]:
        """The giver's leases; for a guarantee, those first that need not wait for a boundary."""
        key = (taker.pool, production)
        if taker.level()[0] or not any(one.interruptible for one in self._lines[key]):
            return self._lines[key]
        if key not in self._sorted:
            self._sorted[key] = sorted(self._lines[key], key=lambda one: not one.interruptible)
        return self._sorted[key]

    def _less_important(self, demand: Demand, account: Account) -> Iterator[LeaseView]:
        """Leases of its own production that have less priority, the least first.

        What was gained by waiting counts for a job that has no slot at all: others only wait for
        more.
        """
        points = 0 if demand.job.slots else demand.points
        own = demand.layer.production
        leases = self._lines.get((account.pool, own), [])
        for lease in self._unseen(leases, demand, account.pool, own):
            if lease.priority >= demand.layer.priority + points:
                return
            yield lease

    def _by_level(self, pool: str) -> list[str]:
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
        self._order.pop(self.pool_of(lease), None)


def after_taking(demand: Demand, account: Account) -> Level:
    """The taker's level with one more slot. What it lacks to its guarantee it takes as such."""
    share = account.level(demand.cores, demand.memory, demand.gpus)[1]
    return (account.level()[0], share)


def must_give(giver: Account, lease: LeaseView, after: Level, turn: float | None) -> bool:
    """Is the giver, without `lease`, still no worse off than the taker will be?"""
    amount = lease.resources
    level = giver.level(-amount.cores, -amount.memory_bytes, -amount.gpus)
    # With more productions than slots nobody would ever be above another: they take turns.
    return level >= after or (turn is not None and level[0] == 1 and lease.granted_at <= turn)


def _least_important(lease: LeaseView) -> tuple[int, float, str]:
    return (lease.priority, lease.granted_at, lease.id)
