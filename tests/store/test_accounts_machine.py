"""A storm over the farm, in which no ms of any core is ever lost, counted twice or taken back.

Nodes of all kinds come, change, fall silent and die; the real leader decides; the store is killed.
ACCOUNT_WALKS says how many walks are taken."""

import contextlib
from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from farm.model.errors import Conflict, LeaseLost, NodeSuperseded, NotFound
from farm.model.lease import Lease, TaskInHand
from farm.model.metrics import ServerState
from farm.model.node import NodeHealth
from farm.model.resources import GIB, Cores, Resources
from farm.model.states import Outcome
from farm.queue import LeaseQueue
from farm.scheduler.judge import Judge
from farm.scheduler.loop import Decider
from farm.store import Store, keys
from farm.store.accounts import Account, Accounts
from farm.store.leases import GIVE_UP
from farm.up.store import StoreProcess
from tests.lengths import how_many
from tests.makers import LEADER, a_job, a_node, result
from tests.store.passing import let_pass
from tests.store.told import start_is_over

WALKS = how_many("ACCOUNT_WALKS", short=6, long=150)
NAMES, POOLS = ("n1", "n2", "n3"), ("", "a")
NAME, POOL = st.sampled_from(NAMES), st.sampled_from(POOLS)
LEAD_MS = 3_600_000


