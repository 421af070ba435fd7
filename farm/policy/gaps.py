"""Backfill: short work on nodes that are being cleared, never delaying what they are cleared for.

Pure. EASY backfill (Lifka, 1995): work may run there if it is over before the last of the recalled
leases is expected to end, or if it takes only what the awaited layer will leave free. Always one
task at a time: the store lets nothing else onto a node that is reserved for another.
"""

from dataclasses import dataclass

from farm.model.lease import Grant
from farm.model.resources import Cores
from farm.model.snapshot import LayerView, LeaseView
from farm.policy.board import Board
from farm.policy.demand import Demand
from farm.policy.granting import book, bounds, fits_on, may_have, tries
from farm.policy.line import Line, Queue


@dataclass(slots=True)
class _Gap:
    """A reserved node with room that the awaited layer cannot use yet."""

    index: int
    pool: str
    until: float  #: when the awaited layer is expected to start
    cores: Cores = 0  #: that will be left over beside it
    memory: int = 0
    gpus: int = 0

    def beside(self, demand: Demand) -> bool:
        """Will there be room for `demand` and the awaited layer?"""
        return (
            not demand.layer.whole_node
            and demand.cores <= self.cores
            and demand.memory <= self.memory
            and demand.gpus <= self.gpus
        )

    def take(self, demand: Demand) -> None:
        self.cores -= demand.cores
        self.memory -= demand.memory
        self.gpus -= demand.gpus


def fill_gaps(board: Board) -> list[Grant]:
    """Grants on reserved nodes for what `board` has left over, booked there."""
    gaps = _gaps(board)
    grants: list[Grant] = []
    if not gaps:
        return grants
    line = Line(board.open_demands(), board.shares, {gap.pool for gap in gaps})
    while (turn := line.next()) is not None:
        queue, demand = turn
        grant = _fill(board, queue, demand, gaps) if may_have(demand, queue.account) else None
        if grant is None:
            queue.drop()
        else:
            grants.append(grant)
            line.served()
    return grants


def _fill(board: Board, queue: Queue, demand: Demand, gaps: list[_Gap]) -> Grant | None:
    seconds = demand.layer.task_seconds
    ends_at = None if seconds is None else board.snapshot.at + seconds
    only, most = bounds(demand, queue.account)
    for gap in gaps:
        index = gap.index
        beside = gap.beside(demand)
        in_time = ends_at is not None and ends_at <= gap.until
        may = gap.pool == queue.pool and (only is None or index in only)
        if not (may and (beside or in_time)) or board.room.cores_taken(index, demand) > most:
            continue
        for retry, avoid, anywhere in tries(board, demand):
            if fits_on(board, demand, index, avoid):
                if beside:
                    gap.take(demand)
                account = queue.account
                return book(board, demand, account, index, retry=retry, anywhere=anywhere, tasks=1)
    return None


def _gaps(board: Board) -> list[_Gap]:
    """Reserved nodes with something free, of which the snapshot tells the leases that end."""
    if not board.reserved:
        return []
    ending: dict[str, list[LeaseView]] = {}
    for lease in board.snapshot.leases:
        if lease.ends:
            ending.setdefault(lease.node, []).append(lease)
    awaited = {layer.id: layer for layer in board.snapshot.layers}
    gaps = []
    for index, node in enumerate(board.nodes):
        layer, leases = awaited.get(node.reserved_for), ending.get(node.name)
        if layer is not None and leases and board.room.free[index] > 0:
            gaps.append(_gap(board, index, layer, leases))
    return gaps


def _gap(board: Board, index: int, layer: LayerView, leases: list[LeaseView]) -> _Gap:
    """The gap until enough of `leases` have ended for `layer`, and what is then left over."""
    room, node, asked = board.room, board.nodes[index], layer.resources
    gap = _Gap(index=index, pool=node.pool, until=0.0)
    cores, memory, gpus = room.free[index], room.memory[index], room.gpus[index]
    wanted = node.total.cores if layer.whole_node else asked.cores
    for lease in sorted(leases, key=_end):
        if lease.task_ends_at is None:
            return gap  # may end at once: nothing is sure beyond the last known end before
        gap.until = lease.task_ends_at
        cores += lease.resources.cores
        memory += lease.resources.memory_bytes
        gpus += lease.resources.gpus
        if cores >= wanted and memory >= asked.memory_bytes and gpus >= asked.gpus:
            gap.cores = cores - wanted
            gap.memory = memory - asked.memory_bytes
            gap.gpus = gpus - asked.gpus
            return gap
    return gap


def _end(lease: LeaseView) -> tuple[float, str]:
    ends_at = lease.task_ends_at
    return (float("inf") if ends_at is None else ends_at, lease.id)
