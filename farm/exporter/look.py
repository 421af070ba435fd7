"""The farm as one scrape sees it: reads whose size follows nodes and pools, never the work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from farm.model.bounds import Limit
from farm.model.usage import Exemplars, FarmUsage
from farm.store import Store
from farm.store.accounts import Accounts
from farm.store.energy import FarmEnergy

MOST_LIMITS = 50  #: told by name, those with most held; their names are people's to choose


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one scrape tells. Its parts are read one after the other, within some ms."""

    accounts: Accounts
    usage: FarmUsage
    energy: FarmEnergy
    limits: Sequence[Limit]
    exemplars: Mapping[tuple[str, str], Exemplars]  #: by pool and histogram


def look(store: Store) -> Seen:
    """Read it. Raises StoreUnavailable."""
    limits = sorted(store.limits.list(), key=lambda limit: (-limit.held, limit.name))
    return Seen(
        exemplars=store.exemplars.read(),  # first: what they tell of is then counted, too
        accounts=store.accounts.read(),
        usage=store.usage.now(),
        energy=store.energy.read(),
        limits=sorted(limits[:MOST_LIMITS], key=lambda limit: limit.name),
    )
