"""A random walk over the atomic steps on a real server, held against the transition tables.

The model beside the store is small: which attempt owns each task, and which node holds which
lease. Everything else the audit recomputes after every step."""

import contextlib
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from farm.model.errors import Conflict, LeaseLost, NodeSuperseded, NotFound
from farm.model.lease import Lease, Recall, TaskInHand
from farm.model.node import NodeHealth
from farm.model.states import (
    JOB_TRANSITIONS,
    NODE_TRANSITIONS,
    TASK_TRANSITIONS,
    JobState,
    NodeState,
    Outcome,
    StateT,
    TaskState,
)
from farm.store import Store
from farm.store.leases import GIVE_UP, KEEP
from tests.makers import LEADER, a_grant, a_job, a_node, grant, result

NODES = ("n1", "n2")
#: Every change of state that one step may show: each is one move of a table or several in a row.
TASK_MOVES = {(before, after) for (before, _), after in TASK_TRANSITIONS.items()}
JOB_MOVES = {(before, after) for (before, _), after in JOB_TRANSITIONS.items()}
NODE_MOVES = {(before, after) for (before, _), after in NODE_TRANSITIONS.items()}


def closure(moves: set[tuple[StateT, StateT]]) -> set[tuple[StateT, StateT]]:
    """Moves that two moves in a row can make: a task settled `again` may be taken at once."""
    return moves | {(a, d) for a, b in moves for c, d in moves if b == c}


@dataclass
class Hand:
    """A lease the played worker believes it serves."""

    lease: Lease
    tasks: list[TaskInHand] = field(default_factory=list)


