"""Of what use the free room is that a plan leaves: is it starved, stranded, or just idle? Pure.

The store counts where each core's time goes (`farm.store.accounts`); whether work that waits could
run on what is free only a look at all of it tells. A plan that came to its end has given out all
that fits. So what is left is of use only where a node is kept for whom it is cleared, or where
something fits that may run and for some reason did not. Work that a bound stops, or that failed on
these nodes, leaves no room starved; room whose memory is full is stranded.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from farm.model.resources import Cores, Resources
from farm.model.snapshot import FreeUse
from farm.policy.board import Board
from farm.policy.demand import NOWHERE, Demand
from farm.policy.fit import Needs
from farm.policy.granting import bounds, fits_on
from farm.policy.waiting import Reason

NO_USE = FreeUse(cores=0, stranded_cores=0, gpus=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeRoom:
    """What a node's free room is to be counted as, if it is still as it was looked at."""

    node: str
    epoch: int
    free: Resources  #: the plan's grants taken off
    use: FreeUse


@dataclass(frozen=True, slots=True)
class _Wish:
    """A demand that may run in a pool, and where its bounds let it."""

    demand: Demand
    only: set[int] | None
    most: float


class _Wishes:
    """What waits for one pool and may run there."""

    def __init__(self, board: Board, pool: str, demands: Iterable[Demand]) -> None:
        self._board = board
        self._wishes: list[_Wish] = []
        seen: set[object] = set()
        plain: dict[Needs | None, list[tuple[Cores, int]]] = {}
        for demand in demands:
            if demand.refused.get(pool) is Reason.SHARE:
                continue
            only, most = bounds(demand, board.shares.account(pool, demand.layer.production))
            key = (demand.wish, None if only is None else frozenset(only), most)
            if demand.plain > 0 and key in seen:
                continue
            if demand.plain > 0:
                seen.add(key)
                if not demand.gpus and not demand.layer.whole_node and only is None:
                    plain.setdefault(demand.needs, []).append((demand.cores, demand.memory))
            self._wishes.append(_Wish(demand, only, most))
        self._least_cores = min((one.demand.cores for one in self._wishes), default=0)
        self._least_memory = min((one.demand.memory for one in self._wishes), default=0)
        self._plain = [
            (needs, sorted(sizes), _most_memory(sorted(sizes))) for needs, sizes in plain.items()
        ]

    def use(self, index: int) -> FreeUse:
        """Of what use is the free room of the node?"""
        room = self._board.room
        if not self._wishes or room.free[index] < self._least_cores:
            return NO_USE
        cores, gpus = 0 * room.free[index], 0
        if room.memory[index] >= self._least_memory:
            for one in self._wishes:
                if (one.demand.gpus or not cores) and self._fits(one, index):
                    cores = room.free[index] if one.demand.gpus else room.unkept(index)
                    if one.demand.gpus:
                        gpus = room.gpus[index]
                        break
        stranded = 0 if cores or not self._lacks_memory(index) else room.unkept(index)
        return FreeUse(cores=cores, stranded_cores=stranded, gpus=gpus)

    def _fits(self, wish: _Wish, index: int) -> bool:
        demand = wish.demand
        if wish.only is not None and index not in wish.only:
            return False
        if self._board.room.cores_taken(index, demand) > wish.most:
            return False
        tries = (NOWHERE,) if demand.plain > 0 else demand.picky
        return any(fits_on(self._board, demand, index, avoid) for avoid in tries)

    def _lacks_memory(self, index: int) -> bool:
        """Would something run on the node that finds cores there, but its memory taken?"""
        room = self._board.room
        free, total = room.memory[index], room.nodes[index].total.memory_bytes
        for needs, sizes, most in self._plain:
            fitting = bisect_right(sizes, (room.unkept(index), total))
            if not fitting or most[fitting - 1] <= free:
                continue  # the rule where no memory is short: no need to look at each
            if any(free < memory <= total for _, memory in sizes[:fitting]):
                eligible = self._board.placement.eligible(needs)
                if eligible is None or index in eligible:
                    return True
        return False


class _Open:
    """All that still waits and that no bound stops, by pool."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._demands: dict[str, list[Demand]] = {}
        self._pools: dict[str, _Wishes] = {}
        self._awaited: dict[str, Demand] = {}  #: by layer
        for demand in board.open_demands():
            self._demands.setdefault(demand.layer.pool, []).append(demand)
            self._awaited[demand.layer.id] = demand

    def use(self, index: int) -> FreeUse:
        """Of what use is the free room of the node?"""
        node, room = self._board.nodes[index], self._board.room
        if room.free[index] <= 0 and room.gpus[index] <= 0:
            return NO_USE
        kept_for = self._awaited.get(node.reserved_for)
        if kept_for is not None:
            gpus = room.gpus[index] if kept_for.gpus else 0
            return FreeUse(cores=room.free[index], stranded_cores=0, gpus=gpus)
        return self._wishes(node.pool).use(index)

    def _wishes(self, pool: str) -> _Wishes:
        known = self._pools.get(pool)
        if known is None:
            anywhere = self._demands.get("", []) if pool else []
            demands = [*self._demands.get(pool, []), *anywhere]
            known = self._pools[pool] = _Wishes(self._board, pool, demands)
        return known


def free_room(board: Board) -> tuple[FreeRoom, ...]:
    """The nodes whose free room is of another use than it is counted as, by name.

    `board` is that of a plan which came to its end. Nodes that nobody counts are left out.
    """
    if all(node.use is None for node in board.nodes):
        return ()
    waiting, room = _Open(board), board.room
    told: list[FreeRoom] = []
    for index, node in enumerate(board.nodes):
        if node.use is None or (node.use == NO_USE and not room.free[index] + room.gpus[index]):
            continue  # nothing free, and counted so: most nodes of a busy farm
        if (use := waiting.use(index)) != _after(board, index, node.use):
            free = _free(board, index)
            told.append(FreeRoom(node=node.name, epoch=node.epoch, free=free, use=use))
    return tuple(told)


def _free(board: Board, index: int) -> Resources:
    room = board.room
    return Resources(cores=room.free[index], memory_bytes=room.memory[index], gpus=room.gpus[index])


def _after(board: Board, index: int, use: FreeUse) -> FreeUse:
    """As what the node's room is counted when the plan's grants are booked, usable room first."""
    node, room = board.nodes[index], board.room
    taken = node.free.cores - room.free[index]
    if not taken and node.free.gpus == room.gpus[index]:
        return use
    cores = max(0, use.cores - taken)
    return FreeUse(
        cores=cores,
        stranded_cores=min(use.stranded_cores, room.free[index] - cores),
        gpus=max(0, use.gpus - (node.free.gpus - room.gpus[index])),
        is_open=use.is_open,
    )


def _most_memory(sizes: list[tuple[Cores, int]]) -> list[int]:
    """For each of `sizes`, by cores, the most memory up to there."""
    return list(accumulate((memory for _, memory in sizes), max))
