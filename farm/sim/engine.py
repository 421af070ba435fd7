"""The event loop: submits, task ends, deaths and passes, in the order of time.

A lease takes one task after the other without anybody deciding anything, as on the farm; a pass
comes when something has changed that one could act on, at most every `pass_seconds`.
"""

import time
from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from itertools import count
from math import inf
from random import Random

from farm.model.lease import LeaseState
from farm.model.states import Outcome
from farm.policy.chunk import tasks_per_call
from farm.policy.retry import Verdict, verdict
from farm.sim.calibration import Calibration
from farm.sim.dispatchers import Dispatcher
from farm.sim.happenings import Fate, happenings
from farm.sim.measures import Measures
from farm.sim.pieces import NOWHERE, PlayedLayer, PlayedLease, PlayedNode, Returned
from farm.sim.resting import Resting
from farm.sim.sampling import sample
from farm.sim.scenario import Scenario
from farm.sim.workload import Arrival, arrivals
from farm.sim.world import World

Step = Callable[[], None]
_MOST_CALL = 512


class Engine:
    """One scenario under one dispatcher."""

    def __init__(self, scenario: Scenario, dispatcher: Dispatcher) -> None:
        self.scenario = scenario
        self.dispatcher = dispatcher
        self.measures = Measures(online_cores=scenario.cores)
        self.world = World(scenario, self.measures)
        self.calibration = Calibration()
        self.stopped = False  #: set from outside: end here, with what there is so far
        self._heap: list[tuple[float, bool, int, PlayedLease | Step]] = []  #: passes last
        self._order = count()
        self._arrivals = arrivals(scenario)
        self._chance = Random(f"{scenario.seed}/failures")
        self._pass_at, self._away_until = inf, 0.0  #: when the next pass is planned, may come
        self._passed_at = -scenario.pass_seconds

    def run(self, tell: Callable[[float], None] = lambda _: None) -> None:
        """Play it to its end, or until `stopped`; `tell` hears the time now and then."""
        self._next_arrival()
        for happening in happenings(self.scenario, self.world.nodes.values()):
            self.at(happening.at, partial(self._befall, happening))
        self.at(0.0, self._sample)
        self.at(0.0, Resting(self.world, self.at, self._wake).look)
        end, told, heap = self.scenario.seconds, 0, self._heap
        world, measures = self.world, self.measures
        while heap and heap[0][0] <= end and not self.stopped:
            now, _, _, what = heappop(heap)
            if now > world.now:
                measures.advance(now)
                world.now = now
            if isinstance(what, PlayedLease):
                if what.alive and not what.node.dead:
                    self._task_ended(what)
            else:
                what()
            told += 1
            if not told % 2048:
                tell(now)
        world.now = world.now if self.stopped else end
        measures.advance(world.now)
        self._close()

    def at(self, when: float, step: Step, *, last: bool = False) -> None:
        """Do `step` at `when`; what is `last` sees all else that happens at that instant."""
        heappush(self._heap, (when, last, next(self._order), step))

    # Submits.

    def _next_arrival(self) -> None:
        arrival = next(self._arrivals, None)
        if arrival is not None:
            self.at(arrival.at, partial(self._arrive, arrival))

    def _arrive(self, arrival: Arrival) -> None:
        layer = self.world.submit(arrival)
        self.calibration.begin(layer)
        self._next_arrival()
        self._wake()

    # Passes.

    def _wake(self) -> None:
        """Something has changed: a pass, as soon as one may come."""
        self._plan_pass(self._passed_at + self.scenario.pass_seconds)

    def _plan_pass(self, when: float) -> None:
        """A pass at `when`, unless one comes earlier."""
        when = max(when, self.world.now, self._away_until)
        if when < self._pass_at:
            self._pass_at = when
            self.at(when, partial(self._pass, when), last=True)

    def _pass(self, planned: float) -> None:
        if planned != self._pass_at:  # an earlier one has taken its place
            return
        self._pass_at = inf
        world = self.world
        if world.now < self._away_until:  # it went away since this pass was planned
            self._plan_pass(self._away_until)
            return
        self._passed_at = world.now
        if not self.measures.waiting:
            return
        world.expire_reservations()
        began = time.perf_counter()
        at_once = self.dispatcher.decide(world)
        self.measures.pass_seconds.append(time.perf_counter() - began)
        for lease in at_once:
            if lease.alive:
                self._lose(lease)
        fresh, world.fresh = world.fresh, []
        for lease in fresh:
            self._begin(lease)
        if self.measures.waiting:
            patience = self.dispatcher.patience_seconds or self.scenario.recall_seconds
            self._plan_pass(world.now + max(patience, self.scenario.pass_seconds))

    # The life of a lease.

    def _begin(self, lease: PlayedLease) -> None:
        """Its first task is in hand: the scene is opened unless a renderer has it open."""
        node, arrival = lease.node, lease.layer.arrival
        opening = 0.0
        idle = node.warm.get(arrival.scene, 0)
        if idle > 1:
            node.warm[arrival.scene] = idle - 1
        elif idle:
            del node.warm[arrival.scene]
            node.view = None
        else:
            self.measures.cold += 1
            self.measures.scene_core_seconds += arrival.scene_seconds * lease.resources.cores
            opening = arrival.scene_seconds
        self._work(lease, opening, self.scenario.start_lag_seconds)

    def _work(self, lease: PlayedLease, opening: float = 0.0, lag: float = 0.0) -> None:
        """The tasks of one call: the first is in hand, more come along when they are short.

        The farm times an attempt from its start on: opening the scene is part of it.
        """
        layer = lease.layer
        seconds = layer.seconds[lease.hand[0][0]]
        if seconds < 0.25:
            for _ in range(min(tasks_per_call(layer.mean_seconds), _MOST_CALL) - 1):
                if not lease.tasks_left or not self.world.take(lease):
                    break
                seconds += layer.seconds[lease.hand[-1][0]]
        risk = lease.node.kind.fails + (layer.arrival.asked.fails if layer.arrival.asked else 0.0)
        lease.fails = risk > 0 and self._chance.random() < risk
        if lease.fails:
            seconds *= self._chance.random()
        seconds += opening
        lease.task_started_at = self.world.now
        lease.task_seconds = seconds
        lease.view = None
        ends_at = self.world.now + lag + seconds
        heappush(self._heap, (ends_at, False, next(self._order), lease))

    def _task_ended(self, lease: PlayedLease) -> None:
        layer = lease.layer
        hand, lease.hand = lease.hand, []
        if lease.fails:
            self._failed(lease, hand)
        else:
            layer.running -= len(hand)
            layer.succeeded += len(hand)
            layer.render_seconds += lease.task_seconds
            layer.render_squares += lease.task_seconds**2 / len(hand)
            self.measures.succeeded += len(hand)
            self.measures.last_end = self.world.now
            production = layer.arrival.production
            self.measures.core_seconds[production] += lease.task_seconds * lease.resources.cores
        if layer.ended >= layer.ahead:
            self._passed_a_mark(layer)
        going = lease.state is LeaseState.STARTED and lease.tasks_left
        if going and layer.ready and self.world.take(lease):
            self._work(lease)
        else:
            self._end(lease)

    def _failed(self, lease: PlayedLease, hand: list[tuple[int, int]]) -> None:
        layer, measures = lease.layer, self.measures
        measures.failed_attempts += len(hand)
        measures.lost_core_seconds += lease.task_seconds * lease.resources.cores
        for index, failures in hand:
            judged = verdict(Outcome.FAILED, failures=failures, retries=self.scenario.retries)
            if judged is Verdict.FAILED:
                layer.running -= 1
                layer.failed += 1
                measures.failed += 1
                continue
            avoid = frozenset((lease.node.name,)) if judged is Verdict.ELSEWHERE else NOWHERE
            back = Returned(index=index, since=self.world.now, failures=failures + 1, avoid=avoid)
            self.world.give_back(layer, back)

    def _passed_a_mark(self, layer: PlayedLayer) -> None:
        self.calibration.passed(layer, self.world.now, self.world.leases.values())
        if layer.ended == layer.arrival.frames:
            layer.ended_at = self.world.now
            del self.world.layers[layer.id]

    def _end(self, lease: PlayedLease) -> None:
        node, scene = lease.node, lease.layer.arrival.scene
        node.warm[scene] = node.warm.pop(scene, 0) + 1  # the last one used is the last to go
        while len(node.warm) > self.scenario.warm_scenes:
            del node.warm[next(iter(node.warm))]
        self.world.release(lease)
        if self.measures.waiting:
            self._wake()

    def _lose(self, lease: PlayedLease) -> None:
        """Its tasks come back, and use up no retry."""
        self.measures.lost += len(lease.hand)
        spent = self.world.now - lease.task_started_at
        self.measures.lost_core_seconds += spent * lease.resources.cores
        hand, lease.hand = lease.hand, []
        for index, failures in hand:
            task = Returned(index=index, since=self.world.now, failures=failures)
            self.world.give_back(lease.layer, task)
        self.world.release(lease)

    # What befalls the farm.

    def _befall(self, fate: Fate) -> None:
        if fate.what == "away":
            self._away_until = max(self._away_until, self.world.now + fate.for_seconds)
        elif fate.what == "limit":
            self.world.caps[f"limit:{fate.limit}"].most = fate.most
            self._wake()
        elif fate.what == "drain" and fate.node is not None:
            self._drain(fate.node, fate.for_seconds)
        elif fate.node is not None and fate.node.works:
            self._die(fate.node, fate.for_seconds)

    def _drain(self, node: PlayedNode, for_seconds: float) -> None:
        """It ends the tasks in hand and takes no others, until the last of its drains is over."""
        node.drained += 1
        for lease in node.leases.values():
            lease.state, lease.view = LeaseState.RECALLED, None
        self.at(self.world.now + for_seconds, partial(self._undrain, node))

    def _undrain(self, node: PlayedNode) -> None:
        node.drained -= 1
        self._wake()

    def _die(self, node: PlayedNode, for_seconds: float) -> None:
        node.dead = True
        self.measures.deaths += 1
        # Whoever notices the silence leads; while nobody does, it is noticed later.
        noticed = max(self.world.now + self.scenario.silent_seconds, self._away_until)
        self.at(noticed, partial(self._notice, node))
        self.at(max(self.world.now + for_seconds, noticed), partial(self._return, node))

    def _notice(self, node: PlayedNode) -> None:
        node.online = False
        node.view = None
        self.measures.online_cores -= node.total.cores
        for lease in list(node.leases.values()):
            self._lose(lease)
        self.world.count_pools()
        self._wake()

    def _return(self, node: PlayedNode) -> None:
        node.dead, node.online = False, True
        node.epoch += 1
        node.warm.clear()
        node.view = None
        self.measures.online_cores += node.total.cores
        self.world.count_pools()
        self._wake()

    # Looking at it.

    def _sample(self) -> None:
        sample(self.world)
        self.at(self.world.now + self.scenario.sample_seconds, self._sample)

    def _close(self) -> None:
        """What still waits has waited until now."""
        for layer in self.world.layers.values():
            waited = self.world.now - layer.arrival.at
            production = layer.arrival.production
            if layer.started_at < 0:
                self.measures.never_started += 1
                self.measures.job_waits[production].append(waited)
            self.measures.waits[production].extend([waited] * layer.ready)
