"""Free slots to whoever is due. Pure.

The production that is due gets one slot for its most urgent layer that fits; repeat until nothing
that waits fits, or the plan has as many grants as one pass may have.
"""

from collections.abc import Iterator

from farm.model.lease import Grant
from farm.model.resources import Resources
from farm.policy.board import Board
from farm.policy.caps import most_cores, only_on, refusing
from farm.policy.demand import NOWHERE, Demand
from farm.policy.line import Line, Queue
from farm.policy.placement import ANY
from farm.policy.shares import Account
from farm.policy.waiting import Reason


def grant_slots(board: Board, most: int) -> tuple[list[Grant], bool]:
    """Up to `most` grants, booked on `board`, and whether they were cut before the end."""
    line = Line(board.demands, board.shares, board.room.pools)
    grants: list[Grant] = []
    while True:
        turn = line.next()
        if turn is None:
            if not _hope_again(board, line):
                return grants, False
            continue
        if len(grants) >= most:
            return grants, True
        queue, demand = turn
        grant = _serve(board, queue, demand)
        if grant is None:
            queue.drop()
        else:
            grants.append(grant)
            line.served()


def _hope_again(board: Board, line: Line) -> bool:
    """GPUs that were taken no longer keep cores: what found no room may fit now."""
    pools, board.room.released = board.room.released, set()
    board.placement.hope_again(pools)
    return bool(pools) and line.revive(pools)


def _serve(board: Board, queue: Queue, demand: Demand) -> Grant | None:
    account, pool = queue.account, queue.pool
    if not may_have(demand, account):
        return None
    reserved = board.reserved.get(demand.layer.id) if board.reserved else None
    if not reserved and demand.plain > 0 and board.placement.is_hopeless(demand, pool):
        demand.refused[pool] = Reason.CAPACITY  # on a full farm this is what comes of most
        return None
    only, most = bounds(demand, account)
    for retry, avoid, anywhere in tries(board, demand):
        index = -1
        if reserved:
            index = _kept_for_it(board, demand, pool, avoid=avoid, only=only, most=most)
        if index < 0:
            index = board.placement.best(demand, pool, avoid=avoid, only=only, most=most)
        if index >= 0:
            return book(board, demand, account, index, retry=retry, anywhere=anywhere)
    demand.refused[pool] = Reason.CAPACITY
    return None


def may_have(demand: Demand, account: Account) -> bool:
    """Do caps and its production's ceiling let it have one more slot?"""
    if demand.caps:
        demand.stopped = refusing(demand.caps, demand.cores)
        if demand.stopped is not None:
            return False
    if account.ceiling is not None and account.cores + demand.cores > account.ceiling:
        demand.refused[account.pool] = Reason.SHARE
        return False
    return True


def bounds(demand: Demand, account: Account) -> tuple[set[int] | None, float]:
    """The nodes that one more slot may be on (None: any), and the most cores if it is whole."""
    only = only_on(demand.caps) if demand.caps else None
    if not demand.layer.whole_node:
        return only, ANY
    ceiling = ANY if account.ceiling is None else account.ceiling - account.cores
    return only, most_cores(demand.caps, ceiling)


def tries(board: Board, demand: Demand) -> Iterator[tuple[int, frozenset[str], bool]]:
    """Tasks to find a slot for: (which retry, -1 for a plain task; nodes to avoid; anywhere?).

    Tasks that may run anywhere come first. A retry goes to a node it has not failed on, if the
    farm has such a node at all; if not, failing twice on the only node is still a try.
    """
    if demand.plain > 0:
        yield -1, NOWHERE, False
        return
    for retry, avoid in enumerate(demand.picky):
        anywhere = not board.placement.could_ever_fit(demand, avoid)
        yield retry, NOWHERE if anywhere else avoid, anywhere


def book(
    board: Board,
    demand: Demand,
    account: Account,
    index: int,
    *,
    retry: int = -1,
    anywhere: bool = False,
    tasks: int = 0,
) -> Grant:
    """Give `demand` a slot on the node with `index`, on paper."""
    node, layer = board.nodes[index], demand.layer
    resources = layer.resources
    if layer.whole_node:
        resources = Resources(cores=node.total.cores, memory_bytes=demand.memory, gpus=demand.gpus)
    cores = resources.cores
    board.room.take(index, cores, demand.memory, demand.gpus)
    account.add(cores, demand.memory, demand.gpus)
    if node.reserved_for == layer.id:
        board.kept.add(index)
    for cap in demand.caps:
        cap.take(cores, index)
    demand.served(retry)
    return Grant(
        node=node.name,
        epoch=node.epoch,
        layer=layer.id,
        resources=resources,
        anywhere=anywhere,
        tasks=tasks,
    )


def fits_on(board: Board, demand: Demand, index: int, avoid: frozenset[str]) -> bool:
    """Has the node room for it and may it run there, whoever the node is reserved for?"""
    eligible = board.placement.eligible(demand.needs)
    return (
        (eligible is None or index in eligible)
        and board.nodes[index].name not in avoid
        and board.room.has_room(index, demand)
    )


def _kept_for_it(
    board: Board,
    demand: Demand,
    pool: str,
    *,
    avoid: frozenset[str],
    only: set[int] | None,
    most: float,
) -> int:
    """The node that was cleared for it, once it is clear; -1 when there is none."""
    for index in board.reserved[demand.layer.id]:
        if (
            board.nodes[index].pool == pool
            and (only is None or index in only)
            and board.room.cores_taken(index, demand) <= most
            and fits_on(board, demand, index, avoid)
        ):
            return index
    return -1
