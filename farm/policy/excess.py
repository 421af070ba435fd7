"""What exceeds a bound that was lowered: recalled at the task boundary, not killed. Pure."""

from collections.abc import Callable, Iterator, Sequence

from farm.model.lease import LeaseState
from farm.model.resources import Cores
from farm.model.snapshot import CapUnit, CapView, LeaseView
from farm.policy.board import Board
from farm.policy.giving import Giving
from farm.policy.shares import Account

Excess = tuple[LeaseView, str]  #: a lease and why it goes


def excess(board: Board, giving: Giving) -> list[Excess]:
    """The leases to recall, each once, of those of `giving`: the least important first."""
    found: dict[str, Excess] = {}
    for name, cap in sorted(board.snapshot.caps.items()):
        if cap.held > cap.most:
            for lease in [*_of_cap(board, name, cap, giving.started, set(found))]:
                found[lease.id] = (lease, f"{name} is lowered to {cap.most:g}")
    pools = {node.name: node.pool for node in board.nodes}
    for name, account in sorted(board.shares.known(), key=lambda one: (one[0], one[1].pool)):
        if account.ceiling is None or account.cores <= account.ceiling:
            continue
        its = [
            lease
            for lease in giving.started
            if lease.production == name and pools[lease.node] == account.pool
        ]
        able = [lease for lease in its if lease.id not in found]
        ending = [lease for lease in its if lease.id in found]
        for lease in [*_of_ceiling(account, able, ending)]:
            found[lease.id] = (lease, f"production {name} may have {account.ceiling:g} cores")
    return list(found.values())


def _of_cap(
    board: Board, name: str, cap: CapView, started: Sequence[LeaseView], found: set[str]
) -> Iterator[LeaseView]:
    counting = _counting(board, name)
    alive = [lease for lease in board.snapshot.leases if counting(lease)]
    recalled = {lease.id for lease in alive if lease.state is LeaseState.RECALLED}
    able = [lease for lease in started if counting(lease) and lease.id not in found]
    over = cap.held - cap.most
    if cap.unit is CapUnit.NODE:
        yield from _whole_nodes(over, able, alive, found | recalled)
        return
    ending = found | recalled
    over -= sum(_counts(cap, lease) for lease in alive if lease.id in ending)
    for lease in able:
        if over <= 0:
            return
        over -= _counts(cap, lease)
        yield lease


def _counts(cap: CapView, lease: LeaseView) -> Cores:
    return lease.resources.cores if cap.unit is CapUnit.CORES else 1


def _counting(board: Board, name: str) -> Callable[[LeaseView], bool]:
    """Tells whether a lease counts in the cap: it says so, or its layer or its job does."""
    layers = {layer.id for layer in board.snapshot.layers if name in layer.caps}
    kind, _, rest = name.partition(":")
    job = rest.partition(":")[0] if kind == "job" else ""

    def counting(lease: LeaseView) -> bool:
        return name in lease.caps or lease.layer in layers or bool(job and lease.job == job)

    return counting


def _whole_nodes(
    over: Cores, able: Sequence[LeaseView], alive: Sequence[LeaseView], ending: set[str]
) -> Iterator[LeaseView]:
    """The leases of so many nodes that the cap no longer counts them: those with fewest first."""
    by_node: dict[str, list[LeaseView]] = {}
    for lease in alive:
        by_node.setdefault(lease.node, []).append(lease)
    over -= sum(all(one.id in ending for one in leases) for leases in by_node.values())
    can_end = {lease.id for lease in able} | ending
    left = [
        [lease for lease in leases if lease.id not in ending]
        for _, leases in sorted(by_node.items())
        if all(lease.id in can_end for lease in leases)
    ]
    for leases in sorted((leases for leases in left if leases), key=len):
        if over <= 0:
            return
        over -= 1
        yield from leases


def _of_ceiling(
    account: Account, able: Sequence[LeaseView], ending: Sequence[LeaseView]
) -> Iterator[LeaseView]:
    """Of the production's leases in the pool; those in `ending` go for another bound already."""
    assert account.ceiling is not None
    over = account.cores - account.ceiling - sum(lease.resources.cores for lease in ending)
    for lease in able:
        if over <= 0:
            return
        over -= lease.resources.cores
        yield lease