class Storm(RuleBasedStateMachine):
    """Whatever may happen to nodes, jobs and the store itself, in any order."""

    def __init__(self, server: StoreProcess) -> None:
        super().__init__()
        self.server, self.store = server, Store.open(server.url)
        self.store.connection.client.flushall()
        self.store.connection.call("farm_lead", LEADER, LEAD_MS)
        self.decider = Decider(self.store, LeaseQueue(server.url), LEADER)
        self.epochs: dict[str, int] = {}
        self.jobs: list[str] = []
        self.hands: list[tuple[Lease, tuple[TaskInHand, ...]]] = []
        self.known: dict[tuple[str, str, ServerState], Fraction | int] = {}
        self.restarted = False

    @initialize()
    def begin(self) -> None:
        for name in NAMES:
            self.register(name, 4, 0, 8, "")
        self.submit("1-5", 1, 0, 1, "")

    @rule(
        name=NAME,
        cores=st.sampled_from((1, 2.5, 4, 8)),
        gpus=st.sampled_from((0, 0, 2)),
        memory=st.sampled_from((2, 8)),
        pool=POOL,
    )
    def register(self, name: str, cores: Cores, gpus: int, memory: int, pool: str) -> None:
        amount = Resources(cores=cores, memory_bytes=memory * GIB, gpus=gpus)
        self.epochs[name] = self.store.nodes.register(a_node(name, resources=amount, pool=pool))

    @rule(
        frames=st.sampled_from(("1", "1-5", "1-20")),
        cores=st.sampled_from((0.25, 1, 2, 8)),
        gpus=st.sampled_from((0, 0, 1)),
        memory=st.sampled_from((1, 1, 6)),
        pool=POOL,
    )
    def submit(self, frames: str, cores: Cores, gpus: int, memory: int, pool: str) -> None:
        asked = Resources(cores=cores, memory_bytes=memory * GIB, gpus=gpus)
        job = a_job(frames, layer={"resources": asked, "pool": pool})
        self.jobs.append(self.store.jobs.submit(job, key=f"k{len(self.jobs)}"))

    @rule()
    def decide(self) -> None:
        """The leader's pass: it judges nodes, grants, and tells of what use the free room is."""
        self.store.leader.begin_due()
        Judge(self.store, LEADER).judge()
        self.decider.decide()

    @rule(name=NAME)
    def start(self, name: str) -> None:
        for lease in self.store.nodes.get(name).leases:
            with contextlib.suppress(LeaseLost):
                hand = self.store.leases.start(lease, node=name, epoch=self.epochs[name])
                self.hands.append(hand)

    @rule(
        at=st.integers(0, 9),
        outcome=st.sampled_from((Outcome.SUCCEEDED, Outcome.FAILED, Outcome.LOST)),
        want=st.sampled_from((1, 1, 2, GIVE_UP)),
    )
    def settle(self, at: int, outcome: Outcome, want: int) -> None:
        """A worker tells how it ended, also one that is dead to the store."""
        if self.hands:
            lease, tasks = self.hands.pop(at % len(self.hands))
            told = [result(task, outcome) for task in tasks]
            settled = self.store.leases.settle(lease, told, want=want)
            if not settled.ended:
                self.hands.append((lease, settled.tasks))

    @rule(
        at=st.integers(0, 9), verb=st.sampled_from(("pause", "resume", "cancel", "retry", "move"))
    )
    def steer(self, at: int, verb: str) -> None:
        job = self.jobs[at % len(self.jobs)]
        with contextlib.suppress(Conflict):
            if verb == "move":
                self.store.steering.move(job, pool=POOLS[at % 2])
            else:
                getattr(self.store.jobs, verb)(job)

    @rule(at=st.integers(0, 9), most=st.integers(0, 3), what=st.sampled_from(("job", "share")))
    def bound(self, at: int, most: int, what: str) -> None:
        if what == "job":
            self.store.jobs.set_bounds(self.jobs[at % len(self.jobs)], most_tasks=most)
        else:
            self.store.productions.set_share("heron", POOLS[at % 2], ceiling_cores=2 * most)

    @rule(
        name=NAME,
        verb=st.sampled_from(("drain", "undrain", "lock", "unlock", "sleep", "wake", "pardon")),
    )
    def close(self, name: str, verb: str) -> None:
        if verb in ("drain", "lock", "sleep"):
            getattr(self.store.nodes, verb)(name, "tried")
        elif verb == "pardon":
            self.store.faults.pardon(name)
        elif verb == "wake":
            self.store.nodes.sleep(name, "")
        else:
            getattr(self.store.nodes, verb)(name)

    @rule(name=NAME, verb=st.sampled_from(("beat", "beat", "unfit", "leave", "reap", "unstarted")))
    def disturb(self, name: str, verb: str) -> None:
        with contextlib.suppress(NotFound, NodeSuperseded):
            if verb == "leave":
                self.store.nodes.leave(name, self.epochs[name])
            elif verb == "reap":
                self.store.leader.reap(LEADER)
            elif verb == "unstarted":  # twice, and the node is muted
                start_is_over(self.store)
            else:
                unfit = NodeHealth(unfit="the disk is full" if verb == "unfit" else "")
                self.store.nodes.heartbeat(name, self.epochs[name], unfit, {})

    @rule(name=NAME)
    def strike_off(self, name: str) -> None:
        """Its worker ends, people forget it, and it comes back after all."""
        self.store.nodes.leave(name, self.epochs[name])
        with contextlib.suppress(Conflict):  # another worker has the name
            self.store.nodes.forget(name, key=f"forget {name} {self.epochs[name]}")
            self.all_time_is_in_one_state_and_none_goes_back()
            self.the_audit_is_clean()
        self.register(name, 4, 0, 8, POOLS[0])

    @rule(ms=st.sampled_from((1, 700, 3_999, 4_000, 9_000, 3_600_000)), silent=st.sets(NAME))
    def time_passes(self, ms: int, silent: set[str]) -> None:
        let_pass(self.store, ms, silent=silent)

    @rule(ms=st.sampled_from((1, 700, 3_600_000)))
    def the_clock_is_set_back(self, ms: int) -> None:
        """What was read may be read again as less; what is kept stays."""
        let_pass(self.store, -ms)
        self.known = {}

    @rule(ms=st.sampled_from((1, 60_000)))
    def a_quarantine_ends(self, ms: int) -> None:
        for name in self.store.connection.client.zrange(keys.QUARANTINED, 0, -1):
            self.store.connection.client.zincrby(keys.QUARANTINED, -ms, name)

    @precondition(lambda self: not self.restarted)
    @rule()
    def the_store_is_killed_and_comes_back(self) -> None:
        self.restarted = True
        assert self.store.wait_durable()
        self.server.kill()
        self.server.restart()
        self.store.connection.call("farm_lead", LEADER, LEAD_MS)

    @invariant()
    def all_time_is_in_one_state_and_none_goes_back(self) -> None:
        accounts = self.store.accounts.read()
        for node in accounts.nodes:
            whole(node.cores)
            whole(node.gpus)
            assert node.cores.now.all == node.core_parts
        for one in accounts.pools.values():
            whole(one.cores)
            whole(one.gpus)
        now = by_pool(accounts)
        assert all(now[name] >= amount for name, amount in self.known.items())
        self.known = now

    @invariant()
    def the_audit_is_clean(self) -> None:
        assert self.store.audit() == []

    def teardown(self) -> None:
        self.store.close()


def whole(account: Account) -> None:
    spent = account.spent
    assert spent.all == account.configured
    assert min(spent.by_state().values()) >= 0
    assert 0 <= spent.stranded <= spent.idle


def by_pool(accounts: Accounts) -> dict[tuple[str, str, ServerState], Fraction | int]:
    return {
        (pool, kind, state): getattr(split, state)
        for pool, one in accounts.pools.items()
        for kind, split in (
            ("cores", one.cores.spent),
            ("gpus", one.gpus.spent),
            ("nodes", one.nodes_spent),
        )
        for state in ServerState
    }


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreProcess]:
    with StoreProcess.start(tmp_path_factory.mktemp("accounts")) as server:
        yield server


@pytest.mark.timeout(60 + 10 * WALKS)
def test_no_time_is_lost_or_counted_twice_whatever_happens(own_server: StoreProcess) -> None:
    class StormOnServer(Storm):
        def __init__(self) -> None:
            super().__init__(own_server)

    walks = settings(
        max_examples=WALKS,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(
            Phase.explicit,
            Phase.reuse,
            Phase.generate,
        ),  # each step takes ms: no time to shrink
    )
    run_state_machine_as_test(StormOnServer, settings=walks)
