"""A render centre: how soon it is full, how short decisions are, how full it stays.

The store, the queue, the policy and the scheduler's loop are the real ones; only the nodes are
played (benchmarks/centre_nodes.py)."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.centre_work import LARGE, PEERS, SMALL, Centre, job_specs, make_history, node_specs
from benchmarks.farm import READY_SECONDS, BenchFarm, bench_farm
from benchmarks.table import Report, Row, Target, percentile, run
from farm.policy.plan import plan
from farm.queue import LeaseQueue
from farm.scheduler import loop
from farm.scheduler.lead import RENEW_SECONDS
from farm.store import Store, keys
from farm.store.connection import new_id

FARM_MINUTES = 10.0  #: watched after the fill, on the played clock
COMPRESS, QUICK_COMPRESS = 10.0, 60.0
HISTORY, QUICK_HISTORY = (0, 100_000, 1_000_000, 10_000_000), (0, 20_000)
LOOKS = 30  #: at each length of history
FULL_SECONDS = 120.0
LEADER = "scheduler-of-the-benchmark"


@dataclass
class Watch:
    """What one run of the loop saw; times in ms."""

    looks: list[float] = field(default_factory=list)  #: snapshot and plan, of one pass
    passes: list[float] = field(default_factory=list)
    granted: int = 0
    refused: int = 0
    fill_seconds: float = 0.0
    fill_grants: int = 0
    full_ratio: float = 0.0
    held: list[float] = field(default_factory=list)  #: share of cores booked while work waits


class Leading:
    """The scheduler's loop in a thread, with a clock in hand."""

    def __init__(self, farm: BenchFarm, centre: Centre) -> None:
        self._store = Store.open(farm.server.url, timeout_seconds=60)
        self._cores = centre.cores
        leader = self._store.leader
        leader.snapshot = self._clock(leader.snapshot)  # type: ignore[method-assign]
        queue, policy = LeaseQueue(farm.server.url), self._clock(plan)
        self._decider = loop.Decider(self._store, queue, LEADER, policy=policy)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.filled = threading.Event()
        self.watch = Watch()
        self._spent = 0.0

    def start(self) -> None:
        self._store.leader.lead(LEADER)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._store.close()

    def _run(self) -> None:
        began = led_at = time.monotonic()
        while not self._stop.is_set():
            if time.monotonic() - led_at > RENEW_SECONDS:
                self._store.leader.lead(LEADER)
                led_at = time.monotonic()
            self._decider.rest()
            self._store.leader.reap(LEADER)
            done = self._pass()
            if not self.filled.is_set() and not done.more:  # all that fits has been granted
                self._note_full(time.monotonic() - began)

    def _pass(self) -> loop.Pass:
        self._spent, begun = 0.0, time.perf_counter()
        done = self._decider.decide()
        self.watch.passes.append(1000 * (time.perf_counter() - begun))
        self.watch.looks.append(1000 * self._spent)
        self.watch.granted += done.granted
        self.watch.refused += done.refused
        return done

    def _note_full(self, seconds: float) -> None:
        watch = self.watch
        watch.fill_seconds, watch.fill_grants = seconds, watch.granted
        watch.full_ratio = booked_ratio(self._store, self._cores)
        self.filled.set()

    def _clock(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **words: Any) -> Any:  # noqa: ANN401 - as the step has it
            begun = time.perf_counter()
            try:
                return step(*arguments, **words)
            finally:
                self._spent += time.perf_counter() - begun

        return timed


def _beats(store: Store) -> bool:
    """Is the process there that plays the nodes?"""
    node = store.nodes.get("n1")
    return node.heartbeat_at > node.registered_at


def booked_ratio(store: Store, cores: int) -> float:
    return sum(one.booked.cores for one in store.productions.list()) / cores


