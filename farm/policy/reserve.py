"""Nodes cleared for what fits no free room: reservation, as in EASY backfill (Lifka, 1995). Pure.

Of each production the first in line may have one node cleared for it, if it takes more than one
lease to make room. The leases there end at their next task boundary, nobody else is given what
comes free, and only work that is over before the last of them is may fill the gaps.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from farm.model.lease import Recall
from farm.model.snapshot import LeaseView
from farm.policy.board import Board
from farm.policy.demand import Demand
from farm.policy.fit import could_serve
from farm.policy.giving import Giving
from farm.policy.granting import bounds, tries
from farm.policy.line import Queue
from farm.policy.shares import Account, Level
from farm.policy.taking import SLACK_TOGETHER, TURN_SECONDS, after_taking, without

RESERVED_RATIO = 0.05  #: of a pool's nodes at most, but one at least
MOST_SEARCHES = 4  #: per plan: each looks at many leases
SOME_NODES = 128  #: are looked at in each; the next plan looks at others

Cost = tuple[float, int, int]  #: seconds until it is clear, leases that end for it, index


class Reserving:
    """Chooses nodes and asks their leases back."""

    def __init__(self, board: Board, giving: Giving) -> None:
        """Count what is reserved already."""
        self._board, self._giving = board, giving
        self._left: dict[str, int] = {}
        self._tried: set[tuple[str, str]] = set()
        self._searches = 0
        for node in board.nodes:
            self._left[node.pool] = self._left.get(node.pool, 0) + 1
        self._left = {pool: max(1, int(n * RESERVED_RATIO)) for pool, n in self._left.items()}
        for indices in board.reserved.values():  # all nodes of one layer count as one
            self._left[board.nodes[indices[0]].pool] -= 1

    def clear(self, demand: Demand, queue: Queue) -> tuple[int, list[Recall]]:
        """Clear a node for `demand`: its index and the recalls that it takes, (-1, []) if none.

        Only for the first of `queue` that nothing else helps.
        """
        key = (queue.pool, queue.production)
        if key in self._tried:
            return -1, []
        self._tried.add(key)
        may = demand.layer.id not in self._board.reserved and self._left[queue.pool] > 0
        if not may or self._searches == MOST_SEARCHES:
            return -1, []
        self._searches += 1
        for retry, avoid, _ in tries(self._board, demand):
            found = self._soonest(demand, queue, avoid)
            if found is not None:
                self._left[queue.pool] -= 1
                index, leases = found
                return index, self._end(leases, demand, queue.account, index, retry)
        return -1, []

    def go_on(self, demand: Demand, index: int) -> list[Recall]:
        """What more has to end on the node that is being cleared for `demand`.

        Nothing while a lease there ends anyway: what fills its gap is over by then too.
        """
        node, giving = self._board.nodes[index], self._giving
        account = self._board.shares.account(node.pool, demand.layer.production)
        usable = (retry for retry, avoid, _ in tries(self._board, demand) if node.name not in avoid)
        retry = next(usable, None)
        if retry is None or not could_serve(node, demand.layer):
            return []
        needed: list[LeaseView] | None = []
        if not giving.makes_room(index, (), demand):
            needed = None if index in giving.busy else self._needed(index, demand, account)
        if needed is None:
            return []
        return self._end(needed, demand, account, index, retry)

    def _soonest(
        self, demand: Demand, queue: Queue, avoid: frozenset[str]
    ) -> tuple[int, list[LeaseView]] | None:
        """The node that can be cleared for `demand` soonest, with what that takes."""
        best: tuple[Cost, list[LeaseView]] | None = None
        for index in self._some_wide(demand, queue):
            until = best[0][0] if best else inf
            if self._clearable(index, demand, avoid, until):
                needed = self._needed(index, demand, queue.account, until)
                if needed:
                    cost = (self._giving.remaining(needed[-1]), len(needed), index)
                    if best is None or cost < best[0]:
                        best = (cost, needed)
        return best and (best[0][2], best[1])

    def _some_wide(self, demand: Demand, queue: Queue) -> list[int]:
        """Nodes with cores enough for it, free or in use; of very many others in each plan."""
        only, most = bounds(demand, queue.account)
        giving, room = self._giving, self._board.room
        indices = [
            index
            for index in giving.nodes_with(queue.pool)
            if room.cores_taken(index, demand) <= min(most, giving.cores_with_all(index))
            and (only is None or index in only)
        ]
        if len(indices) <= SOME_NODES:
            return indices
        start = int(self._board.snapshot.at) * SOME_NODES % len(indices)
        return (indices[start:] + indices[:start])[:SOME_NODES]

    def _clearable(self, index: int, demand: Demand, avoid: frozenset[str], until: float) -> bool:
        """Could it be cleared for it in so many seconds, were all leases there to end?

        Where one lease makes room, shares alone decide.
        """
        node, giving = self._board.nodes[index], self._giving
        return not (
            node.reserved_for
            or index in giving.cleared
            or node.name in avoid
            or not could_serve(node, demand.layer)
            or not giving.makes_room(index, giving.on(index, until), demand)
            or self._one_does(index, demand)
        )

    def _one_does(self, index: int, demand: Demand) -> bool:
        """Would one lease on the node make room alone?"""
        giving = self._giving
        least = demand.cores - giving.cores_with(index)
        return any(
            one.resources.cores >= least and giving.makes_room(index, (one,), demand)
            for one in giving.on(index)
        )

    def _needed(
        self, index: int, demand: Demand, account: Account, until: float = inf
    ) -> list[LeaseView] | None:
        """As few leases as make room, those first that end soon; None when all do not.

        None as well if that takes one that ends in more than `until` seconds.
        """
        giving = self._giving
        least = (after_taking(demand, account, SLACK_TOGETHER), account.level())
        return giving.enough(
            index,
            giving.on(index, until),
            demand,
            lambda lease, before: self._may_end(lease, before, demand, *least),
        )

    def _may_end(
        self,
        lease: LeaseView,
        before: Sequence[LeaseView],
        demand: Demand,
        after: Level,
        now: Level,
    ) -> bool:
        """May `lease` end for `demand` when those in `before` of the same production do too?

        Inside a production an equal has to make way as well, for nothing else ever would. Another
        one gives if that leaves it no worse off than the taker `after`; or than the taker `now`, if
        it held the slot for a turn: small work takes the room back only by its share, so it comes
        to rest.
        """
        layer = demand.layer
        if lease.production == layer.production:
            return lease.priority <= layer.priority + (0 if demand.job.slots else demand.points)
        level = without(self._giving.account(lease), lease, before)
        if level >= after:
            return True
        return level >= now and self._board.snapshot.at - lease.granted_at >= TURN_SECONDS

    def _end(
        self,
        leases: Sequence[LeaseView],
        demand: Demand,
        account: Account,
        index: int,
        retry: int,
    ) -> list[Recall]:
        layer = demand.layer.id
        why = f"the node is cleared for layer {layer}"
        recalls = [self._giving.back(lease, why) for lease in leases]
        self._giving.cleared.add(index)
        self._giving.book(demand, account, index, retry)
        return [replace(one, reserve_for=layer) for one in recalls]
