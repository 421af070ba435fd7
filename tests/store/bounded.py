"""The part of the random walk that is the scheduler: it bounds, looks, grants and recalls."""

import contextlib
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from farm.model.errors import NotFound
from farm.model.job import JobSpec
from farm.model.lease import Recall
from farm.model.resources import Cores
from farm.model.snapshot import CapUnit
from farm.store import Store
from farm.store.counters import PARTS_MS
from tests.makers import LEADER, a_grant, grant, some_resources
from tests.store.passing import let_pass
from tests.store.played import Hand

NODES = ("n1", "n2")
LAYERS = st.integers(0, 2)  #: which of a job's layers, as far as it has so many


class BoundedFarm(RuleBasedStateMachine):
    """Limits, bounds of jobs and groups, ceilings: set, lowered and taken away at any time."""

    jobs = Bundle("jobs")
    granted = Bundle("granted")
    hands = Bundle("hands")
    store: Store
    epochs: dict[str, int]
    layers: dict[str, int]
    submitted = 0

    def set_limits(self) -> None:
        self.store.limits.set("licence", 2)
        self.store.limits.set("seat", 1, unit=CapUnit.NODE)

    def bounded(self, spec: JobSpec) -> JobSpec:
        """`spec` in a group, each of its layers with limits, as far as these are there."""
        there = {limit.name for limit in self.store.limits.list()}
        some = ((), (), ("licence",), ("seat",), ("licence", "seat"))[self.submitted % 5]
        limits = tuple(name for name in some if name in there)
        layers = tuple(replace(layer, limits=limits) for layer in spec.layers)
        group = ("", "sq1", "sq1/sh1")[self.submitted % 3]
        return replace(spec, layers=layers, group=group)

    def layer(self, job: str, which: int) -> str:
        return f"{job}.{which % self.layers[job] + 1}"

    @rule(
        target=granted,
        name=st.sampled_from(NODES),
        job=jobs,
        which=LAYERS,
        anywhere=st.booleans(),
        size=st.sampled_from([(1, 0), (1, 0), (0.25, 0), (1.5, 1), (8, 0), (1, 2)]),
    )
    def grant(
        self, name: str, job: str, which: int, anywhere: bool, size: tuple[Cores, int] = (1, 0)
    ) -> tuple[str, str]:
        """Book so many cores, for so many tasks if the lease is to end after some."""
        cores, tasks = size
        one = a_grant(
            name,
            self.epochs[name],
            self.layer(job, which),
            anywhere=anywhere,
            resources=some_resources(cores),
            tasks=tasks,
        )
        lease, answer = grant(self.store, one)
        if answer == "granted":
            self.nothing_was_given_beyond_a_bound(job)
        return name, lease

    @rule(hand=hands, now=st.booleans(), job=jobs, which=LAYERS, reserve=st.booleans())
    def recall(self, hand: Hand, now: bool, job: str, which: int, reserve: bool) -> None:
        """Also at once, when what is in hand is lost; also to clear the node for another layer."""
        wide = self.layer(job, which) if reserve else ""
        one = Recall(lease=hand.lease.id, reason="due", now=now, reserve_for=wide)
        self.store.leases.recall([one], leader=LEADER)

    def nothing_was_given_beyond_a_bound(self, job: str) -> None:
        """Of what the lease just granted counts in; other bounds may have been lowered."""
        now = self.store.jobs.get(job)
        held = Counter(order for node in self.store.nodes.list() for order in node.leases.values())
        slots = sum(count for layer, count in held.items() if layer.startswith(f"{job}."))
        assert not now.most_tasks or slots <= now.most_tasks
        for share in self.store.productions.list()[0].shares.values():
            assert share.ceiling_cores is None or share.booked.cores <= share.ceiling_cores

    @rule(
        job=jobs,
        most=st.integers(0, 3),
        what=st.sampled_from(["job", "group", "limit", "node limit", "no limit", "share"]),
    )
    def bound(self, job: str, most: int, what: str) -> None:
        if what == "job":
            self.store.jobs.set_bounds(job, most_tasks=most, most_cores=most + 0.5)
        elif what == "group":
            self.store.groups.set("heron", "sq1", most_tasks=most, most_cores=2 * most)
        elif what == "share":
            self.store.productions.set_share("heron", "", ceiling_cores=2 * most + 0.25)
        elif what == "no limit":
            with contextlib.suppress(NotFound):
                self.store.limits.delete("licence")
        else:
            unit = CapUnit.NODE if what == "node limit" else CapUnit.SLOT
            self.store.limits.set("licence", most, unit=unit)

    @invariant()
    def a_look_at_the_farm_sees_it_as_it_is(self) -> None:
        """What is kept for looks is made here, and held against the store by the audit."""
        self.store.leader.lead(LEADER)  # before each look, as a leader does: its lock is short
        seen = self.store.leader.snapshot(leases=True)
        nodes = {node.name: node for node in self.store.nodes.list()}
        for view in seen.nodes:
            assert view.free == nodes[view.name].free
        for layer in seen.layers:
            assert layer.wanted > 0
            assert set(layer.caps) <= set(seen.caps)
        assert {one.id for one in seen.leases} == {
            lease for node in nodes.values() for lease in node.leases
        }

    @rule(ms=st.sampled_from([1, 700, 5_000]))
    def time_passes(self, ms: int) -> None:
        let_pass(self.store, ms)

    @invariant()
    def days_tell_all_that_was_credited(self) -> None:
        now, told = self.store.usage.now(), Counter[tuple[str, str]]()
        today = self.store.usage.today()
        for row in self.store.usage.days(today - timedelta(days=1), today):
            told[row.pool, row.how] += round(row.core_seconds * PARTS_MS)
        assert told == Counter(
            {
                (pool.name, how): round(amount * PARTS_MS)
                for pool in now.pools
                for how, amount in pool.core_seconds.items()
                if amount
            }
        )

    @invariant()
    def the_audit_is_clean(self) -> None:
        assert self.store.audit() == []