def play(centre: Centre, *, compress: float, minutes: float) -> tuple[Watch, list[str]]:
    """Fill the centre and keep it busy for so many of its minutes; what was seen, and notes."""
    with bench_farm() as farm:
        for spec in node_specs(centre):
            farm.store.nodes.register(spec)
        for job in job_specs(centre):
            farm.store.jobs.submit(job, key=new_id())
        farm.start("nodes", "benchmarks.centre_nodes", "--compress", str(compress))
        farm.wait_until(lambda: _beats(farm.store), READY_SECONDS)
        leading = Leading(farm, centre)
        leading.start()
        farm.wait_until(leading.filled.is_set, FULL_SECONDS)
        ends_at = time.monotonic() + 60 * minutes / compress
        while time.monotonic() < ends_at:
            leading.watch.held.append(booked_ratio(farm.store, centre.cores))
            time.sleep(0.2)
        leading.stop()
        waiting = sum(job.counts.ready for job in farm.store.jobs.list(limit=centre.jobs))
        counters = farm.store.connection.client.hgetall(keys.COUNTERS)
        breaches = farm.store.audit()
        return leading.watch, [
            f"{centre.name}: {waiting:,} frames still wait; counters {counters}",
            f"{centre.name}: audit {'clean' if not breaches else breaches[:3]}",
        ]


def looks(lengths: tuple[int, ...], centre: Centre) -> list[Row]:
    """Time of a snapshot and a plan, the same work waiting, with more and more behind it."""
    rows, there = [], 0
    with bench_farm() as farm:
        for job in job_specs(centre):
            farm.store.jobs.submit(job, key=new_id())
        for length in lengths:
            make_history(farm.store, length - there, LEADER)
            there = length
            for spec in node_specs(centre):
                farm.store.nodes.register(spec)
            values = tuple(_look(farm.store) for _ in range(LOOKS))
            rows.append(Row(what=f"look, {length:,} finished frames", unit="ms", values=values))
    return rows


def _look(store: Store) -> float:
    begun = time.perf_counter()
    plan(store.leader.snapshot(layers_per_production=0), most_grants=loop.GRANTS_AT_ONCE)
    return 1000 * (time.perf_counter() - begun)


def measure(quick: bool) -> Report:
    """Fill, hold, look."""
    compress = QUICK_COMPRESS if quick else COMPRESS
    rows: list[Row] = []
    notes: list[str] = []
    for centre, fill in ((SMALL, 10.0),) if quick else ((LARGE, 10.0), (PEERS, 5.0)):
        watch, told = play(centre, compress=compress, minutes=FARM_MINUTES)
        rows += _rows(centre.name, watch, fill)
        notes += told
    rows += looks(QUICK_HISTORY if quick else HISTORY, SMALL if quick else LARGE)
    title = f"nodes played, time {compress:g} times as fast, the decisions real"
    return Report(name="centre", title=title, rows=tuple(rows), notes=tuple(notes))


def _rows(name: str, watch: Watch, fill: float) -> list[Row]:
    seconds = watch.fill_seconds

    def row(what: str, unit: str, value: float) -> Row:
        return Row(what=f"{name}: {what}", unit=unit, values=(value,))

    def target(what: str, unit: str, value: float, bound: float, *, least: bool = False) -> Row:
        full = f"{name}: {what}"
        return Target(what=full, unit=unit, values=(value,), bound=bound, at_least=least)

    return [
        target("cold fill", "s", seconds, fill),
        row("of the cores, full", "%", 100 * watch.full_ratio),
        target("grants while it fills", "/s", watch.fill_grants / seconds, 1000, least=True),
        row("snapshot and plan, p50", "ms", percentile(watch.looks, 0.5)),
        target("snapshot and plan, p99", "ms", percentile(watch.looks, 0.99), 100),
        row("whole pass, p50", "ms", percentile(watch.passes, 0.5)),
        row("whole pass, p99", "ms", percentile(watch.passes, 0.99)),
        target(
            "held while work waits", "%", 100 * sum(watch.held) / len(watch.held), 99.9, least=True
        ),
        row("refused of granted", "%", 100 * watch.refused / max(1, watch.granted)),
    ]


if __name__ == "__main__":
    run(measure)
