"""Whose leases may have to give way: only these are worth reading for recalls. Pure."""

from collections import defaultdict

from farm.policy.board import Board
from farm.policy.reasons import Told
from farm.policy.waiting import Reason


def givers_of(board: Board, told: Told) -> frozenset[str]:
    """Productions that may have to give slots back: those that book anything where others wait.

    A production that books less than each of those that wait need not be looked at.
    """
    if any(cap.held > cap.most for cap in board.caps.values()):
        return frozenset(one.name for one in board.snapshot.productions)
    givers: set[str] = set()
    for pool, takers in _takers(board, told).items():
        accounts = board.shares.in_pool(pool)
        least = min(accounts[name].level() for name in takers)
        givers |= {name for name, one in accounts.items() if one.cores and one.level() >= least}
    for name, account in board.shares.known():
        if account.ceiling is not None and account.cores > account.ceiling:
            givers.add(name)
    return frozenset(givers)


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
