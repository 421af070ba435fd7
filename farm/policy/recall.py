"""Which leases must end so that what waits gets its due, at the next task boundary. Pure.

Each wish takes back what it is due (`farm.policy.taking`). A production below its guarantee takes
from any that is not, and from work marked as interruptible at once. What is due nothing and fits
nowhere gets a node cleared (`farm.policy.reserve`), and what exceeds a bound that was lowered goes
(`farm.policy.excess`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from farm.model.lease import Grant, Recall
from farm.model.snapshot import LeaseView
from farm.policy.board import Board
from farm.policy.demand import Demand
from farm.policy.excess import excess
from farm.policy.gaps import fill_gaps
from farm.policy.giving import Giving
from farm.policy.granting import bounds, may_have, tries
from farm.policy.hopeless import Hopeless
from farm.policy.line import Line, Queue
from farm.policy.reserve import Reserving
from farm.policy.taking import Taking
from farm.policy.waiting import Reason, Waiting

MOST_RECALLS = 256  #: per pass; the next pass sees what these brought


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """What the leases lead to."""

    recalls: list[Recall]
    fillers: list[Grant]  #: short tasks on nodes that are being cleared
    waiting: list[Waiting]  #: as before, with what is on its way told


def recall_leases(board: Board, waiting: Sequence[Waiting]) -> Recalled:
    """Leases to recall for what `board` has left over, and gaps to fill until they have ended.

    `waiting` tells of the same left-overs.
    """
    fillers = fill_gaps(board)
    giving = Giving(board)
    recalls = [giving.back(lease, why) for lease, why in excess(board, giving)]
    desk = _Desk(board, giving)
    recalls += desk.run(MOST_RECALLS - len(recalls))
    told = [desk.told(row) for row in _less(waiting, fillers)]
    return Recalled(recalls=recalls, fillers=fillers, waiting=told)


def _less(waiting: Sequence[Waiting], fillers: Sequence[Grant]) -> list[Waiting]:
    """`waiting` without what `fillers` serve."""
    served: dict[str, int] = {}
    for grant in fillers:
        served[grant.layer] = served.get(grant.layer, 0) + 1
    rows = []
    for row in waiting:
        tasks = row.tasks - served.get(row.layer, 0)
        if tasks:
            rows.append(row if tasks == row.tasks else row._replace(tasks=tasks))
    return rows


class _Desk:
    """Goes through what waits, in the order in which it is due."""

    def __init__(self, board: Board, giving: Giving) -> None:
        self._board = board
        self._giving = giving
        self._taking = Taking(board, giving)
        self._reserving = Reserving(board, giving)
        self._hopeless: dict[tuple[str, str], Hopeless] = {}
        self._coming: set[str] = set()  #: layers for which room is on its way
        self._cleared: dict[str, list[str]] = {}  #: layer -> nodes being cleared for it

    def run(self, most: int) -> list[Recall]:
        """Up to `most` recalls; a node is cleared with all that it takes."""
        board = self._board
        recalls = self._clear_on()
        line = Line(board.open_demands(), board.shares, board.room.pools)
        while len(recalls) < most and (turn := line.next()) is not None:
            queue, demand = turn
            if may_have(demand, queue.account):
                asked = self._ask(queue, demand)
                if asked is not None:
                    recalls += asked
                    line.served()
                    continue
            queue.drop()
        return recalls

    def told(self, row: Waiting) -> Waiting:
        """`row` with what is on its way."""
        nodes = self._cleared.get(row.layer)
        if nodes:
            return _plain(row, Reason.RESERVED, what=row.layer, nodes=tuple(nodes))
        return _plain(row, Reason.COMING) if row.layer in self._coming else row

    def _clear_on(self) -> list[Recall]:
        """Go on clearing the nodes that are reserved, if more has to end there."""
        recalls: list[Recall] = []
        for demand in self._board.open_demands():
            for index in self._board.reserved.get(demand.layer.id, ()):
                if demand.wanted > 0 and index not in self._board.kept:
                    recalls += self._reserving.go_on(demand, index)
        return recalls

    def _ask(self, queue: Queue, demand: Demand) -> list[Recall] | None:
        """Recalls that bring one slot for `demand`: none when its room is coming; None: no way."""
        hopeless = self._hopeless.setdefault((queue.pool, queue.production), Hopeless())
        only, most = bounds(demand, queue.account)
        for retry, avoid, _ in tries(self._board, demand):
            room = self._giving.coming(demand, queue.pool, avoid=avoid, only=only, most=most)
            if room >= 0:
                self._giving.book(demand, queue.account, room, retry)
                self._coming.add(demand.layer.id)
                return []
            if hopeless.has(demand, avoid):
                continue
            leases = self._taking.find(demand, queue.account, avoid, only, most)
            if leases:
                return self._take(leases, demand, queue, retry)
            hopeless.add(demand, avoid)
        index, recalls = self._reserving.clear(demand, queue)
        if index < 0:
            return None
        self._cleared.setdefault(demand.layer.id, []).append(self._board.nodes[index].name)
        return recalls

    def _take(
        self, leases: list[LeaseView], demand: Demand, queue: Queue, retry: int
    ) -> list[Recall]:
        """Recall `leases`; of several the room is kept for `demand` until all have ended."""
        giving, layer = self._giving, demand.layer
        index = giving.index_of(leases[0])
        guaranteed = queue.account.level()[0] == 0
        recalls = [
            replace(
                giving.back(lease, _reason(lease, demand)),
                now=guaranteed and lease.interruptible and lease.production != layer.production,
                reserve_for=layer.id if len(leases) > 1 else "",
            )
            for lease in leases
        ]
        giving.book(demand, queue.account, index, retry)
        if len(leases) > 1:
            giving.cleared.add(index)
            self._cleared.setdefault(layer.id, []).append(self._board.nodes[index].name)
        else:
            self._coming.add(layer.id)
        return recalls


def _plain(row: Waiting, reason: Reason, **fields: object) -> Waiting:
    return Waiting(
        layer=row.layer,
        production=row.production,
        tasks=row.tasks,
        reason=reason,
        pool=row.pool,
        **fields,  # type: ignore[arg-type]
    )


def _reason(victim: LeaseView, demand: Demand) -> str:
    layer = demand.layer
    if victim.production == layer.production:
        points = f" and {demand.points} for waiting" if demand.points else ""
        return f"layer {layer.id} has priority {layer.priority}{points}, this one {victim.priority}"
    return f"production {layer.production} is due a slot"
