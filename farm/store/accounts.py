"""Where the farm's time goes: each core, GPU and node is at every moment in exactly one state.

The steps keep the sums (lua/_partition.lua says how) as integers: quarters of a core times ms, and
GPUs times ms. So of each node, and of each pool, the sums over all states are what is configured
times the time that has passed, to the last ms. A node's own second is split as its cores are, which
is exact as a fraction.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any

from farm.model.errors import NotLeader
from farm.model.resources import CORE_PARTS
from farm.policy.free_room import FreeRoom
from farm.store.connection import Connection

MS = 1000
_JUDGED_AT_ONCE = 500  #: nodes, so that others get their turn at the store
_SUMS = 6  #: the five states, and stranded


class Spent(StrEnum):
    """The states of a core, a GPU or a node, as its time is counted."""

    BUSY = "busy"  #: booked by a lease of a node that reports
    STARVED = "starved"  #: free and open, while work waits that could run here, or may
    IDLE = "idle"  #: free and open, and nothing that waits could run here
    DRAINING = "draining"  #: free, and closed: drained, locked, quarantined, asleep, unfit, muted
    OFFLINE = "offline"  #: its node does not report


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
        return {state: float(getattr(self, state) / Fraction(unit)) for state in Spent}

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
    elapsed_ms: int
    core_parts: int  #: its cores, in quarters
    cores: Account
    gpus: Account


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
        at_ms, rows, past = self._connection.call("farm_accounts")
        nodes = tuple(sorted((_node(row) for row in rows), key=lambda node: node.name))
        eras = {pool: dict(zip(words[::2], words[1::2], strict=True)) for pool, words in past}
        pools = {
            pool: _pool([node for node in nodes if node.pool == pool], eras[pool])
            for pool in sorted(eras)
        }
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


def _node(row: Sequence[Any]) -> NodeAccount:
    name, pool, elapsed, *numbers = row
    size = len(numbers) // 2
    cores, gpus = numbers[:size], numbers[size:]
    return NodeAccount(
        name=name,
        pool=pool,
        elapsed_ms=elapsed,
        core_parts=cores[0],
        cores=_account(cores, elapsed),
        gpus=_account(gpus, elapsed),
    )


def _account(numbers: Sequence[int], elapsed_ms: int) -> Account:
    return Account(
        spent=_split(numbers[1 : 1 + _SUMS]),
        now=_split(numbers[1 + _SUMS :]),
        configured=numbers[0] * elapsed_ms,
    )


def _pool(nodes: Iterable[NodeAccount], past: Mapping[str, str]) -> PoolAccount:
    """The sum of `nodes` and of the eras that are over, as lua/_eras.lua keeps them."""
    by_size: dict[int, Account] = {}
    gpus = _past(past, "gpus:1:")
    for size in {int(name.split(":")[1]) for name in past if name.startswith("cores:")}:
        by_size[size] = _past(past, f"cores:{size}:")
    for node in nodes:
        by_size[node.core_parts] = by_size.get(node.core_parts, Account()) + node.cores
        gpus += node.gpus
    sizes = [(size, account) for size, account in by_size.items() if size]
    return PoolAccount(
        cores=sum(by_size.values(), Account()),
        gpus=gpus,
        nodes_now=sum((one.now.over(size) for size, one in sizes), Split()),
        nodes_spent=sum((one.spent.over(size) for size, one in sizes), Split()),
    )


def _past(past: Mapping[str, str], mark: str) -> Account:
    return Account(
        spent=_each(lambda name: int(past.get(mark + name, 0))),
        configured=int(past.get(f"{mark}configured", 0)),
    )
