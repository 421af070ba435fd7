"""Why each layer that a plan left over waits, told from what the plan came upon. Pure."""

from collections import defaultdict
from operator import attrgetter

from farm.model.resources import Cores
from farm.policy.board import Board
from farm.policy.caps import Cap
from farm.policy.demand import NOWHERE, Demand
from farm.policy.granting import fits_on
from farm.policy.misfit import Misfit, misfit
from farm.policy.waiting import Reason, Waiting

SOME = 8  #: names that are told of more

_BY_NAME = {"job": Reason.JOB_CAP, "group": Reason.GROUP_CAP}


class Told:
    """What is known of the plan, asked layer by layer."""

    def __init__(self, board: Board, *, cut: bool) -> None:
        """Tell of the plan made on `board`; `cut`: it ended before it was done."""
        self._board = board
        self._cut = cut
        self._kept: dict[int, int] = {}
        self._misfits: dict[int, Misfit] = {}
        self._pools_of: dict[int, list[str]] = {}
        self._scales: dict[str, dict[str, tuple[float, float]]] = {}

    def rows(self) -> list[Waiting]:
        """One row per layer with tasks left over, by id."""
        waiting = [demand for demand in self._board.demands if demand.wanted > 0]
        told = [(demand, self.outright(demand)) for demand in waiting]
        of_line = self._of_line([demand for demand, row in told if row is None])
        return [row or of_line[demand.layer.id] for demand, row in told]

    def outright(self, demand: Demand) -> Waiting | None:
        """The row of what cannot be served whoever's turn it is; None: it stands in the line."""
        pools = self.pools(demand)
        if not pools:
            return self._never(demand)
        if demand.stopped is not None:
            return _capped(demand, demand.stopped)
        refused = [demand.refused.get(pool) for pool in pools]
        if self._cut and None in refused:
            return _row(demand, Reason.COMING, pools[0])
        if Reason.CAPACITY not in refused:
            account = self._board.shares.account(pools[0], demand.layer.production)
            most, held = account.ceiling, account.cores
            return _row(demand, Reason.SHARE, pools[0], most=most, held=held)
        kept = self._kept_back(demand, pools[0]) if self._board.reserved else None
        return kept or (None if demand.plain > 0 else self._only_avoided(demand, pools))

    def _of_line(self, demands: list[Demand]) -> dict[str, Waiting]:
        """By layer, the rows of those that wait for room: first in line, or behind whom."""
        demands.sort(key=attrgetter("key"))
        ahead: defaultdict[tuple[str, str], int] = defaultdict(int)  #: of those that ask for a pool
        ahead_of_all: defaultdict[str, int] = defaultdict(int)
        rows = {}
        for demand in demands:
            layer, count = demand.layer, demand.wanted
            name, pool = layer.production, layer.pool
            first = ahead[name, pool] + ahead[name, ""] if pool else ahead_of_all[name]
            ahead[name, pool] += count
            ahead_of_all[name] += count
            told = self._pools_of[demand.wish][0]
            due, has = self._scale(told, name)
            reason = Reason.BEHIND if first or has >= due else Reason.CAPACITY
            row = Waiting(layer.id, name, count, reason, told, ahead=first, due=due, has=has)
            rows[layer.id] = row
        return rows

    def _scale(self, pool: str, production: str) -> tuple[float, float]:
        """Cores' worth of `pool` that `production` is due and that it books."""
        scale = self._scales.get(pool)
        if scale is None:
            wanting = {one.layer.production for one in self._board.demands}
            scale = self._board.shares.scale(pool, wanting)
            self._scales[pool] = scale
        return scale[production]

    def pools(self, demand: Demand) -> list[str]:
        """The pools that could serve it: each that it may use and that has a node for it."""
        known = self._pools_of.get(demand.wish)
        if known is None:
            known = self._pools_of[demand.wish] = self._board.placement.pools_for(demand)
        return known

    def _never(self, demand: Demand) -> Waiting:
        known = self._misfits.get(demand.wish)
        if known is None:
            known = self._misfits[demand.wish] = misfit(demand.layer, self._board.snapshot)
        return _row(demand, known.reason, demand.layer.pool, **known.numbers)

    def _kept_back(self, demand: Demand, pool: str) -> Waiting | None:
        """The row of what a node is cleared for, or of what only a node kept for others holds."""
        board, layer = self._board, demand.layer
        nodes = board.reserved.get(layer.id)
        if nodes:
            names = tuple(board.nodes[index].name for index in nodes)
            return _row(demand, Reason.RESERVED, pool, what=layer.id, nodes=names)
        if demand.wish not in self._kept:
            self._kept[demand.wish] = self._kept_node(demand)
        index = self._kept[demand.wish]
        if index < 0:
            return None
        node = board.nodes[index]
        return _row(demand, Reason.RESERVED, pool, what=node.reserved_for, nodes=(node.name,))

    def _kept_node(self, demand: Demand) -> int:
        """A node that has room for it and is reserved for another, -1 when there is none."""
        pool = demand.layer.pool
        for indices in self._board.reserved.values():
            for index in indices:
                fits = fits_on(self._board, demand, index, NOWHERE)
                if fits and pool in ("", self._board.nodes[index].pool):
                    return index
        return -1

    def _only_avoided(self, demand: Demand, pools: list[str]) -> Waiting | None:
        if not demand.picky:  # its tasks are not among those that the snapshot tells of
            return _row(demand, Reason.COMING, pools[0])
        for pool in pools:
            if self._board.placement.best(demand, pool) >= 0:
                names = tuple(sorted(frozenset().union(*demand.picky)))[:SOME]
                return _row(demand, Reason.AVOID, pool, nodes=names)
        return None


def _capped(demand: Demand, cap: Cap) -> Waiting:
    reason = _BY_NAME.get(cap.name.partition(":")[0], Reason.LIMIT)
    pool = demand.layer.pool
    return _row(demand, reason, pool, what=cap.name, most=cap.most, held=cap.held)


def _row(
    demand: Demand,
    reason: Reason,
    pool: str,
    *,
    what: str = "",
    most: Cores | None = None,
    held: Cores | None = None,
    asked: Cores | None = None,
    nodes: tuple[str, ...] = (),
) -> Waiting:
    layer = demand.layer
    return Waiting(
        layer=layer.id,
        production=layer.production,
        tasks=demand.wanted,
        reason=reason,
        pool=pool,
        what=what,
        most=most,
        held=held,
        asked=asked,
        nodes=nodes,
    )
