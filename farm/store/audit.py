"""The audit: recompute every derived figure in the store, and list each that is wrong.

Two kinds of atomic reads feed it, one over the farm (nodes, leases, productions) and one per job,
so it may run on a farm at work. It changes nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from farm.model.states import OPEN_JOB_STATES, OPEN_TASK_STATES, JobState, TaskState
from farm.store import keys
from farm.store.connection import Connection

AMOUNTS = ("cores", "memory_bytes", "gpus")


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One figure that does not agree with what it is derived from."""

    rule: str  #: what must hold
    where: str  #: "node n1", "layer 3.1", …
    expected: str
    found: str


def audit(connection: Connection) -> list[Breach]:
    """All breaches; an empty list is a sound store. Raises StoreUnavailable."""
    farm = connection.call("farm_audit_farm")
    breaches = list(_farm_breaches(*farm))
    with connection.guard():
        jobs = connection.client.zrange(keys.JOBS, 0, -1)
    for job in jobs:
        breaches += _job_breaches(*connection.call("farm_audit_job", job))
    breaches += _leftovers(connection)
    return breaches


def _flat(words: list[Any]) -> dict[str, str]:
    return dict(zip(words[::2], words[1::2], strict=True))


def _compare(rule: str, where: str, expected: object, found: object) -> Iterator[Breach]:
    if expected != found:
        yield Breach(rule=rule, where=where, expected=str(expected), found=str(found))


def _farm_breaches(
    nodes: list[Any],
    lease_rows: list[Any],
    productions: list[Any],
    unstarted: list[str],
    alive: list[str],
) -> Iterator[Breach]:
    leases = {lease: _flat(fields) for lease, fields in lease_rows}
    for name, fields, held in nodes:
        yield from _node_breaches(name, _flat(fields), held, leases, name in alive)
    for words in productions:
        yield from _production_breaches(_flat(words), leases.values())
    granted = sorted(lease for lease, f in leases.items() if f.get("state") == "granted")
    yield from _compare(
        "granted leases are those with a start deadline", "farm", granted, sorted(unstarted)
    )


def _node_breaches(
    name: str,
    node: dict[str, str],
    held: list[str],
    leases: dict[str, dict[str, str]],
    listed_alive: bool,
) -> Iterator[Breach]:
    where = f"node {name}"
    own = sorted(lease for lease, fields in leases.items() if fields.get("node") == name)
    yield from _compare("a node lists exactly its own leases", where, own, sorted(held))
    for what in AMOUNTS:
        booked = sum(int(leases[lease][what]) for lease in own)
        free = int(node[f"free_{what}"])
        yield from _compare(f"free + booked {what} = all", where, int(node[what]), free + booked)
        if free < 0:
            yield Breach(
                rule=f"free {what} is not negative", where=where, expected="0+", found=str(free)
            )
    reports = node["state"] != "offline"
    yield from _compare("a node that reports is listed alive", where, reports, listed_alive)
    if own and not reports:
        yield Breach(
            rule="an offline node holds no lease", where=where, expected="[]", found=str(own)
        )
    for lease in own:
        yield from _compare(
            "a lease is of its node's present epoch",
            f"lease {lease}",
            node["epoch"],
            leases[lease]["epoch"],
        )


def _production_breaches(
    production: dict[str, str], leases: Iterable[dict[str, str]]
) -> Iterator[Breach]:
    own = [lease for lease in leases if lease.get("production") == production["name"]]
    for what in AMOUNTS:
        booked = sum(int(lease[what]) for lease in own)
        where = f"production {production['name']}"
        yield from _compare(
            f"booked {what} = sum over its leases", where, booked, int(production[what])
        )


def _job_breaches(job_words: list[Any], listed_open: int, layers: list[Any]) -> Iterator[Breach]:
    job = _flat(job_words)
    where = f"job {job['id']}"
    totals: Counter[str] = Counter()
    for row in layers:
        layer = _flat(row[0])
        totals.update({state: int(layer[state]) for state in TaskState})
        yield from _layer_breaches(job, layer, row[1:])
    yield from _chain_breaches({row["id"]: row for row in (_flat(row[0]) for row in layers)})
    for state in TaskState:
        yield from _compare(
            f"{state} tasks = sum over layers", where, totals[state], int(job[state])
        )
    still_open = sum(totals[state] for state in OPEN_TASK_STATES)
    yield from _compare(
        "open tasks = blocked + ready + running", where, still_open, int(job["open"])
    )
    is_open = JobState(job["state"]) in OPEN_JOB_STATES
    yield from _compare("a job is open while it has open tasks", where, still_open > 0, is_open)
    yield from _compare("the list of open jobs is right", where, is_open, bool(listed_open))
    if job["state"] == JobState.SUCCEEDED:
        yield from _compare(
            "all tasks of a succeeded job succeeded", where, totals.total(), totals["succeeded"]
        )


def _layer_breaches(
    job: dict[str, str], layer: dict[str, str], seen: list[Any]
) -> Iterator[Breach]:
    """Hold a layer's counters against `seen`, what audit_job.lua counted."""
    counted, running, stranded, lease_rows, score, without_image = seen
    where = f"layer {layer['id']}"
    for state, number in _flat(counted).items():
        yield from _compare(f"{state} tasks as counted", where, int(number), int(layer[state]))
    yield from _compare("no ready task is out of reach", where, 0, stranded)
    yield from _compare(
        "a succeeded task of a sent job has the digest of its image", where, 0, without_image
    )
    leases = {lease: _flat(fields) for lease, fields in lease_rows}
    granted = sum(1 for fields in leases.values() if fields.get("state") == "granted")
    yield from _compare("unstarted leases as counted", where, granted, int(layer["unstarted"]))
    in_hand = [task for fields in leases.values() for task in fields.get("tasks", "").split()]
    yield from _compare(
        "each running task is in the hand of exactly one lease",
        where,
        sorted(running),
        sorted(in_hand),
    )
    waits = job["state"] == JobState.ACTIVE and int(layer["ready"]) > 0
    yield from _compare("it waits for slots while it has ready tasks", where, waits, score != "")
    if score:
        due = (100 - int(job["priority"])) * 1e13 + int(job["created_ms"])
        yield from _compare("its place in line is by priority and age", where, due, float(score))


def _chain_breaches(layers: dict[str, dict[str, str]]) -> Iterator[Breach]:
    """A layer that comes after another waits while it must, and no longer."""
    for layer in layers.values():
        source = layers.get(layer.get("after", ""))
        if source is None:
            continue
        where, tasks = f"layer {layer['id']}", int(layer["tasks"])
        if source["succeeded"] == source["tasks"]:
            rule, due, found = "it does not wait for what has succeeded", 0, layer["blocked"]
        elif int(source["open"]):
            rule, due, found = "all of it waits for the layer before", tasks, layer["blocked"]
        else:
            rule, due, found = (
                "it is cancelled after what did not succeed",
                tasks,
                layer["cancelled"],
            )
        yield from _compare(rule, where, due, int(found))


def _leftovers(connection: Connection) -> Iterator[Breach]:
    """Leases nobody lists, and lists of ended layers."""
    client = connection.client
    with connection.guard():
        found = set(client.scan_iter(match=keys.lease("*"), count=1000))
        # A lease that ended meanwhile is a reminder of its last answer, and goes by itself.
        strays = [
            key
            for key in sorted(found)
            if client.hexists(key, "node")
            and client.zscore(keys.LEASES, key[len(keys.lease("")) :]) is None
        ]
    for key in strays:
        yield Breach(rule="every lease is listed", where=key, expected="listed", found="stray")
