"""The audit: recompute every derived figure in the store, and list each that is wrong.

Atomic reads feed it, some over the farm (nodes, leases, productions, usage) and one per job,
so it may run on a farm at work. It changes nothing.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from farm.model.states import OPEN_JOB_STATES, OPEN_TASK_STATES, JobState, TaskState
from farm.store import keys
from farm.store.audit_accounts import account_breaches
from farm.store.audit_farm import farm_breaches
from farm.store.audit_usage import usage_breaches
from farm.store.audit_waits import waiting_breaches
from farm.store.breach import Breach, compare, flat
from farm.store.connection import Connection
from farm.store.energy import EnergyStore, energy_breaches
from farm.store.records import read_cores

__all__ = ["Breach", "audit"]


def audit(connection: Connection) -> list[Breach]:
    """All breaches; an empty list is a sound store. Raises StoreUnavailable."""
    farm = connection.call("farm_audit_farm")
    breaches = list(farm_breaches(*farm))
    breaches += account_breaches(*connection.call("farm_audit_accounts"))
    with connection.guard():
        jobs = connection.client.zrange(keys.JOBS, 0, -1)
    for job in jobs:
        breaches += _job_breaches(*connection.call("farm_audit_job", job))
    lines = connection.call("farm_audit_lines")
    for where, kept, anew in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        breaches += compare("a line kept for a look tells what is so", where, anew, kept)
    breaches += energy_breaches(EnergyStore(connection).read())
    breaches += usage_breaches(connection)
    breaches += _leftovers(connection)
    return breaches


def _job_breaches(
    job_words: list[Any], listed_open: int, begins: str, layers: list[Any]
) -> Iterator[Breach]:
    job = flat(job_words)
    where = f"job {job['id']}"
    totals: Counter[str] = Counter()
    for row in layers:
        layer = flat(row[0])
        totals.update({state: int(layer[state]) for state in TaskState})
        yield from _layer_breaches(job, layer, row[1:-2], begun=begins == "")
        for rule, expected, wrong in waiting_breaches(job, layer, *row[-2:]):
            yield from compare(rule, f"layer {layer['id']}", expected, wrong)
    yield from _held_breaches(job, [flat(lease[1]) for row in layers for lease in row[4]])
    for state in TaskState:
        yield from compare(
            f"{state} tasks = sum over layers", where, totals[state], int(job[state])
        )
    still_open = sum(totals[state] for state in OPEN_TASK_STATES)
    yield from compare(
        "open tasks = blocked + ready + running", where, still_open, int(job["open"])
    )
    is_open = JobState(job["state"]) in OPEN_JOB_STATES
    if begins:
        yield from compare("only an open job is yet to begin", where, True, is_open)
        yield from compare("it begins when it was told to", where, job["start_ms"], begins)
    yield from compare("a job is open while it has open tasks", where, still_open > 0, is_open)
    yield from compare("the list of open jobs is right", where, is_open, bool(listed_open))
    if job["state"] == JobState.SUCCEEDED:
        yield from compare(
            "all tasks of a succeeded job succeeded or were skipped",
            where,
            totals.total(),
            totals["succeeded"] + totals["skipped"],
        )


def _held_breaches(job: dict[str, str], leases: list[dict[str, str]]) -> Iterator[Breach]:
    where = f"job {job['id']}"
    cores = sum(read_cores(lease["cores"]) for lease in leases)
    yield from compare("slots held = its leases", where, len(leases), int(job.get("held_tasks", 0)))
    yield from compare(
        "cores held = sum over its leases", where, cores, read_cores(job.get("held_cores", "0"))
    )


def _layer_breaches(
    job: dict[str, str], layer: dict[str, str], seen: list[Any], *, begun: bool
) -> Iterator[Breach]:
    """Hold a layer's counters against `seen`, what audit_job.lua counted."""
    counted, running, stranded, lease_rows, score, without_image = seen
    where = f"layer {layer['id']}"
    for state, number in flat(counted).items():
        yield from compare(f"{state} tasks as counted", where, int(number), int(layer[state]))
    yield from compare("no ready task is out of reach", where, 0, stranded)
    yield from compare(
        "a succeeded task of a sent job has the digest of its image", where, 0, without_image
    )
    leases = {lease: flat(fields) for lease, fields in lease_rows}
    granted = sum(1 for fields in leases.values() if fields.get("state") == "granted")
    yield from compare("unstarted leases as counted", where, granted, int(layer["unstarted"]))
    in_hand = [task for fields in leases.values() for task in fields.get("tasks", "").split()]
    yield from compare(
        "each running task is in the hand of exactly one lease",
        where,
        sorted(running),
        sorted(in_hand),
    )
    waits = begun and job["state"] == JobState.ACTIVE and int(layer["ready"]) > 0
    yield from compare("it waits for slots while it has ready tasks", where, waits, score != "")
    if score:
        due = (100 - int(job["priority"])) * 1e13 + int(job["created_ms"])
        yield from compare("its place in line is by priority and age", where, due, float(score))


def _leftovers(connection: Connection) -> Iterator[Breach]:
    """Leases nobody lists, and lists of ended layers."""
    client = connection.client
    with connection.guard():
        found = set(client.scan_iter(match=keys.lease("*"), count=1000))
        # A lease that ended meanwhile is a reminder of its last answer, and goes by itself. It ends
        # and leaves the list in one step, so whether it had ended is asked last.
        strays = [
            key
            for key in sorted(found)
            if client.zscore(keys.LEASES, key[len(keys.lease("")) :]) is None
            and client.hexists(key, "node")
        ]
    for key in strays:
        yield Breach(rule="every lease is listed", where=key, expected="listed", found="stray")
