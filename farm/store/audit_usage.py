"""The audit of usage: tasks and jobs counted anew, and all time of leases accounted for."""

from collections import Counter
from collections.abc import Iterator, Sequence

from farm.model.metrics import SPENT
from farm.model.resources import CORE_PARTS
from farm.model.states import TaskState
from farm.store.breach import Breach, compare
from farm.store.connection import Connection
from farm.store.counters import Counters
from farm.store.functions import HASH_TAG
from farm.store.records import read_cores
from farm.store.usage import named


def usage_breaches(connection: Connection) -> Iterator[Breach]:
    """Hold the counters of each production in each pool against its jobs and leases."""
    with connection.guard():
        now_ms, counted, kept, jobs, tasks, leases = connection.client.execute_command(
            "FCALL_RO", "farm_audit_usage", 1, HASH_TAG, NEVER_DECODE=True
        )
    counters = {name: Counters([raw]) for name, raw in named(counted)}
    told = {name: int(count) for name, count in named(kept) if int(count)}
    yield from compare(
        "jobs by state as counted", "farm", {name: int(n) for name, n in named(jobs)}, told
    )
    sums = {name: int(count) for name, count in named(tasks)}
    there = {name.rpartition(" ")[0] for name, count in sums.items() if count}
    for name in sorted(there | counters.keys()):
        for state in TaskState:
            yield from compare(
                f"{state} tasks = sum over its layers",
                f"production and pool {name}",
                sums.get(f"{name} {state}", 0),
                counters.get(name, Counters(())).tasks()[state],
            )
    yield from _lease_breaches(counters, now_ms, leases)


def _lease_breaches(
    counters: dict[str, Counters], now_ms: int, leases: Sequence[Sequence[bytes]]
) -> Iterator[Breach]:
    booked: Counter[str] = Counter()
    still_open: Counter[str] = Counter()
    for production, pool, cores, account in leases:
        name = f"{production.decode()} {pool.decode()}"
        parts = int(read_cores(cores.decode()) * CORE_PARTS)
        since_ms, made_ms, owed_ms = map(int, account.split()[:3])
        booked[name] += parts
        still_open[name] += parts * (now_ms - since_ms + made_ms + owed_ms)
    for name in sorted(counters.keys() | booked.keys()):
        where, own = f"production and pool {name}", counters.get(name, Counters(()))
        yield from compare(
            "quarters of cores booked = those of its leases", where, booked[name], own.get("booked")
        )
        credited = sum(own.get(f"time {how}") for how in SPENT)
        yield from compare(
            "what its leases held is credited, or open in those that it has",
            where,
            own.held_parts_ms(now_ms),
            credited + still_open[name],
        )
