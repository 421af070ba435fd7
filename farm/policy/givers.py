"""Whose leases may have to give way: only these are worth reading for recalls. Pure."""

from collections import defaultdict
from dataclasses import dataclass

from farm.policy.board import Board
from farm.policy.reasons import Told
from farm.policy.waiting import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Givers:
    """Productions that may have to give slots back."""

    names: frozenset[str] = frozenset()
    #: A bound is passed, or somebody waits for a guarantee; else slots that come free anyway make
    #: most of it good.
    pressing: bool = False


NOBODY = Givers()


def givers_of(board: Board, told: Told) -> Givers:
    """Those that book anything where others wait.

    A production that books less than each of those that wait need not be looked at.
    """
    if any(cap.held > cap.most for cap in board.caps.values()):
        every = frozenset(one.name for one in board.snapshot.productions)
        return Givers(names=every, pressing=True)
    givers: set[str] = set()
    pressing = False
    for pool, takers in _takers(board, told).items():
        accounts = board.shares.in_pool(pool)
        least = min(accounts[name].level() for name in takers)
        givers |= {name for name, one in accounts.items() if one.cores and one.level() >= least}
        pressing = pressing or least[0] == 0
    for name, account in board.shares.known():
        if account.ceiling is not None and account.cores > account.ceiling:
            givers.add(name)
            pressing = True
    return Givers(names=frozenset(givers), pressing=pressing)


def _takers(board: Board, told: Told) -> dict[str, set[str]]:
    """By pool, the productions with work that waits for room there and may have it."""
    takers: defaultdict[str, set[str]] = defaultdict(set)
    for demand in board.open_demands():
        production = demand.layer.production
        pool = next(iter(told.pools(demand)), None)
        if pool is not None and production not in takers[pool]:  # one layer of each will do
            row = told.outright(demand)
            if row is None or row.reason is Reason.RESERVED:
                takers[pool].add(production)
    return {pool: names for pool, names in takers.items() if names}
