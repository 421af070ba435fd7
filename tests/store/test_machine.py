"""A random walk over the atomic steps on a real server, held against the transition tables.

The model beside the store is small: which attempt each task succeeded by, and what image it left.
Everything else the audit recomputes after every step. WALKS says how many walks are taken."""

import contextlib
import itertools
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from farm.model.dependencies import After
from farm.model.errors import BadFrames, BadRequest, Conflict, LeaseLost, NodeSuperseded, NotFound
from farm.model.frames import Frames
from farm.model.job import JobSpec, Task
from farm.model.lease import TaskInHand
from farm.model.node import NodeHealth
from farm.model.states import OPEN_TASK_STATES, JobState, NodeState, Outcome, TaskState
from farm.store import Store
from farm.store.leases import GIVE_UP, KEEP
from tests.lengths import how_many
from tests.makers import LEADER, a_node
from tests.store.bounded import LAYERS, NODES, BoundedFarm
from tests.store.played import (
    JOB_MOVES,
    NODE_MOVES,
    PLAYED_JOBS,
    TASK_MOVES,
    Hand,
    a_played_job,
    may_come_after,
)

WALKS = how_many("WALKS", short=20, long=200)


class Farm(BoundedFarm):
    """Played studios, operators, schedulers and nodes; every message may come late or twice."""

    jobs = Bundle("jobs")
    granted = Bundle("granted")
    hands = Bundle("hands")

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store, self.requests = store, itertools.count()
        store.connection.client.flushall()
        store.leader.lead(LEADER)
        self.epochs: dict[str, int] = {}
        self.layers: dict[str, int] = {}  #: of each job
        self.after: dict[str, str | None] = {}  #: the job that each comes after
        self.succeeded: dict[tuple[str, int], int] = {}
        self.images: dict[tuple[str, int], str] = {}
        self.last_success: dict[tuple[str, int], int] = {}
        self.task_states: dict[tuple[str, int], TaskState] = {}
        self.tasks: dict[tuple[str, int], Task] = {}  #: as they were seen last
        self.job_states: dict[str, JobState] = {}
        self.node_states: dict[str, NodeState] = {}
        self.submitted = 0
        self.beats = 0

    @initialize(target=jobs)
    def begin_with_a_job_and_two_nodes(self) -> str:
        for name in NODES:
            self.register(name)
        self.set_limits()
        return self.submit_job(a_played_job([4, 2, 1], ["none", "all", "all"], 0, 1, sent=True))

    @rule(target=jobs, spec=PLAYED_JOBS, after=st.none() | jobs)
    def submit(self, spec: JobSpec, after: str | None) -> object:
        try:
            return self.submit_job(spec, after)
        except BadRequest:  # a job that failed, or frames that find none
            return multiple()

    def submit_job(self, spec: JobSpec, after: str | None = None) -> str:
        self.submitted += 1
        spec = self.bounded(replace(spec, after=(After(job=after),) if after else ()))
        job = self.store.jobs.submit(spec, key=str(self.submitted))
        self.layers[job] = len(spec.layers)
        self.after[job] = after
        return job

    def register(self, name: str) -> None:
        self.epochs[name] = self.store.nodes.register(a_node(name, cores=8))

    @rule(target=hands, name=st.sampled_from(NODES), job=jobs, which=LAYERS)
    def begin(self, name: str, job: str, which: int) -> object:
        """Grant and start with nothing in between, after putting right what stands in the way."""
        if self.store.nodes.get(name).state is not NodeState.ONLINE:
            self.store.nodes.undrain(name)
            self.register(name)
        with contextlib.suppress(Conflict):
            self.store.jobs.resume(job)
        self.store.jobs.retry(job)
        self.note_held(f"{job}.1")
        return self.start(self.grant(name, job, which, anywhere=True), stale=False)

    @rule(target=hands, hand=hands)
    def restart(self, hand: Hand) -> object:
        """The worker dies and comes back at once: its old hand still believes in its lease."""
        self.register(hand.lease.node)
        which = int(hand.lease.layer.partition(".")[2]) - 1
        return self.begin(hand.lease.node, hand.lease.job, which)

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
        results = [hand.result(task, outcome) for task in told]
        request = f"r{next(self.requests)}"  # of its own, as a worker's is
        settled = self.store.leases.settle(hand.lease, results, want=want, request=request)
        if twice and not settled.ended:
            again = self.store.leases.settle(hand.lease, results, want=want, request=request)
            assert again == settled
        for task, counted in zip(told, settled.counted, strict=True):
            self.note(hand, task, outcome, counted=counted)
        if not keep_hand:
            hand.tasks = [*hand.tasks[len(told) :], *settled.tasks]

    def note(self, hand: Hand, task: TaskInHand, outcome: Outcome, *, counted: bool) -> None:
        """No task is ever finished by two attempts, unless somebody wants it again."""
        if counted and outcome is Outcome.SUCCEEDED:
            key = (hand.lease.layer, task.index)
            if key not in self.succeeded:
                assert task.attempt > self.last_success.get(key, 0), "an old attempt counted"
            assert self.succeeded.setdefault(key, task.attempt) == task.attempt, "doubled"
            self.last_success[key] = task.attempt
            self.images[key] = hand.result(task, outcome).image_digest

    @rule(job=jobs, which=LAYERS, one=st.booleans(), good=st.booleans())
    def want_again(self, job: str, which: int, one: bool, good: bool) -> None:
        """All of a layer or one frame is rendered again; what was made from it is held."""
        states = {TaskState.SUCCEEDED} if good else {TaskState.FAILED, TaskState.CANCELLED}
        frames, layer = Frames("1") if one else None, self.layer(job, which)
        count = self.store.jobs.retry(job, states=states, frames=frames, layer=layer)
        wanted = [key for key in self.succeeded if key[0] == layer and not (one and key[1])]
        assert count == len(wanted) or not good
        self.note_held(layer)

    def note_held(self, source: str) -> None:
        """Only what was made from `source` may be wanted again with it."""
        states = {
            (task.layer, task.index): task.state
            for job in {layer.partition(".")[0] for layer, _ in self.succeeded}
            for task in self.store.tasks.list(job)
        }
        held = [key for key in self.succeeded if states[key] is not TaskState.SUCCEEDED]
        for key in held:
            assert may_come_after(key[0], source, self.after), f"{key} was held for {source}"
            del self.succeeded[key]

    @rule(job=jobs, which=LAYERS, frame=st.integers(1, 5))
    def skip(self, job: str, which: int, frame: int) -> None:
        """Somebody takes a frame as done."""
        with contextlib.suppress(BadFrames):
            self.store.steering.skip(job, Frames(str(frame)), layer=self.layer(job, which))

    @rule(hand=hands)
    def want_the_source_again(self, hand: Hand) -> None:
        """What a task in hand is made from is rendered again."""
        before = int(hand.lease.layer.partition(".")[2]) - 2
        self.want_again(hand.lease.job, max(0, before), one=True, good=True)

    @rule(
        name=st.sampled_from(NODES),
        job=jobs,
        last=LAYERS,
        outcome=st.sampled_from([Outcome.SUCCEEDED, Outcome.SUCCEEDED, Outcome.FAILED]),
    )
    def work_off(self, name: str, job: str, last: int, outcome: Outcome) -> None:
        """A node does all there is to do in a job's layers, one after the other up to `last`."""
        for which in range(last % self.layers[job] + 1):
            hand = self.begin(name, job, which)
            self.every_change_is_a_move_of_the_tables()
            while isinstance(hand, Hand) and hand.tasks:
                self.settle(hand, outcome, want=2, twice=False, keep_hand=False)
                self.every_change_is_a_move_of_the_tables()
        if outcome is Outcome.FAILED:  # somebody wants the film all the same
            self.want_again(job, last + 1, one=False, good=False)

    @rule(job=jobs, verb=st.sampled_from(["pause", "resume", "cancel", "retry", "priority"]))
    def steer(self, job: str, verb: str) -> None:
        with contextlib.suppress(Conflict):
            if verb == "priority":
                self.store.jobs.set_priority(job, int(job) % 100)
            else:
                getattr(self.store.jobs, verb)(job)
        self.note_held(f"{job}.1")

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
                self.store.nodes.heartbeat(name, epoch, self.metered(name), {})
            elif verb == "reap":
                self.store.leader.reap(LEADER, silent_seconds=0)
            else:
                self.register(name)

    def metered(self, name: str) -> NodeHealth:
        """What a node tells whose meter goes on by an odd amount from beat to beat."""
        self.beats += 1
        return NodeHealth(
            energy_source=("rapl", "model")[self.beats % 2],
            energy_meter=f"{name}/{self.epochs[name] // 2}",
            energy_millijoules=7919 * self.beats,
        )

    @invariant()
    def every_change_is_a_move_of_the_tables(self) -> None:
        self.tasks = {}
        for job in self.store.jobs.list():
            before = self.job_states.get(job.id, JobState.ACTIVE)
            assert before == job.state or (before, job.state) in JOB_MOVES
            self.job_states[job.id] = job.state
            for task in self.store.tasks.list(job.id):
                key = (task.layer, task.index)
                was = self.task_states.get(key, task.state)
                assert key in self.task_states or was in OPEN_TASK_STATES
                assert was == task.state or (was, task.state) in TASK_MOVES
                self.task_states[key], self.tasks[key] = task.state, task
        self.what_succeeded_stays_and_is_of_the_attempt_that_counted()
        for node in self.store.nodes.list():
            was_node = self.node_states.get(node.name, NodeState.OFFLINE)
            assert was_node == node.state or (was_node, node.state) in NODE_MOVES
            self.node_states[node.name] = node.state

    def what_succeeded_stays_and_is_of_the_attempt_that_counted(self) -> None:
        for (layer, index), attempt in self.succeeded.items():
            task = self.tasks[layer, index]
            assert (task.state, task.attempt) == (TaskState.SUCCEEDED, attempt)
            assert task.image_digest == self.images[layer, index]

    @invariant()
    def what_productions_used_is_what_their_jobs_used(self) -> None:
        used = sum(one.joules for one in self.store.energy.read().productions.values())
        assert sum(job.energy_joules for job in self.store.jobs.list()) == pytest.approx(used)

    @invariant()
    def every_image_that_was_made_last_is_recorded(self) -> None:
        for job in self.layers:
            recorded = {one for _, some in self.store.jobs.image_digests(job) for one in some}
            made = {i for (layer, _), i in self.images.items() if layer.startswith(f"{job}.")}
            assert recorded == made - {""}


@pytest.mark.timeout(60 + 4 * WALKS)
def test_any_order_of_steps_keeps_the_farm_sound(store: Store) -> None:
    class FarmOnStore(Farm):
        def __init__(self) -> None:
            super().__init__(store)

    walks = settings(
        max_examples=WALKS,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(FarmOnStore, settings=walks)
