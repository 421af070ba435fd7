"""Where the farm's time goes: each core, GPU and node is at every moment in exactly one state.

The steps keep the sums (lua/_partition.lua says how) as integers: quarters of a core times ms, and
GPUs times ms. So of each node, and of each pool, the sums over all states are what is configured
times the time that has passed, to the last ms. A node's own second is split as its cores are, which
is exact as a fraction.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from farm.model.errors import NotLeader
from farm.model.metrics import ServerState
from farm.model.resources import CORE_PARTS
from farm.policy.free_room import FreeRoom
from farm.store.breach import flat
from farm.store.connection import Connection

MS = 1000
_JUDGED_AT_ONCE = 500  #: nodes, so that others get their turn at the store
_SUMS = 6  #: the five states, and stranded
_MODE, _CORES, _GPUS = 3, 5, 17  #: where they are among the numbers of lua/_partition.lua
_OPEN = 1  #: the mode of a node that takes leases


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """An amount, split by state. `stranded` is a part of idle: only memory is lacking there."""

    busy: Fraction | int = 0
    starved: Fraction | int = 0
    idle: Fraction | int = 0
    draining: Fraction | int = 0
    offline: Fraction | int = 0
    stranded: Fraction | int = 0

    @property
    def all(self) -> Fraction | int:
        """The sum over the states."""
        return self.busy + self.starved + self.idle + self.draining + self.offline

    def by_state(self, unit: int = 1) -> dict[str, float]:
        """Each state's amount, in `unit`s of it."""
        return {state: float(getattr(self, state) / Fraction(unit)) for state in ServerState}

    def __add__(self, other: "Split") -> "Split":
        return _each(lambda name: getattr(self, name) + getattr(other, name))

    def over(self, number: int) -> "Split":
        """Divided by `number`, exactly."""
        return _each(lambda name: Fraction(getattr(self, name), number))


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A sort of resource: how much there is, what it is at now, and where its time went.

    Amounts are quarters of cores, or GPUs; times are these times ms.
    """

    now: Split = field(default_factory=Split)
    spent: Split = field(default_factory=Split)
    configured: int = 0  #: what there is times the time it was there, counted by itself

    def __add__(self, other: "Account") -> "Account":
        return Account(
            now=self.now + other.now,
            spent=self.spent + other.spent,
            configured=self.configured + other.configured,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeAccount:
    """A node since it came with the pool, cores and GPUs that it has."""

    name: str
    pool: str
    version: str  #: of its worker
    heartbeat_at: float  #: seconds since 1970, the store's clock
    elapsed_ms: int
    core_row: tuple[int, ...]  #: all of them, the sums of each state, what they are at now
    gpu_row: tuple[int, ...]

    @property
    def core_parts(self) -> int:
        return self.core_row[0]  # in quarters

    @property
    def cores(self) -> Account:
        return _account(self.core_row, self.core_row[0] * self.elapsed_ms)

    @property
    def gpus(self) -> Account:
        return _account(self.gpu_row, self.gpu_row[0] * self.elapsed_ms)

    @property
    def busy(self) -> tuple[float, float]:
        """Core-seconds until now, and cores now."""
        return self.core_row[1] / (CORE_PARTS * MS), self.core_row[1 + _SUMS] / CORE_PARTS


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolAccount:
    """A pool, or the farm: all its nodes ever, with what they were before they changed."""

    cores: Account = field(default_factory=Account)
    gpus: Account = field(default_factory=Account)
    nodes_now: Split = field(default_factory=Split)  #: in nodes
    nodes_spent: Split = field(default_factory=Split)  #: in nodes times ms

    def __add__(self, other: "PoolAccount") -> "PoolAccount":
        return PoolAccount(
            cores=self.cores + other.cores,
            gpus=self.gpus + other.gpus,
            nodes_now=self.nodes_now + other.nodes_now,
            nodes_spent=self.nodes_spent + other.nodes_spent,
        )

    def core_seconds(self) -> dict[str, float]:
        return self.cores.spent.by_state(CORE_PARTS * MS)

    def stranded_core_seconds(self) -> float:
        return float(self.cores.spent.stranded / Fraction(CORE_PARTS * MS))

    def gpu_seconds(self) -> dict[str, float]:
        return self.gpus.spent.by_state(MS)

    def node_seconds(self) -> dict[str, float]:
        return self.nodes_spent.by_state(MS)

    def cores_now(self) -> dict[str, float]:
        return self.cores.now.by_state(CORE_PARTS)

    def gpus_now(self) -> dict[str, float]:
        return self.gpus.now.by_state()

    def nodes_by_state(self) -> dict[str, float]:
        """Nodes, split as their cores are: half of a node may be busy."""
        return self.nodes_now.by_state()


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """All accounts at one instant."""

    at_ms: int  #: since 1970, the store's clock
    nodes: tuple[NodeAccount, ...]  #: by name
    pools: Mapping[str, PoolAccount]

    def farm(self) -> PoolAccount:
        """All pools together."""
        return sum(self.pools.values(), PoolAccount())


class AccountStore:
    """Reads the accounts, and tells them what the leader judged; the steps keep them."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`."""
        self._connection = connection

    def read(self) -> Accounts:
        """Where all time went until now. Changes nothing. Raises StoreUnavailable."""
        at_ms, rows, told = self._connection.call("farm_accounts")
        waiting = {pool: flags for pool, _, *flags in told}
        nodes = tuple(sorted((_node(row, waiting) for row in rows), key=lambda node: node.name))
        by_pool: defaultdict[str, list[NodeAccount]] = defaultdict(list)
        for node in nodes:
            by_pool[node.pool].append(node)
        pools = {pool: _pool(by_pool[pool], flat(past)) for pool, past, *_ in sorted(told)}
        return Accounts(at_ms=at_ms, nodes=nodes, pools=pools)

    def judge(
        self, free: Sequence[FreeRoom], demand: Mapping[str, str], opened: str, *, leader: str
    ) -> int:
        """Count free room as it was judged; how many nodes of those in `free` still were as seen.

        `demand` are the marks of the layers it was judged with, by their ids, and `opened` that of
        bounds that were raised: these are no news any more. Raises NotLeader.
        """
        counted, marks = 0, [word for pair in demand.items() for word in pair]
        while True:
            some, free = free[:_JUDGED_AT_ONCE], free[_JUDGED_AT_ONCE:]
            known = [] if free else marks
            words = [word for room in some for word in _room_words(room)]
            answer = self._connection.call(
                "farm_free_room", leader, "" if free else opened, len(known) // 2, *known, *words
            )
            if answer < 0:
                raise NotLeader("another scheduler leads")
            counted += int(answer)
            if not free:
                return counted


