"""`farm report` over 90 days of a centre: 120 productions, 300 users, 8 pools, a note each hour.

The days are written as the store's steps and the leader write them, with amounts that chance drew;
then the command is run as a person runs it, in a process of its own, in each of its forms.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.farm import bench_farm
from benchmarks.table import Report, Row, Target, run
from farm.model.metrics import SERVER_STATES, SPENT
from farm.store import Store, keys
from farm.store.history import HOUR_MS

DAYS, QUICK_DAYS = 90, 10
PRODUCTIONS, USERS, POOLS = 120, 300, 8
POOLS_OF_A_USER = 3
TIMES, QUICK_TIMES = 5, 2
DAY_MS = 24 * HOUR_MS
CORES = 7_000  #: of a pool
FORMS = {
    "a table by production": ("report", "--days", "{days}"),
    "CSV by day, production, user, pool": (
        *("report", "--days", "{days}", "--csv", "-"),
        *("--by", "day", "--by", "production", "--by", "user", "--by", "pool"),
    ),
    "a page with plots": ("report", "--days", "{days}", "--html", "{page}"),
}


def measure(quick: bool) -> Report:
    """Write the days, then ask for them."""
    days, times = (QUICK_DAYS, QUICK_TIMES) if quick else (DAYS, TIMES)
    with bench_farm() as farm, tempfile.TemporaryDirectory() as folder:
        before = _used_bytes(farm.store)
        fields = _write(farm.store, days)
        stored = _used_bytes(farm.store) - before
        url = farm.start_service()
        found: dict[str, list[float]] = {form: [] for form in FORMS}
        for _ in range(times):
            for form, words in FORMS.items():
                page = str(Path(folder) / "page.html")
                asked = [word.format(days=days, page=page) for word in words]
                found[form].append(_timed(asked, url))
    title = f"{days} days, {PRODUCTIONS} productions, {USERS} users, {fields:,} amounts"
    rows = [Target(what=form, unit="s", values=tuple(found[form]), bound=10.0) for form in FORMS]
    size = Row(what="stored for it", unit="MiB", values=(stored / 2**20,))
    return Report(name="report", title=title, rows=(*rows, size))


def _used_bytes(store: Store) -> int:
    return int(store.connection.client.info("memory")["used_memory"])


def _write(store: Store, days: int) -> int:
    """As lua/_usage.lua and farm/store/history.py write; how many amounts of users there are."""
    chance, client = random.Random(1), store.connection.client
    now_ms = int(time.time() * 1000)
    first_ms = (now_ms // DAY_MS - days + 1) * DAY_MS
    amounts = 0
    for number in range(days):
        day = dict(_day(chance))
        client.hset(keys.usage(first_ms // DAY_MS + number), mapping=day)
        amounts += len(day)
    pipeline = client.pipeline(transaction=False)
    for at_ms, pools in _hours(chance, first_ms, now_ms):
        told = {"at": repr(at_ms / 1000), "pools": json.dumps(pools)}
        pipeline.xadd(keys.HISTORY, told, id=f"{at_ms}-0")
    pipeline.execute()
    return amounts


def _day(chance: random.Random) -> Iterator[tuple[str, int]]:
    for user in range(USERS):
        production = f"show{user % PRODUCTIONS:03}"
        for pool in chance.sample(range(POOLS), POOLS_OF_A_USER):
            for how in SPENT:
                amount = chance.randrange(10**9)
                yield f"{production} user{user:03} pool{pool} {how}", amount


def _hours(
    chance: random.Random, first_ms: int, last_ms: int
) -> Iterator[tuple[int, dict[str, dict[str, float]]]]:
    sums = {f"pool{n}": dict.fromkeys((*SERVER_STATES, "stranded"), 0.0) for n in range(POOLS)}
    for at_ms in range(first_ms, last_ms, HOUR_MS):
        yield at_ms, sums
        for pool in sums.values():
            parts = [chance.random() * weight for weight in (20, 1, 3, 1, 1)]
            for state, part in zip(SERVER_STATES, parts, strict=True):
                pool[state] += CORES * 3600.0 * part / sum(parts)


def _timed(words: list[str], url: str) -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "farm.cli.main", *words, "--url", url],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return time.perf_counter() - began


if __name__ == "__main__":
    run(measure)
