"""The audit of accounts: every core's time is in one state, all of it, and what waits is counted.

What a node is configured for is not added up as its states are, but taken from when its era began.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from farm.model.resources import CORE_PARTS
from farm.store.breach import Breach, compare, flat
from farm.store.records import read_cores

_STATES = ("busy", "starved", "idle", "draining", "offline")
_CLOSED, _OPEN, _OFFLINE = 0, 1, 2  #: as lua/_partition.lua has them
_MODES = {_CLOSED: "closed", _OPEN: "open", _OFFLINE: "offline"}


def account_breaches(
    nodes: list[Any],
    pools: list[Any],
    kept: list[Any],
    counted: list[Any],
    integrals: list[Any],
) -> Iterator[Breach]:
    """Hold what lua/audit_accounts.lua told against itself."""
    for name, fields, pool, numbers in nodes:
        yield from _node_breaches(f"node {name}", flat(fields), pool, numbers)
    for name, past in pools:
        yield from _past_breaches(f"pool {name}", flat(past))
    counts = flat(kept)
    of_layers = {name: count for name, count in counts.items() if " " in name and count != "0"}
    yield from compare("layers that wait, as counted", "farm", flat(counted), of_layers)
    for name, waits, unjudged in integrals:
        yield from compare(
            "time that work waits is counted while some does",
            f"pool {name}",
            _growing(name, counts),
            (waits, unjudged),
        )


def _node_breaches(
    where: str, node: Mapping[str, str], pool: str, numbers: list[int]
) -> Iterator[Breach]:
    yield from compare("a registered node has an account", where, True, bool(numbers))
    if not numbers:
        return
    at, since, back, mode = numbers[:4]
    elapsed = at - since + back
    yield from compare("its account is of its pool", where, node["pool"], pool)
    yield from compare("its account knows what it may do", where, *_modes(node, mode))
    for kind, parts, block in (
        ("cores", CORE_PARTS, numbers[5:17]),
        ("gpus", 1, numbers[17:29]),
    ):
        all_, busy, usable, stranded, *_ = block[:6]
        *sums, stranded_sum = block[6:]
        total, free = read_cores(node[kind]) * parts, read_cores(node[f"free_{kind}"]) * parts
        yield from compare(f"its account has all its {kind}", where, total, all_)
        yield from compare(f"its account has its booked {kind}", where, total - free, busy)
        yield from compare(
            f"sum of {kind} over states = configured x elapsed", where, all_ * elapsed, sum(sums)
        )
        is_sound = min(*block, free - usable - stranded, sums[2] - stranded_sum) >= 0
        yield from compare(
            f"no time of {kind} is negative, or more than is free", where, True, is_sound
        )


def _modes(node: Mapping[str, str], mode: int) -> tuple[str, str]:
    """What the node may do, and what its account says; one that was muted is noticed later."""
    if node["state"] == "offline":
        due = _OFFLINE
    elif node["state"] != "online" or node.get("unfit") or node.get("closed"):
        due = _CLOSED
    else:
        due = _OPEN if not node.get("mute_until_ms") else mode
    return _MODES[due], _MODES[mode]


def _past_breaches(where: str, past: Mapping[str, str]) -> Iterator[Breach]:
    for mark in {name.rpartition(":")[0] for name in past}:
        times = [int(past.get(f"{mark}:{state}", 0)) for state in _STATES]
        configured = int(past.get(f"{mark}:configured", 0))
        yield from compare("sum over states = configured x elapsed", where, configured, sum(times))
        yield from compare("no time is negative", where, True, min(times) >= 0)


def _growing(name: str, counts: Mapping[str, str]) -> tuple[int, int]:
    kind = name.partition(" ")[0]
    both = (name, f"{kind} ")
    waits = any(int(counts.get(one, 0)) > 0 for one in both)
    news = "opened" in counts or any(int(counts.get(f"new {one}", 0)) > 0 for one in both)
    return int(waits), int(waits and news)
