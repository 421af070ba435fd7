"""Where the farm's time went, hour by hour: the accounts as they stood when each hour began.

Sums are kept, not differences: an hour in which no leader looked lengthens the one before it, and
nothing is lost. A note is some hundred bytes for each pool, of which 400 days are kept.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from farm.model.metrics import SERVER_STATES
from farm.model.usage import KEPT_DAYS
from farm.store import keys
from farm.store.accounts import AccountStore, PoolAccount
from farm.store.connection import Connection

HOUR_MS = 3_600_000
KEPT_HOURS = KEPT_DAYS * 24
_STRANDED = "stranded"

Sums = Mapping[str, Mapping[str, float]]  #: pool -> state, or "stranded" -> core-seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """All core-seconds up to one instant, by pool."""

    at: float  #: seconds since 1970
    core_seconds: Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What the cores of one pool did between two instants."""

    begins_at: float
    ends_at: float
    pool: str
    core_seconds: Mapping[str, float]  #: by state
    stranded_core_seconds: float


class HistoryStore:
    """Notes and reads how the accounts stood."""

    def __init__(self, connection: Connection, accounts: AccountStore) -> None:
        """Use `connection`; `accounts` are what is noted."""
        self._connection = connection
        self._accounts = accounts

    def note(self) -> bool:
        """Note how the accounts stand unless that was done in this hour; whether it was now.

        Two who note at once make one note: its id is the hour's. Raises StoreUnavailable.
        """
        client = self._connection.client
        with self._connection.guard():
            seconds, _ = client.time()
            last = client.xrevrange(keys.HISTORY, count=1)
        if last and _hour_of(last[0][0]) >= seconds * 1000 // HOUR_MS:
            return False
        stand = self.now()
        hour_ms = int(stand.at * 1000) // HOUR_MS * HOUR_MS
        told = {"at": repr(stand.at), "pools": json.dumps(stand.core_seconds)}
        with self._connection.guard():
            pipeline = client.pipeline(transaction=False)
            pipeline.xadd(keys.HISTORY, told, id=f"{hour_ms}-0", maxlen=KEPT_HOURS)
            (answer,) = pipeline.execute(raise_on_error=False)
        return not isinstance(answer, Exception)  # another scheduler was faster

    def now(self) -> Stand:
        """How the accounts stand. Raises StoreUnavailable."""
        accounts = self._accounts.read()
        pools = {name: _sums(pool) for name, pool in accounts.pools.items()}
        return Stand(at=accounts.at_ms / 1000, core_seconds=pools)

    def between(self, first: float, last: float) -> list[Stand]:
        """The stands noted from `first` to `last`, seconds since 1970, oldest first.

        Where there is one, the last before `first` is among them: it is what the next is counted
        from. Raises StoreUnavailable.
        """
        client = self._connection.client
        with self._connection.guard():
            before = client.xrevrange(keys.HISTORY, f"({int(first * 1000)}", "-", count=1)
            found = client.xrange(keys.HISTORY, int(first * 1000), int(last * 1000))
        return [_stand(fields) for _, fields in (*before, *found)]


def stretches(stands: Iterable[Stand]) -> Iterator[Stretch]:
    """What happened from each of `stands` to the next, pool by pool.

    Sums that fell began anew, as of a store that was emptied: they count from zero.
    """
    before: Stand | None = None
    for stand in stands:
        if before is not None:
            for pool, sums in sorted(stand.core_seconds.items()):
                yield _stretch(before, stand, pool, sums)
        before = stand


def _stretch(before: Stand, stand: Stand, pool: str, sums: Mapping[str, float]) -> Stretch:
    earlier = before.core_seconds.get(pool, {})
    if any(earlier.get(state, 0.0) > sums[state] for state in SERVER_STATES):
        earlier = {}
    return Stretch(
        begins_at=before.at,
        ends_at=stand.at,
        pool=pool,
        core_seconds={state: sums[state] - earlier.get(state, 0.0) for state in SERVER_STATES},
        stranded_core_seconds=sums[_STRANDED] - earlier.get(_STRANDED, 0.0),
    )


def _sums(pool: PoolAccount) -> dict[str, float]:
    spent = {str(state): seconds for state, seconds in pool.core_seconds().items()}
    return {**spent, _STRANDED: pool.stranded_core_seconds()}


def _hour_of(entry_id: str) -> int:
    return int(entry_id.partition("-")[0]) // HOUR_MS


def _stand(fields: Mapping[str, str]) -> Stand:
    return Stand(at=float(fields["at"]), core_seconds=json.loads(fields["pools"]))
