"""The played week in the farm's metrics, scrape by scrape, as its exporter tells them."""

from collections import Counter
from collections.abc import Iterable

from farm.sim.fairness import dues
from tools.week.books import STATES, Split
from tools.week.dispatch import bound
from tools.week.families import OUTCOMES, TIMED, Family, histogram, series
from tools.week.nodes import WATTS_FULL, WATTS_IDLE, host, node
from tools.week.productions import production
from tools.week.watched import WatchedEngine

#: Of the nodes with series of their own each eighth tells of itself too, and one of each kind.
HOSTS_EACH = 8


class Metrics:
    """All families of one week's engine, by how often they are told."""

    def __init__(self, engine: WatchedEngine, *, begins_at: int, nodes: Iterable[str]) -> None:
        self.engine, self.books, self.begins_at = engine, engine.books, begins_at
        self._dues: dict[str, float] = {}
        self._bound: Counter[str] = Counter()  #: tasks that wait for a limit, by pool
        self._oldest: dict[str, float] = {}
        pools = self.books.pools
        self.often = [self._house(), self._scheduler()]  #: what utilization is made of
        for pool in pools:
            self.often += [self._split(self.books.cores[pool], "core"), self._nodes(pool)]
            self.often += [self._tasks(pool), self._attempts(pool)]
        self.often += [self._split(one, "gpu") for one in self.books.gpus.values()]
        self.seldom = [
            histogram(f"farm_{name}", pool, told[pool])
            for pool in pools
            for name, told in (
                ("task_render_duration_seconds", self.books.render),
                ("slot_wait_seconds", self.books.slot_wait),
                ("job_wait_seconds", self.books.job_wait),
                ("task_peak_memory_bytes", self.books.memory),
            )
        ]
        self.seldom += [self._energy(pool) for pool in pools]
        self.seldom += [self._limits(), self._jobs()]
        self.seldom += [production(engine, name, self._dues) for name in self.books.held]
        told = [engine.world.nodes[name] for name in nodes]
        self.seldom += [node(engine, one, begins_at) for one in told]
        first = {one.kind.kind: one for one in reversed(told)}
        hosts = {one.name: one for one in (*told[::HOSTS_EACH], *first.values())}
        self.seldom += [host(engine, one) for one in hosts.values()]

    def advance(self) -> None:
        """Bring all sums up to the world's present instant."""
        for pool in self.books.pools:
            for split, _ in self.books.splits(pool):
                split.advance(self.engine.world.now)
        self._look_at_lines()

    def _look_at_lines(self) -> None:
        """What of each pool's line waits for a limit, and since when its oldest layer waits."""
        self._bound.clear()
        self._oldest.clear()
        world = self.engine.world
        for played in world.productions.values():
            pool = played.spec.pool
            for _, came, _, layer in played.line:
                self._oldest[pool] = min(came, self._oldest.get(pool, came))
                if bound(world, layer):
                    self._bound[pool] += layer.ready

    def entitle(self) -> None:
        """Work out anew what each production is due."""
        world = self.engine.world
        specs = {name: one.spec for name, one in world.productions.items()}
        for pool, split in self.books.cores.items():
            here = {name: spec for name, spec in specs.items() if spec.pool == pool}
            held = {name: self.books.held[name].cores / split.configured for name in here}
            wants = {name: held[name] + self._wanted(name) / split.configured for name in here}
            due = dues(here, wants, sum(held.values()), split.configured)
            self._dues.update({name: part * split.configured for name, part in due.items()})

    def _wanted(self, production: str) -> float:
        line = self.engine.world.productions[production].line
        return sum(entry[3].ready * entry[3].resources.cores for entry in line)

    def _house(self) -> Family:
        names = ("up", "farm_broker_up", "farm_scrape_duration_seconds", "farm_silent_nodes_total")
        return Family(
            (
                *(series(name, {}) for name in names),
                series("farm_build_info", {"version": "week"}),
                *(series(f"farm_{name}_total", {}) for name in ("quarantines", "unstarted_leases")),
                series("farm_superseded_results_total", {}),
            ),
            lambda: (1, 1, 0.03, self.books.silent, 1, 0, 0, 0),
        )

    def _scheduler(self) -> Family:
        measures = self.engine.measures
        return Family(
            (
                series("farm_scheduler_last_pass_timestamp_seconds", {}),
                series("farm_scheduler_grants_total", {}),
                series("farm_scheduler_refusals_total", {"reason": "cap"}),
                series("farm_scheduler_refusals_total", {"reason": "share"}),
                series("farm_scheduler_recalls_total", {}),
                series("farm_scheduler_pass_duration_seconds_count", {}),
                series("farm_scheduler_pass_duration_seconds_sum", {}),
                series("farm_scheduler_pass_duration_seconds_bucket", {"le": "0.1"}),
                series("farm_scheduler_pass_duration_seconds_bucket", {"le": "+Inf"}),
            ),
            lambda: (
                self.begins_at + self.engine.passed_at,
                measures.granted,
                measures.refused.get("cap", 0),
                measures.refused.get("share", 0),
                measures.recalled,
                self.books.passes,
                self.books.passes * 0.012,
                self.books.passes,
                self.books.passes,
            ),
        )

    def _split(self, split: Split, unit: str) -> Family:
        pool = {"pool": split.pool}
        names = [series(f"farm_{unit}s", {**pool, "state": state}) for state in STATES]
        names += [
            series(f"farm_{unit}_seconds_total", {**pool, "state": state}) for state in STATES
        ]
        if unit == "core":
            names.append(series("farm_stranded_core_seconds_total", pool))

        def values() -> list[float]:
            told = [*split.present().values(), *split.seconds.values()]
            return [*told, split.stranded_seconds] if unit == "core" else told

        return Family(tuple(names), values)

    def _nodes(self, pool: str) -> Family:
        """A node's second is split by its cores; the nodes of a pool are alike."""
        split = self.books.cores[pool]
        labels = [{"pool": pool, "state": state} for state in STATES]
        return Family(
            tuple(
                series(name, one)
                for name in ("farm_nodes", "farm_node_seconds_total")
                for one in labels
            ),
            lambda: [
                amount / split.per_node
                for told in (split.present(), split.seconds)
                for amount in told.values()
            ],
        )

    def _tasks(self, pool: str) -> Family:
        books = self.books
        labels = {"pool": pool}
        return Family(
            (
                series("farm_tasks", {**labels, "state": "ready"}),
                series("farm_tasks", {**labels, "state": "running"}),
                series("farm_waiting_tasks", {**labels, "reason": "capacity"}),
                series("farm_waiting_tasks", {**labels, "reason": "limit"}),
                series("farm_oldest_ready_task_timestamp_seconds", labels),
            ),
            lambda: (
                books.ready[pool],
                books.running[pool],
                books.ready[pool] - self._bound[pool],
                self._bound[pool],
                self.begins_at + self._oldest[pool] if pool in self._oldest else None,
            ),
        )

    def _attempts(self, pool: str) -> Family:
        told = self.books.by_pool
        names = [series("farm_attempts_total", {"pool": pool, "outcome": one}) for one in OUTCOMES]
        names += [
            series("farm_attempt_core_seconds_total", {"pool": pool, "outcome": one})
            for one in TIMED
        ]
        return Family(
            tuple(names),
            lambda: [
                *(told.attempts[pool, one] for one in OUTCOMES),
                *(told.core_seconds[pool, one] for one in TIMED),
            ],
        )

    def _energy(self, pool: str) -> Family:
        split = self.books.cores[pool]
        busy, idle = WATTS_FULL / split.per_node, WATTS_IDLE / split.per_node
        return Family(
            tuple(
                series("farm_energy_joules_total", {"pool": pool, "use": use})
                for use in ("busy", "idle")
            ),
            lambda: (
                split.seconds["busy"] * busy,
                sum(split.seconds[one] for one in ("starved", "idle", "draining")) * idle,
            ),
        )

    def _limits(self) -> Family:
        caps = {
            name[6:]: cap
            for name, cap in self.engine.world.caps.items()
            if name.startswith("limit:")
        }
        return Family(
            tuple(
                series(f"farm_limit_{what}", {"limit": name})
                for name in caps
                for what in ("most", "held")
            ),
            lambda: [value for cap in caps.values() for value in (cap.most, cap.held)],
        )

    def _jobs(self) -> Family:
        world = self.engine.world
        return Family(
            tuple(series("farm_jobs", {"state": one}) for one in ("active", "succeeded")),
            lambda: (len(world.layers), world.jobs - len(world.layers)),
        )