class Farm(RuleBasedStateMachine):
    """Played studios, operators, schedulers and nodes; every message may come late or twice."""

    jobs = Bundle("jobs")
    granted = Bundle("granted")
    hands = Bundle("hands")

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        store.connection.client.flushall()
        store.leader.lead(LEADER)
        self.epochs: dict[str, int] = {}
        self.succeeded: dict[tuple[str, int], int] = {}
        self.task_states: dict[tuple[str, int], TaskState] = {}
        self.job_states: dict[str, JobState] = {}
        self.node_states: dict[str, NodeState] = {}
        self.submitted = 0

    @initialize(target=jobs)
    def begin_with_a_job_and_two_nodes(self) -> str:
        for name in NODES:
            self.register(name)
        return self.submit_job(4, 0, 1)

    @rule(target=jobs, tasks=st.integers(1, 6), chunk=st.integers(0, 3), retries=st.integers(0, 2))
    def submit(self, tasks: int, chunk: int, retries: int) -> str:
        return self.submit_job(tasks, chunk, retries)

    def submit_job(self, tasks: int, chunk: int, retries: int) -> str:
        job = a_job(f"1-{tasks}", layer={"chunk": chunk, "retries": retries})
        self.submitted += 1
        return self.store.jobs.submit(job, key=str(self.submitted))

    def register(self, name: str) -> None:
        self.epochs[name] = self.store.nodes.register(a_node(name, cores=8))

    @rule(target=hands, name=st.sampled_from(NODES), job=jobs)
    def begin(self, name: str, job: str) -> object:
        """Grant and start with nothing in between, after putting right what stands in the way."""
        if self.store.nodes.get(name).state is not NodeState.ONLINE:
            self.store.nodes.undrain(name)
            self.register(name)
        with contextlib.suppress(Conflict):
            self.store.jobs.resume(job)
        self.store.jobs.retry(job, states={TaskState.FAILED, TaskState.CANCELLED})
        return self.start(self.grant(name, job, anywhere=True), stale=False)

    @rule(target=hands, hand=hands)
    def restart(self, hand: Hand) -> object:
        """The worker dies and comes back at once: its old hand still believes in its lease."""
        self.register(hand.lease.node)
        return self.begin(hand.lease.node, hand.lease.job)

    @rule(target=granted, name=st.sampled_from(NODES), job=jobs, anywhere=st.booleans())
    def grant(self, name: str, job: str, anywhere: bool) -> tuple[str, str]:
        one = a_grant(name, self.epochs[name], f"{job}.1", anywhere=anywhere)
        return name, grant(self.store, one)[0]

    @rule(target=hands, one=granted, stale=st.booleans())
    def start(self, one: tuple[str, str], stale: bool) -> object:
        name, lease = one
        epoch = self.epochs[name] - stale
        try:
            started, tasks = self.store.leases.start(lease, node=name, epoch=epoch)
        except LeaseLost:
            return multiple()
        return Hand(started, list(tasks))

    @rule(
        hand=hands,
        outcome=st.sampled_from(
            [Outcome.SUCCEEDED, Outcome.SUCCEEDED, Outcome.FAILED, Outcome.LOST]
        ),
        want=st.sampled_from([1, 1, 1, 2, 2, KEEP, GIVE_UP]),
        twice=st.booleans(),
        keep_hand=st.booleans(),
    )
    def settle(self, hand: Hand, outcome: Outcome, want: int, twice: bool, keep_hand: bool) -> None:
        """A worker tells its results; with `keep_hand` it forgets that it did, and will again."""
        told = hand.tasks[:1] if want == KEEP else hand.tasks
        results = [result(task, outcome) for task in told]
        request = f"r{self.store.facts.last_id()}"
        settled = self.store.leases.settle(hand.lease, results, want=want, request=request)
        if twice and not settled.ended:
            again = self.store.leases.settle(hand.lease, results, want=want, request=request)
            assert again == settled
        for task, counted in zip(told, settled.counted, strict=True):
            self.note(hand, task, outcome, counted=counted)
        if not keep_hand:
            hand.tasks = [*hand.tasks[len(told) :], *settled.tasks]

    def note(self, hand: Hand, task: TaskInHand, outcome: Outcome, *, counted: bool) -> None:
        """No task is ever finished by two attempts."""
        if counted and outcome is Outcome.SUCCEEDED:
            key = (hand.lease.layer, task.index)
            assert self.succeeded.setdefault(key, task.attempt) == task.attempt, "doubled"

    @rule(hand=hands)
    def recall(self, hand: Hand) -> None:
        self.store.leases.recall([Recall(lease=hand.lease.id, reason="due")], leader=LEADER)

    @rule(job=jobs, verb=st.sampled_from(["pause", "resume", "cancel", "retry", "priority"]))
    def steer(self, job: str, verb: str) -> None:
        with contextlib.suppress(Conflict):
            if verb == "priority":
                self.store.jobs.set_priority(job, int(job) % 100)
            else:
                getattr(self.store.jobs, verb)(job)

    @rule(
        name=st.sampled_from(NODES),
        verb=st.sampled_from(["drain", "undrain", "leave", "beat", "register", "reap"]),
    )
    def disturb(self, name: str, verb: str) -> None:
        epoch = self.epochs[name]
        with contextlib.suppress(NotFound, NodeSuperseded):
            if verb == "drain":
                self.store.nodes.drain(name, "tried")
            elif verb == "undrain":
                self.store.nodes.undrain(name)
            elif verb == "leave":
                self.store.nodes.leave(name, epoch)
            elif verb == "beat":
                self.store.nodes.heartbeat(name, epoch, NodeHealth(), {})
            elif verb == "reap":
                self.store.leader.reap(LEADER, silent_seconds=0)
            else:
                self.register(name)

    @invariant()
    def every_change_is_a_move_of_the_tables(self) -> None:
        for job in self.store.jobs.list():
            before = self.job_states.get(job.id, JobState.ACTIVE)
            assert before == job.state or (before, job.state) in closure(JOB_MOVES)
            self.job_states[job.id] = job.state
            for task in self.store.tasks.list(job.id):
                key = (task.layer, task.index)
                was = self.task_states.get(key, TaskState.READY)
                assert was == task.state or (was, task.state) in closure(TASK_MOVES)
                self.task_states[key] = task.state
        for node in self.store.nodes.list():
            was_node = self.node_states.get(node.name, NodeState.OFFLINE)
            assert was_node == node.state or (was_node, node.state) in closure(NODE_MOVES)
            self.node_states[node.name] = node.state

    @invariant()
    def what_succeeded_stays_and_is_of_the_attempt_that_counted(self) -> None:
        for (layer, index), attempt in self.succeeded.items():
            task = self.store.tasks.get(layer.split(".")[0], index + 1)
            assert (task.state, task.attempt) == (TaskState.SUCCEEDED, attempt)

    @invariant()
    def the_audit_is_clean(self) -> None:
        assert self.store.audit() == []


@pytest.mark.timeout(120)
def test_any_order_of_steps_keeps_the_farm_sound(store: Store) -> None:
    class FarmOnStore(Farm):
        def __init__(self) -> None:
            super().__init__(store)

    run_state_machine_as_test(
        FarmOnStore,
        settings=settings(
            max_examples=100,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
