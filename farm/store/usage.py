"""What the farm's cores were spent on, read: now in one round trip, by days for reports.

The atomic steps keep it (lua/_credits.lua, lua/_counters.lua), and the leader notes what it does.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from farm.model.metrics import SPENT
from farm.model.states import JobState
from farm.model.usage import (
    MOST_PRODUCTIONS,
    DayUsage,
    FarmUsage,
    Histogram,
    PlanUsage,
    PoolUsage,
    ProductionUsage,
    by_name,
)
from farm.policy.overview import Overview
from farm.store.connection import Connection
from farm.store.counters import PARTS_MS, Counters
from farm.store.functions import HASH_TAG
from farm.store.usage_days import pack_days, read_day

#: Bounds of the histogram of the leader's passes, seconds.
PASS_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_EPOCH = date(1970, 1, 1)


class UsageStore:
    """Reads usage; `now` costs as much as there are productions and pools they use, not jobs."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`."""
        self._connection = connection

    def now(self, *, most_productions: int = MOST_PRODUCTIONS) -> FarmUsage:
        """All counters of the farm at one instant, by one round trip.

        The `most_productions` that held most come by name, the others as one, `_other`. Raises
        StoreUnavailable.
        """
        with self._connection.guard():
            at, counted, counters, jobs, plan = self._connection.client.execute_command(
                "FCALL_RO", "farm_usage", 1, HASH_TAG, NEVER_DECODE=True
            )
        farm = {name: int(count) for name, count in named(counters)}
        states = {name: int(count) for name, count in named(jobs)}
        pools, productions = by_pool_and_production(counted)
        every = tuple(_production(name, one, at) for name, one in productions.items())
        # Every lease that was granted had waited: their waits tell how many there were.
        grants = sum(one.histogram("slot_wait_seconds").count for one in pools.values())
        return FarmUsage(
            at=at / 1000,
            pools=tuple(_pool(name, one) for name, one in sorted(pools.items())),
            productions=by_name(every, most_productions),
            jobs={state: states.get(state, 0) for state in JobState},
            plan=read_plan({name: value.decode() for name, value in named(plan)}, grants),
            superseded_results=farm.get("superseded", 0),
            silent_nodes=farm.get("silent_nodes", 0),
            quarantines=farm.get("quarantines", 0),
            unstarted_leases=farm.get("unstarted_leases", 0),
            dropped_messages=farm.get("dropped_messages", 0),
        )

    def days(self, first: date, last: date) -> Iterator[DayUsage]:
        """What was credited on each day from `first` to `last`, both included, oldest day first.

        A day is one of UTC; days are kept 400 days, and the amounts of one come in no order. One
        round trip per day. Raises StoreUnavailable.
        """
        for number in range((first - _EPOCH).days, (last - _EPOCH).days + 1):
            found = read_day(self._connection, number)
            day = _EPOCH + timedelta(days=number)
            for name, amount in found.items():
                yield DayUsage(day, *_whose(name), amount / PARTS_MS)

    def note_plan(
        self,
        view: Overview,
        *,
        passes: Mapping[int, int],
        seconds: float,
        leader: str,
        request: str,
    ) -> bool:
        """Note what the leader's last plan says, and `passes` by their place in PASS_BOUNDS.

        They took `seconds` together. False: another one leads. Raises StoreUnavailable.
        """
        told = {
            "waiting": [[pool, why, count] for (pool, why), count in view.waiting.items()],
            "oldest": view.oldest_ready_at,
            "due": view.due_cores,
        }
        words = [word for pair in sorted(passes.items()) for word in pair]
        answer = self._connection.call(
            "farm_note_plan", request, leader, json.dumps(told), round(seconds * 1e6), *words
        )
        return bool(answer)

    def pack_days(self) -> int:
        """Pack days that are over, for the leader to do now and then: how many.

        Raises StoreUnavailable.
        """
        return pack_days(self._connection, (self.today() - _EPOCH).days)

    def today(self) -> date:
        """The day that is credited now: of UTC, on the store's clock."""
        with self._connection.guard():
            seconds, _ = self._connection.client.time()
        return datetime.fromtimestamp(seconds, UTC).date()


@lru_cache(maxsize=65_536)  # the same from day to day
def _whose(name: str) -> tuple[str, str, str, str]:
    """Production, user, pool, and how. A user is any line of text, the others have no spaces."""
    production, _, rest = name.partition(" ")
    user, pool, how = rest.rsplit(" ", 2)
    return production, user, pool, how


def named(words: Sequence[bytes]) -> list[tuple[str, bytes]]:
    """Pairs of a name and the bytes under it, from a step's flat answer."""
    return [(name.decode(), value) for name, value in zip(words[::2], words[1::2], strict=True)]


def by_pool_and_production(
    words: Sequence[bytes],
) -> tuple[dict[str, Counters], dict[str, Counters]]:
    """The counters of each pool, and those of each production, from those of all pairs of them."""
    pools: defaultdict[str, list[bytes]] = defaultdict(list)
    productions: defaultdict[str, list[bytes]] = defaultdict(list)
    for name, raw in named(words):
        production, _, pool = name.partition(" ")
        pools[pool].append(raw)
        productions[production].append(raw)
    return (
        {name: Counters(found) for name, found in pools.items()},
        {name: Counters(found) for name, found in productions.items()},
    )


def _spent(counters: Counters) -> dict[str, float]:
    return {how: counters.get(f"time {how}") / PARTS_MS for how in SPENT}


def _pool(name: str, counters: Counters) -> PoolUsage:
    return PoolUsage(
        name=name,
        core_seconds=_spent(counters),
        attempts=counters.attempts(),
        tasks=counters.tasks(),
        render_seconds=counters.histogram("render_seconds"),
        slot_wait_seconds=counters.histogram("slot_wait_seconds"),
        job_wait_seconds=counters.histogram("job_wait_seconds"),
        peak_memory_bytes=counters.histogram("peak_memory_bytes"),
    )


def _production(name: str, counters: Counters, now_ms: int) -> ProductionUsage:
    return ProductionUsage(
        name=name,
        core_seconds=_spent(counters),
        attempts=counters.attempts(),
        tasks=counters.tasks(),
        booked_cores=counters.get("booked") * 1000 / PARTS_MS,
        held_core_seconds=counters.held_parts_ms(now_ms) / PARTS_MS,
    )


def read_plan(fields: Mapping[str, str], grants: int) -> PlanUsage:
    """What lua/note_plan.lua keeps, as `farm.model.usage` has it."""
    view: dict[str, Any] = json.loads(fields.get("view", "{}"))
    return PlanUsage(
        passed_at=float(fields.get("passed_ms", 0)) / 1000,
        pass_seconds=Histogram(
            bounds=PASS_BOUNDS,
            counts=tuple(int(fields.get(f"pass {n}", 0)) for n in range(len(PASS_BOUNDS) + 1)),
            total=int(fields.get("pass_us", 0)) / 1e6,
        ),
        grants=grants,
        refusals={
            name.removeprefix("refused "): int(count)
            for name, count in sorted(fields.items())
            if name.startswith("refused ")
        },
        recalls=int(fields.get("recalls", 0)),
        waiting={(pool, reason): count for pool, reason, count in view.get("waiting", ())},
        oldest_ready_at=view.get("oldest", {}),
        due_cores=view.get("due", {}),
    )
