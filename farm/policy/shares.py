"""Between productions: dominant-resource fairness in each pool, with guarantee and ceiling. Pure.

A production's dominant share of a pool is the largest of its shares of cores, memory and GPUs; the
one with the least dominant share over its weight is next (Ghodsi et al., "Dominant Resource
Fairness", NSDI 2011). One that is below its guarantee goes before all that are not.
"""

from collections.abc import Collection, Iterable

from farm.model.resources import Cores, Resources
from farm.model.snapshot import ProductionView, ShareView, Snapshot

#: 0 while below the guarantee, else 1; dominant share over weight. The least is next.
Level = tuple[int, float]


class PoolSize:
    """All that a pool has. A resource that it has none of weighs nothing."""

    __slots__ = ("cores", "gpus", "memory")

    def __init__(self, cores: Cores = 0, memory: int = 0, gpus: int = 0) -> None:
        """Start from the amounts given."""
        self.cores, self.memory, self.gpus = cores, memory, gpus


class Account:
    """What one production books of one pool in the plan that is being made."""

    __slots__ = ("ceiling", "cores", "gpus", "guarantee", "memory", "pool", "size", "weight")

    def __init__(self, pool: str, size: PoolSize, share: ShareView) -> None:
        """Start from what `share` says is booked."""
        self.pool, self.size = pool, size
        self.weight = share.weight if share.weight > 0 else 1e-9
        self.guarantee = share.guarantee_cores
        self.ceiling = share.ceiling_cores
        self.cores: Cores = share.booked.cores
        self.memory = share.booked.memory_bytes
        self.gpus = share.booked.gpus

    def add(self, cores: Cores, memory: int, gpus: int) -> None:
        """Book so much more; negative amounts give back."""
        self.cores += cores
        self.memory += memory
        self.gpus += gpus

    def level(self, cores: Cores = 0, memory: int = 0, gpus: int = 0) -> Level:
        """Its place in the line if it booked so much more than it does."""
        share = self.share(cores, memory, gpus)
        below = self.guarantee > 0 and share * self.size.cores < self.guarantee
        return (0 if below else 1, share / self.weight)

    def share(self, cores: Cores = 0, memory: int = 0, gpus: int = 0) -> float:
        """Its dominant share of the pool, 0 to 1, if it booked so much more."""
        size = self.size
        share = (self.cores + cores) / size.cores if size.cores else 0.0
        if size.memory:
            share = max(share, (self.memory + memory) / size.memory)
        if size.gpus and self.gpus + gpus:
            share = max(share, (self.gpus + gpus) / size.gpus)
        return share


class Shares:
    """The accounts of every production in every pool of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Read pools and productions; accounts are made when asked for."""
        self.sizes = _sizes(snapshot)
        self._views = {one.name: one for one in snapshot.productions}
        self._accounts: dict[tuple[str, str], Account] = {}

    def account(self, pool: str, production: str) -> Account:
        """The account of `production` in `pool`."""
        key = (pool, production)
        account = self._accounts.get(key)
        if account is None:
            view = self._views.get(production)
            share = _share(view, pool) if view else ShareView()
            size = self.sizes.setdefault(pool, PoolSize())
            account = self._accounts[key] = Account(pool, size, share)
        return account

    def in_pool(self, pool: str) -> dict[str, Account]:
        """The accounts in `pool` that were asked for or book something, by production."""
        for name in self._views:
            self.account(pool, name)
        return {name: one for (where, name), one in self._accounts.items() if where == pool}

    def scale(self, pool: str, wanting: Collection[str]) -> dict[str, tuple[float, float]]:
        """Cores' worth of `pool` that each production is due and that it books.

        Of those that want something or book something; the others are due nothing.
        """
        accounts = self.in_pool(pool)
        active = {n: one for n, one in accounts.items() if n in wanting or one.share() > 0}
        cores = self.sizes.setdefault(pool, PoolSize()).cores
        due = dues(active.items(), cores)
        return {name: (due[name], one.share() * cores) for name, one in active.items()}

    def known(self) -> list[tuple[str, Account]]:
        """Each account that was asked for, with its production."""
        return [(name, account) for (_, name), account in self._accounts.items()]


def _share(view: ProductionView, pool: str) -> ShareView:
    """Its share of `pool`. What it books and no share tells of may be anywhere: it counts."""
    share = view.shares.get(pool)
    if share is not None:
        return share
    told = [one.booked for one in view.shares.values()]
    cores = view.booked.cores - sum(one.cores for one in told)
    memory = view.booked.memory_bytes - sum(one.memory_bytes for one in told)
    gpus = view.booked.gpus - sum(one.gpus for one in told)
    if cores <= 0 and memory <= 0 and gpus <= 0:
        return ShareView(weight=view.weight)
    rest = Resources(cores=max(0, cores), memory_bytes=max(0, memory), gpus=max(0, gpus))
    return ShareView(weight=view.weight, booked=rest)


def _sizes(snapshot: Snapshot) -> dict[str, PoolSize]:
    sizes: dict[str, PoolSize] = {}
    for node in snapshot.nodes:
        if node.pool in snapshot.pools:
            continue
        size = sizes.get(node.pool)
        if size is None:
            size = sizes[node.pool] = PoolSize()
        total = node.total
        size.cores += total.cores
        size.memory += total.memory_bytes
        size.gpus += total.gpus
    for pool, total in snapshot.pools.items():
        sizes[pool] = PoolSize(total.cores, total.memory_bytes, total.gpus)
    return sizes


def dues(accounts: Iterable[tuple[str, Account]], cores: float) -> dict[str, float]:
    """Cores' worth of a pool of `cores` that each production is due while all of them want more.

    By weight; who is guaranteed more has that, who may have less has that, and the others share
    what is left.
    """
    rest = dict(accounts)
    due: dict[str, float] = {}
    while rest:
        left = max(0.0, cores - sum(due.values()))
        weights = sum(account.weight for account in rest.values())
        plain = {name: left * account.weight / weights for name, account in rest.items()}
        set_apart = {n: a.guarantee for n, a in rest.items() if a.guarantee > plain[n]} or {
            n: a.ceiling for n, a in rest.items() if a.ceiling is not None and a.ceiling < plain[n]
        }
        if not set_apart:
            return due | plain
        due |= set_apart
        rest = {name: account for name, account in rest.items() if name not in set_apart}
    return due
