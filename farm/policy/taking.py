"""Whose leases give way, and on which node: what a wish takes back by what it is due. Pure.

A slot moves from one production to another only if every giver, after giving all that ends for it,
is still no worse off than the taker after taking: so a slot never moves back and forth. Inside one
production it moves from lower to higher priority. One lease that makes room alone is best; else so
few of one node as do it together, on the node that is clear soonest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import inf

from farm.model.resources import Cores
from farm.model.snapshot import LeaseView
from farm.policy.board import Board
from farm.policy.demand import Demand
from farm.policy.giving import Giving
from farm.policy.shares import Account, Level

TURN_SECONDS = 60.0  #: a slot is kept at least so long before a production with none gets a turn
SLACK = 0.02  #: of its slots that a production does not take back: not worth starting anew
SLACK_TOGETHER = 0.1  #: the same of slots that several leases have to end for: room stays idle
ENOUGH = 16  #: nodes that several leases make room on, of which one is chosen

Cost = tuple[float, float, int]  #: seconds until it is clear, of all that end, index


@dataclass(frozen=True, slots=True)
class _Taker:
    """Who asks, and what that lets it take."""

    demand: Demand
    account: Account
    after: Level
    after_several: Level
    turn: float | None  #: what was granted before may be taken as well; None: no
    young: float  #: what was granted later may not be taken
    avoid: frozenset[str]
    only: set[int] | None
    most: float
    #: Productions: may they give any lease, as the only one or (True) with others?
    able: dict[tuple[str, bool], bool] = field(default_factory=dict)

    @property
    def plain(self) -> bool:
        """Would any node do, and may it take no more than its share lets it?"""
        demand = self.demand
        picky = demand.needs is not None or self.avoid or self.only is not None or demand.gpus
        return not picky and not demand.layer.whole_node and self.young < inf


@dataclass(slots=True)
class _Search:
    """How far the leases were looked at for one wish of one production."""

    taker: _Taker  #: who asks now
    walk: Iterator[LeaseView] = field(default_factory=lambda: iter(()))
    others: bool = True  #: may other productions give anything?
    seen: set[int] = field(default_factory=set)
    several: list[Cost] = field(default_factory=list)  #: a heap


class Taking:
    """Finds what gives way. What found nothing once is not looked for again in this plan."""

    def __init__(self, board: Board, giving: Giving) -> None:
        """Search among the leases of `giving`."""
        self._board, self._giving = board, giving
        self._searches: dict[object, _Search] = {}
        self._nothing: dict[str, list[tuple[Cores, int, Level, Level]]] = {}
        self._had: dict[tuple[str, str], bool] = {}  #: had it anything before it took?

    def find(
        self,
        demand: Demand,
        account: Account,
        avoid: frozenset[str],
        only: set[int] | None,
        most: float,
    ) -> list[LeaseView]:
        """The leases of one node that give way to `demand`; none when none have to."""
        before = self._board.snapshot.at - TURN_SECONDS
        turn = before if account.cores == 0 else None
        had = self._had.setdefault((account.pool, demand.layer.production), account.cores > 0)
        young = max(0.0, before) if had and account.level()[0] else inf
        after = after_taking(demand, account, SLACK)
        several = after_taking(demand, account, SLACK_TOGETHER)
        taker = _Taker(demand, account, after, several, turn, young, avoid, only, most)
        key = (account.pool, demand.layer.production, demand.wish, avoid)
        search = self._searches.get(key)
        if search is None:
            search = self._searches[key] = _Search(taker)
            search.walk = self._walk(search)
        search.taker, search.others = taker, not self._none(taker)
        while True:
            alone = self._look_on(search)
            if alone is not None:
                return [alone]
            if not search.several:
                self._remember(taker)
                return []
            index = heappop(search.several)[2]
            # What it takes was found before others took: it may be more by now.
            leases = self._together(index, taker)
            if leases:
                cost = self._cost(index, leases)
                if not search.several or cost <= search.several[0]:
                    return leases
                heappush(search.several, cost)

    def _look_on(self, search: _Search) -> LeaseView | None:
        """Look until one lease makes room alone, or enough nodes are known to choose from."""
        giving, taker = self._giving, search.taker
        while len(search.several) < ENOUGH and (lease := next(search.walk, None)) is not None:
            index, demand = giving.index_of(lease), taker.demand
            alone = giving.cores_with(index) + lease.resources.cores >= demand.cores
            if index in search.seen and not alone:
                continue
            if not self._gives(taker, lease) or not self._usable(index, taker):
                continue
            if alone and giving.makes_room(index, (lease,), demand):
                return lease
            if index not in search.seen and lease.production != demand.layer.production:
                search.seen.add(index)
                leases = self._together(index, taker)
                if leases:
                    heappush(search.several, self._cost(index, leases))
        return None

    def _walk(self, search: _Search) -> Iterator[LeaseView]:
        """Leases in the order in which they should give: who has most over its weight first.

        Later on the taker has more and the givers have less: what is left out here stays so.
        """
        account, own = search.taker.account, search.taker.demand.layer.production
        for production in [*self._giving.by_level(account.pool)]:
            taker = search.taker
            if production == own or not self._may_give(search, production):
                continue
            leases = self._giving.of(account.pool, production, granted_by=taker.young)
            if account.level()[0] == 0:  # for a guarantee, those first that need not wait
                leases = iter(sorted(leases, key=lambda one: not one.interruptible))
            for lease in leases:
                if not self._may_give(search, production):
                    break  # it has given enough meanwhile
                yield lease
        yield from self._of_own(search.taker)

    def _may_give(self, search: _Search, production: str) -> bool:
        """May another production give any lease to who asks now?"""
        taker = search.taker
        return search.others and (taker.turn is not None or self._able(taker, production))

    def _of_own(self, taker: _Taker) -> Iterator[LeaseView]:
        """Leases of the taker's production that have less priority, the least first."""
        layer = taker.demand.layer
        points = 0 if taker.demand.job.slots else taker.demand.points
        for lease in self._giving.of(taker.account.pool, layer.production):
            if lease.priority >= layer.priority + points:
                return
            yield lease

    def _none(self, taker: _Taker) -> bool:
        """Did others have nothing to give for a wish no larger that might take no less?"""
        demand = taker.demand
        return taker.plain and any(
            demand.cores >= one[0]
            and demand.memory >= one[1]
            and taker.after >= one[2]
            and taker.after_several >= one[3]
            for one in self._nothing.get(taker.account.pool, ())
        )

    def _remember(self, taker: _Taker) -> None:
        """Others have nothing to give that helps."""
        if taker.plain and not self._none(taker):
            demand = taker.demand
            one = (demand.cores, demand.memory, taker.after, taker.after_several)
            self._nothing.setdefault(taker.account.pool, []).append(one)

    def _usable(self, index: int, taker: _Taker) -> bool:
        board, demand = self._board, taker.demand
        eligible = board.placement.eligible(demand.needs)
        node = board.nodes[index]
        return (
            not node.reserved_for
            and index not in self._giving.cleared
            and (eligible is None or index in eligible)
            and (taker.only is None or index in taker.only)
            and node.name not in taker.avoid
            and board.room.cores_taken(index, demand) <= taker.most
        )

    def _together(self, index: int, taker: _Taker) -> list[LeaseView] | None:
        """What has to end on the node, all of which may."""
        if not self._usable(index, taker):
            return None
        own = taker.demand.layer.production
        others = (lease for lease in self._giving.on(index) if lease.production != own)
        return self._giving.enough(
            index,
            others,
            taker.demand,
            lambda lease, before: self._gives(taker, lease, before, several=True),
        )

    def _gives(
        self,
        taker: _Taker,
        lease: LeaseView,
        before: Sequence[LeaseView] = (),
        *,
        several: bool = False,
    ) -> bool:
        """Has `lease` to give way too, when those in `before` of its production do?"""
        demand = taker.demand
        layer = demand.layer
        if lease.production == layer.production:
            # What was gained by waiting counts for a job that has no slot at all.
            points = 0 if demand.job.slots else demand.points
            return lease.priority < layer.priority + points
        if taker.turn is None and (
            lease.granted_at > taker.young or not self._able(taker, lease.production, several)
        ):
            return False
        level = without(self._giving.account(lease), lease, before)
        if level >= (taker.after_several if several else taker.after):
            return True
        # With more productions than slots nobody would ever be above another: they take turns.
        return taker.turn is not None and level[0] == 1 and lease.granted_at <= taker.turn

    def _able(self, taker: _Taker, production: str, several: bool = False) -> bool:
        """May any lease of another production end for the taker, by what it books now?"""
        key = (production, several)
        able = taker.able.get(key)
        if able is None:
            pool = taker.account.pool
            giver, least = (
                self._board.shares.account(pool, production),
                self._giving.least_of(pool, production),
            )
            after = taker.after_several if several else taker.after
            able = taker.able[key] = giver.level(*least) >= after
        return able

    def _cost(self, index: int, leases: Sequence[LeaseView]) -> Cost:
        ends = [self._giving.remaining(lease) for lease in leases]
        return (max(ends), sum(ends), index)


def after_taking(demand: Demand, account: Account, slack: float) -> Level:
    """The level that a giver must not fall below: the taker's with one more slot.

    What it lacks to its guarantee it takes as such. Otherwise a production lets `slack` of its
    slots, rounded down, be: slots that come free anyway go to it first.
    """
    below, level = account.level()
    after = account.level(demand.cores, demand.memory, demand.gpus)[1]
    if below and after > level:
        after += (after - level) * int(level / (after - level) * slack)
    return (below, after)


def without(giver: Account, lease: LeaseView, before: Sequence[LeaseView]) -> Level:
    """The giver's level once `lease` and those in `before` have ended."""
    amount = lease.resources
    cores, memory, gpus = amount.cores, amount.memory_bytes, amount.gpus
    for one in before:
        cores += one.resources.cores
        memory += one.resources.memory_bytes
        gpus += one.resources.gpus
    return giver.level(-cores, -memory, -gpus)
