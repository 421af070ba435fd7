"""The audit of nodes, productions, groups and limits: all that leases hold, counted anew."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from farm.model.resources import Cores
from farm.store.breach import Breach, compare, flat
from farm.store.records import read_cores

AMOUNTS = ("cores", "memory_bytes", "gpus")

Hash = Mapping[str, str]


def farm_breaches(  # noqa: PLR0917 - one step's answer, in its order
    nodes: list[Any],
    lease_rows: list[Any],
    productions: list[Any],
    unstarted: list[str],
    alive: list[str],
    limits: list[Any],
) -> Iterator[Breach]:
    """Hold what lua/audit_farm.lua told against the leases in it."""
    leases = {lease: flat(fields) for lease, fields in lease_rows}
    for name, fields, held in nodes:
        yield from _node_breaches(name, flat(fields), held, leases, name in alive)
    for name, pools, lines, groups in productions:
        own = {lease: f for lease, f in leases.items() if f.get("production") == name}
        yield from _production_breaches(f"production {name}", flat(pools), own.values())
        yield from _line_breaches(f"production {name}", flat(lines), own)
        told = {path: flat(fields) for path, fields in groups}
        yield from _group_breaches(name, told, own.values())
    for name, fields in limits:
        yield from _limit_breaches(name, flat(fields), leases.values())
    granted = sorted(lease for lease, f in leases.items() if f.get("state") == "granted")
    yield from compare(
        "granted leases are those with a start deadline", "farm", granted, sorted(unstarted)
    )


def _node_breaches(
    name: str, node: Hash, held: list[str], leases: Mapping[str, Hash], listed_alive: bool
) -> Iterator[Breach]:
    where = f"node {name}"
    own = sorted(lease for lease, fields in leases.items() if fields.get("node") == name)
    yield from compare("a node lists exactly its own leases", where, own, sorted(held))
    for what in AMOUNTS:
        booked = sum(read_cores(leases[lease][what]) for lease in own)
        free = read_cores(node[f"free_{what}"])
        yield from compare(
            f"free + booked {what} = all", where, read_cores(node[what]), free + booked
        )
        if free < 0:
            yield Breach(
                rule=f"free {what} is not negative", where=where, expected="0+", found=str(free)
            )
    counts = Counter(limit for lease in own for limit in leases[lease]["limits"].split())
    told = " ".join(f"{limit}:{count}" for limit, count in sorted(counts.items()))
    yield from compare("limits held = those of its leases", where, told, node.get("limits", ""))
    reports = node["state"] != "offline"
    yield from compare("a node that reports is listed alive", where, reports, listed_alive)
    if own and not reports:
        yield Breach(
            rule="an offline node holds no lease", where=where, expected="[]", found=str(own)
        )
    for lease in own:
        yield from compare(
            "a lease is of its node's present epoch",
            f"lease {lease}",
            node["epoch"],
            leases[lease]["epoch"],
        )


def _production_breaches(where: str, pools: Hash, own: Iterable[Hash]) -> Iterator[Breach]:
    sums: dict[str, Cores] = {}
    for lease in own:
        for what in AMOUNTS:
            field = f"{lease['pool']}:{what}"
            sums[field] = sums.get(field, 0) + read_cores(lease[what])
    told = {
        field: read_cores(amount)
        for field, amount in pools.items()
        if field.rpartition(":")[2] in AMOUNTS
    }
    for field in sorted({*sums, *told}):
        yield from compare(
            f"booked {field} = sum over its leases", where, sums.get(field, 0), told.get(field, 0)
        )


def _line_breaches(where: str, lines: Hash, own: Mapping[str, Hash]) -> Iterator[Breach]:
    yield from compare("it lists exactly its own leases", where, sorted(own), sorted(lines))
    for lease, line in lines.items():
        fields = own.get(lease, {})
        its_own = ("layer", "node", "state", "granted_ms", "hand_ms", "left")
        names = (*its_own, "job", *AMOUNTS, "interruptible")
        limits = fields.get("limits", "").replace(" ", ",")
        due = " ".join((*(fields.get(name, "") for name in names), limits, fields.get("group", "")))
        yield from compare("it is shown as it is", f"lease {lease}", due, line)


def _group_breaches(
    production: str, groups: Mapping[str, Hash], own: Iterable[Hash]
) -> Iterator[Breach]:
    slots: Counter[str] = Counter()
    cores: dict[str, Cores] = {}
    for lease in own:
        path = production
        for part in filter(None, lease["group"].split("/")):
            path = f"{path}/{part}"
            slots[path] += 1
            cores[path] = cores.get(path, 0) + read_cores(lease["cores"])
    for path in sorted({*slots, *groups}):
        told = groups.get(path, {})
        held = (int(told.get("held_tasks", 0)), read_cores(told.get("held_cores", "0")))
        yield from compare(
            "slots and cores held = those of its leases",
            f"group {path}",
            (slots[path], cores.get(path, 0)),
            held,
        )


def _limit_breaches(name: str, limit: Hash, leases: Iterable[Hash]) -> Iterator[Breach]:
    nodes = [lease["node"] for lease in leases if name in lease["limits"].split()]
    held = (int(limit.get("held_slots", 0)), int(limit.get("held_nodes", 0)))
    yield from compare(
        "slots and nodes held = those of its leases",
        f"limit {name}",
        (len(nodes), len(set(nodes))),
        held,
    )
