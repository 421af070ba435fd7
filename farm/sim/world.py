"""The farm in memory: it answers a decision as the store does, and checks each one again.

Steps change it: submit, grant, recall, take, end, lose. Whoever calls them tells the time.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from farm.model.lease import Grant, LeaseState, Recall
from farm.model.resources import Resources
from farm.model.snapshot import CapView, LayerView, LeaseView, Snapshot
from farm.policy.sleep import Rest
from farm.sim.making import make_nodes, make_productions
from farm.sim.measures import Measures
from farm.sim.pieces import (
    PlayedCap,
    PlayedLayer,
    PlayedLease,
    PlayedNode,
    PlayedProduction,
    Returned,
)
from farm.sim.refusals import bound, refusal
from farm.sim.scenario import Scenario
from farm.sim.workload import Arrival

RESERVE_SECONDS = 600.0  #: a node is kept for a layer so long at most
MORE_THAN_FREE = 8  #: layers that are looked at beyond what free cores could serve


class World:
    """Nodes, layers, leases and productions, and the counts that hang on them."""

    def __init__(self, scenario: Scenario, measures: Measures) -> None:
        self.scenario = scenario
        self.measures = measures
        self.now = 0.0
        self.nodes = {one.name: one for one in make_nodes(scenario.nodes)}
        pools = sorted({one.kind.pool for one in self.nodes.values()})
        nothing = Resources(cores=0, memory_bytes=0)
        self.productions = {
            one.name: PlayedProduction(spec=one, booked=dict.fromkeys(pools, nothing))
            for one in make_productions(scenario)
        }
        self.layers: dict[str, PlayedLayer] = {}
        self.leases: dict[str, PlayedLease] = {}
        self.caps = {f"limit:{name}": PlayedCap(most) for name, most in scenario.limits.items()}
        self.fresh: list[PlayedLease] = []  #: granted, and not yet begun
        self.jobs = 0
        self.pools: dict[str, Resources] = {}
        measures.watts = sum(one.kind.idle_watts for one in self.nodes.values())
        self.count_pools()

    def count_pools(self) -> None:
        """What is online, by pool; asked again when nodes come or go."""
        self.pools = {}
        nothing = Resources(cores=0, memory_bytes=0)
        for node in self.nodes.values():
            if node.online and node.rest is not Rest.ASLEEP:
                pool = node.kind.pool
                self.pools[pool] = self.pools.get(pool, nothing) + node.total

    # What a decision asks and orders, in the store's words.

    def snapshot(
        self,
        *,
        layers_per_production: int,
        leases: bool = False,
        leases_of: Collection[str] | None = None,
    ) -> Snapshot:
        """As the store's: 0 layers are as many as there are free cores, and a few more."""
        nodes = tuple(node.seen() for node in self.nodes.values() if node.open)
        away = tuple(node.seen() for node in self.nodes.values() if not node.open)
        most = layers_per_production
        if not most:
            most = int(sum(node.free.cores for node in nodes)) + MORE_THAN_FREE
        layers: list[LayerView] = []
        more = False
        for production in self.productions.values():
            more = more or len(production.line) > most
            layers += [entry[3].seen() for entry in production.line[:most]]
        return Snapshot(
            nodes=nodes,
            layers=tuple(layers),
            leases=tuple(self._leases(leases_of)) if leases else (),
            productions=tuple(one.seen() for one in self.productions.values()),
            caps={
                name: CapView(most=cap.most, held=cap.held, unit=cap.unit)
                for name, cap in self.caps.items()
            },
            pools=self.pools,
            at=self.now,
            more_layers=more,
            away=away,
        )

    def _leases(self, names: Collection[str] | None) -> Iterator[LeaseView]:
        wanted = None if names is None else set(names)
        for lease in self.leases.values():
            if wanted is None or lease.layer.arrival.production in wanted:
                yield lease.seen()

    def grant(self, grants: Iterable[Grant]) -> Counter[str]:
        """Carry `grants` out, each checked again; how many were granted, or refused and why."""
        answers: Counter[str] = Counter()
        for grant in grants:
            answer = self._refusal(grant)
            if not answer:
                self._book(grant)
            else:
                self.measures.refused[answer] = self.measures.refused.get(answer, 0) + 1
            answers[answer or "granted"] += 1
        return answers

    def recall(self, recalls: Iterable[Recall]) -> list[PlayedLease]:
        """Mark leases so that they end at their task boundary; those that must end at once."""
        at_once: list[PlayedLease] = []
        for recall in recalls:
            lease = self.leases.get(recall.lease)
            if lease is None:
                continue
            if lease.state is not LeaseState.RECALLED:
                self.measures.recalled += 1
                lease.state = LeaseState.RECALLED
                lease.view = None
            if recall.reserve_for:
                self._reserve(lease.node, recall.reserve_for)
            if recall.now:
                at_once.append(lease)
        return at_once

    def _refusal(self, grant: Grant) -> str:
        node, layer = self.nodes.get(grant.node), self.layers.get(grant.layer)
        why = refusal(grant, node, layer)
        if why or node is None or layer is None:
            return why
        production = self.productions[layer.arrival.production]
        return bound(grant, node.kind.pool, layer, self.caps, production)

    def _book(self, grant: Grant) -> None:
        node, layer = self.nodes[grant.node], self.layers[grant.layer]
        self.measures.granted += 1
        lease = PlayedLease(
            id=f"l{self.measures.granted}",
            node=node,
            layer=layer,
            resources=grant.resources,
            granted_at=self.now,
            anywhere=grant.anywhere,
            tasks_left=grant.tasks or -1,
        )
        self.leases[lease.id] = lease
        node.leases[lease.id] = lease
        node.free -= grant.resources
        if node.reserved_for == layer.id:
            node.reserved_for = ""
        node.view = None
        layer.leases += 1
        layer.served_at = self.now
        layer.view = None
        self._count(lease, 1)
        if self.take(lease):
            self.fresh.append(lease)
        else:
            self.release(lease)

    def _count(self, lease: PlayedLease, sign: int) -> None:
        """Add what `lease` books to everything that counts it, or take it away."""
        production = self.productions[lease.layer.arrival.production]
        pool = lease.node.kind.pool
        booked = production.booked[pool]
        amount = lease.resources
        production.booked[pool] = booked + amount if sign > 0 else booked - amount
        production.view = None
        self.measures.busy_cores += sign * amount.cores
        self.measures.busy_memory += sign * amount.memory_bytes
        self.measures.watts += sign * amount.cores * lease.node.watts_per_core
        for name in lease.layer.caps:
            cap = self.caps.get(name)
            if cap is not None:
                cap.held += sign

    def _reserve(self, node: PlayedNode, layer: str) -> None:
        node.reserved_for = layer
        node.reserved_until = self.now + RESERVE_SECONDS
        node.view = None
        self.measures.reservations += 1

    # The life of jobs and leases.

    def submit(self, arrival: Arrival) -> PlayedLayer:
        """A job comes."""
        self.jobs += 1
        asked = arrival.asked
        caps = [f"limit:{name}" for name in arrival.limits]
        if asked and asked.most_tasks:
            caps.append(f"job:{self.jobs}:tasks")
            self.caps[caps[-1]] = PlayedCap(asked.most_tasks)
        layer = PlayedLayer(
            id=f"{self.jobs}.1",
            number=self.jobs,
            arrival=arrival,
            resources=Resources(
                cores=arrival.cores, memory_bytes=arrival.memory_bytes, gpus=arrival.gpus
            ),
            seconds=arrival.task_seconds(),
            caps=tuple(caps),
            ready=arrival.frames,
            served_at=arrival.at,
        )
        self.layers[layer.id] = layer
        self.measures.waiting += layer.ready
        self._stand_in_line(layer)
        return layer

    def take(self, lease: PlayedLease) -> bool:
        """`lease` takes the next task of its layer that may run there; is there one?"""
        layer = lease.layer
        found = self._next_task(layer, lease)
        if found is None:
            return False
        lease.hand.append((found[0], found[1]))
        lease.tasks_left -= lease.tasks_left > 0
        waits = self.measures.waits[layer.arrival.production]
        waits.append(self.now - found[2])
        if layer.started_at < 0:
            layer.started_at = self.now
            self.measures.job_waits[layer.arrival.production].append(self.now - layer.arrival.at)
        layer.ready -= 1
        layer.running += 1
        layer.view = None
        self.measures.waiting -= 1
        if not layer.ready:
            self._leave_line(layer)
        return True

    @staticmethod
    def _next_task(layer: PlayedLayer, lease: PlayedLease) -> tuple[int, int, float] | None:
        """Index, failures so far, ready since; those that came back first."""
        for at, one in enumerate(layer.returned):
            if lease.anywhere or lease.node.name not in one.avoid:
                del layer.returned[at]
                layer.picky -= bool(one.avoid)
                return one.index, one.failures, one.since
        if layer.cursor < len(layer.seconds):
            layer.cursor += 1
            return layer.cursor - 1, 0, layer.arrival.at
        return None

    def give_back(self, layer: PlayedLayer, task: Returned) -> None:
        """A task in hand is ready again."""
        layer.running -= 1
        layer.returned.append(task)
        layer.picky += bool(task.avoid)
        layer.ready += 1
        layer.view = None
        self.measures.waiting += 1
        if layer.ready == 1:
            self._stand_in_line(layer)

    def release(self, lease: PlayedLease) -> None:
        """`lease` ends: its node is free for others."""
        lease.alive = False
        del self.leases[lease.id]
        node, layer = lease.node, lease.layer
        del node.leases[lease.id]
        node.free += lease.resources
        node.idle_since = self.now
        node.view = None
        layer.leases -= 1
        layer.view = None
        self._count(lease, -1)

    def expire_reservations(self) -> None:
        """Nodes that were kept for too long, or for a layer that waits no more, are free again."""
        for node in self.nodes.values():
            if node.reserved_for:
                layer = self.layers.get(node.reserved_for)
                if layer is None or not layer.ready or self.now >= node.reserved_until:
                    node.reserved_for = ""
                    node.view = None

    def _entry(self, layer: PlayedLayer) -> tuple[int, float, int, PlayedLayer]:
        return (-layer.arrival.priority, layer.arrival.at, layer.number, layer)

    def _stand_in_line(self, layer: PlayedLayer) -> None:
        insort(self.productions[layer.arrival.production].line, self._entry(layer))

    def _leave_line(self, layer: PlayedLayer) -> None:
        line = self.productions[layer.arrival.production].line
        at = bisect_left(line, self._entry(layer))
        if at < len(line) and line[at][3] is layer:
            del line[at]