def _room_words(room: FreeRoom) -> tuple[str | int | float, ...]:
    seen, use = room.free, room.use
    return (
        room.node,
        room.epoch,
        seen.cores,
        seen.memory_bytes,
        seen.gpus,
        int(use.cores * CORE_PARTS),
        int(use.stranded_cores * CORE_PARTS),
        use.gpus,
    )


def _each(value: Callable[[str], Fraction | int]) -> Split:
    return Split(**{name: value(name) for name in Split.__slots__})


def _split(numbers: Sequence[int]) -> Split:
    return Split(**dict(zip(Split.__slots__, numbers, strict=True)))


def _node(row: Sequence[Any], waiting: Mapping[str, Sequence[int]]) -> NodeAccount:
    """A node as lua/accounts.lua tells it; `waiting` has of each pool whether work waits."""
    name, pool, version, heartbeat_ms, elapsed, reports, *numbers = row
    mode, cores = numbers[_MODE], numbers[_CORES:_GPUS]
    gpus, flags = numbers[_GPUS:] or [0] * (_GPUS - _CORES), waiting[pool]
    return NodeAccount(
        name=name,
        pool=pool,
        version=version,
        heartbeat_at=heartbeat_ms / MS,
        elapsed_ms=elapsed,
        core_row=(cores[0], *cores[-_SUMS:], *_now(cores, mode, reports, *flags[:2])),
        gpu_row=(gpus[0], *gpus[-_SUMS:], *_now(gpus, mode, reports, *flags[2:])),
    )


def _now(block: Sequence[int], mode: int, reports: int, waits: int, unjudged: int) -> Sequence[int]:
    """What everything of a node is at now: as a ms is added to its sums, see lua/_partition.lua."""
    everything, busy, usable, stranded = block[:4]
    free = everything - busy
    if not reports:
        return (0, 0, 0, 0, everything, 0)
    if mode != _OPEN:
        return (busy, 0, 0, free, 0, 0)
    if not waits:
        return (busy, 0, free, 0, 0, 0)
    if unjudged:
        return (busy, free, 0, 0, 0, 0)
    return (busy, usable, free - usable, 0, 0, stranded)


def _account(row: Sequence[int], configured: int) -> Account:
    return Account(
        spent=_split(row[1 : 1 + _SUMS]), now=_split(row[1 + _SUMS :]), configured=configured
    )


def _sum(rows: Sequence[tuple[tuple[int, ...], int]]) -> Account:
    """Of rows of one size, each with the ms that it lasts."""
    configured = sum(row[0] * elapsed_ms for row, elapsed_ms in rows)
    return _account(list(map(sum, zip(*(row for row, _ in rows), strict=True))), configured)


def _pool(nodes: Sequence[NodeAccount], past: Mapping[str, str]) -> PoolAccount:
    """The sum of `nodes` and of the eras that are over, as lua/_eras.lua keeps them."""
    rows: defaultdict[int, list[tuple[tuple[int, ...], int]]] = defaultdict(list)
    gpu_rows = [(node.gpu_row, node.elapsed_ms) for node in nodes]
    for node in nodes:
        rows[node.core_parts].append((node.core_row, node.elapsed_ms))
    by_size = {size: _sum(of_size) for size, of_size in rows.items()}
    for size in {int(name.split(":")[1]) for name in past if name.startswith("cores:")}:
        by_size[size] = by_size.get(size, Account()) + _past(past, f"cores:{size}:")
    sizes = [(size, account) for size, account in by_size.items() if size]
    return PoolAccount(
        cores=sum(by_size.values(), Account()),
        gpus=_past(past, "gpus:1:") + (_sum(gpu_rows) if gpu_rows else Account()),
        nodes_now=sum((one.now.over(size) for size, one in sizes), Split()),
        nodes_spent=sum((one.spent.over(size) for size, one in sizes), Split()),
    )


def _past(past: Mapping[str, str], mark: str) -> Account:
    return Account(
        spent=_each(lambda name: int(past.get(mark + name, 0))),
        configured=int(past.get(f"{mark}configured", 0)),
    )
