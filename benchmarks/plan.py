"""How long one decision takes on a large farm: `python -m benchmarks.plan [--quick] [--json]`.

1,553 nodes with 57,088 cores, 120 productions, and layers with a published mix of real frames. One
farm is played through in memory: filled from empty, kept full while slots come free, and full with
nothing to give. Only the policy is timed, in seconds of one core: no store, no network. As in the
scheduler nothing collects rubbish in a plan, and most plans do not tell why the rest waits.
"""

import gc
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle

from benchmarks.table import Report, Row, Target, percentile, run
from farm.model.lease import LeaseState
from farm.model.resources import GIB, MIB, Resources
from farm.model.snapshot import LayerView, LeaseView, NodeView, ProductionView, ShareView, Snapshot
from farm.policy.plan import Plan, plan
from farm.policy.recall import MOST_RECALLS
from farm.scheduler.tidy import collected_after

#: Cores, nodes, memory in GiB.
NODES = ((128, 246, 512), (32, 303, 128), (16, 1004, 64))
PRODUCTIONS = 120
#: Cores of a frame, percent of all frames, mean memory in GiB.
FRAMES = (
    (1, 22.9, 0.52),
    (2, 25.5, 1.38),
    (4, 34.2, 6.44),
    (8, 14.6, 27.3),
    (16, 1.9, 63.9),
    (32, 0.28, 109.0),
    (64, 0.03, 233.0),
)
SEED = 7
AT = 1_000_000.0  #: when the layers are there
COLD_MS, STEADY_MS, FULL_MS, RECALL_MS = 60.0, 60.0, 20.0, 100.0
GIVERS = 77  #: productions whose leases are read for recalls: 15,000 leases, about
FREED = 200  #: slots that come free between two passes of the steady state


@dataclass(slots=True)
class Slot:
    """A lease of the played farm."""

    node: str
    production: str
    layer: str
    resources: Resources


class Farm:
    """A farm that is played in memory."""

    def __init__(self, layers: int) -> None:
        """An empty farm with so many layers waiting."""
        self.chance = random.Random(SEED)
        self.nodes = list(_nodes())
        self.layers = [self._layer(number) for number in range(layers)]
        self.slots: list[Slot] = []
        self.at = AT

    def snapshot(self, *, leases: bool = False, uneven: bool = False) -> Snapshot:
        """What a scheduler would see; `uneven`: half of the productions are due twice as much."""
        free = {node.name: node.total for node in self.nodes}
        booked = {f"show{n}": Resources(cores=0, memory_bytes=0) for n in range(PRODUCTIONS)}
        for slot in self.slots:
            free[slot.node] -= slot.resources
            booked[slot.production] += slot.resources
        weights = (1.0, 2.0) if uneven else (1.0,)
        productions = tuple(
            ProductionView(
                name=name,
                weight=weight,
                booked=amount,
                shares={"": ShareView(weight=weight, booked=amount)},
            )
            for (name, amount), weight in zip(booked.items(), cycle(weights), strict=False)
        )
        return Snapshot(
            nodes=tuple(replace(node, free=free[node.name]) for node in self.nodes),
            layers=tuple(self.layers),
            productions=productions,
            leases=tuple(self._leases()) if leases else (),
            at=self.at,
        )

    def carry_out(self, decision: Plan) -> None:
        """Book the grants of `decision`."""
        production = {layer.id: layer.production for layer in self.layers}
        for grant in decision.grants:
            self.slots.append(
                Slot(grant.node, production[grant.layer], grant.layer, grant.resources)
            )

    def free_some(self, count: int) -> None:
        """Let `count` slots end, by chance."""
        self.chance.shuffle(self.slots)
        del self.slots[len(self.slots) - min(count, len(self.slots)) :]

    def _leases(self) -> Iterator[LeaseView]:
        givers = {f"show{number}" for number in range(GIVERS)}
        slots = (slot for slot in self.slots if slot.production in givers)
        for number, slot in enumerate(slots):
            yield LeaseView(
                id=f"{number:06d}",
                node=slot.node,
                layer=slot.layer,
                production=slot.production,
                priority=50,
                state=LeaseState.STARTED,
                resources=slot.resources,
                granted_at=self.at - number % 600,
            )

    def _layer(self, number: int) -> LayerView:
        cores, _, memory_gib = self.chance.choices(FRAMES, [share for _, share, _ in FRAMES])[0]
        memory = memory_gib * self.chance.uniform(0.5, 1.5) * GIB
        return LayerView(
            id=f"{number}.1",
            job=str(number),
            production=f"show{self.chance.randrange(PRODUCTIONS)}",
            priority=self.chance.choice((30, 50, 50, 50, 70)),
            created_at=AT - self.chance.uniform(0, 86_400),
            served_at=AT - self.chance.uniform(0, 3_600),
            resources=Resources(cores=cores, memory_bytes=int(memory / MIB / 64) * 64 * MIB),
            wanted=self.chance.randrange(10, 200),
            scene=f"/show/shot{self.chance.randrange(400)}.blend",
        )


def _nodes() -> Iterator[NodeView]:
    chance = random.Random(SEED)
    number = 0
    for cores, count, memory_gib in NODES:
        for _ in range(count):
            number += 1
            total = Resources(cores=cores, memory_bytes=memory_gib * GIB)
            warm = {f"/show/shot{chance.randrange(400)}.blend" for _ in range(3)}
            yield NodeView(
                name=f"n{number:04d}",
                epoch=1,
                pool="",
                total=total,
                free=total,
                warm_scenes=frozenset(warm),
            )


@dataclass
class Times:
    """What each kind of pass took, in ms, and what was in use of all cores in the end."""

    cold: list[float] = field(default_factory=list)
    steady: list[float] = field(default_factory=list)
    full: list[float] = field(default_factory=list)
    told: list[float] = field(default_factory=list)
    none: list[float] = field(default_factory=list)  #: leases read, none to recall
    many: list[float] = field(default_factory=list)  #: as many recalled as one pass may
    used: float = 0.0


def measure(quick: bool) -> Report:
    """Passes of a cold fill, of the steady state and of a full farm, and with ten times as much."""
    layers, passes = (300, 5) if quick else (1_500, 60)
    times = _played(layers, passes)
    much = _played(layers * 10, max(5, passes // 4))
    rows: list[Row] = [
        *_rows("cold fill", times.cold, COLD_MS),
        *_rows("steady state", times.steady, STEADY_MS),
        *_rows("full farm", times.full, FULL_MS),
        *_rows("full farm, told why", times.told, FULL_MS),
        *_rows("full farm, no recalls", times.none, RECALL_MS),
        *_rows("full farm, 256 recalls", times.many, RECALL_MS),
        *_rows("cold fill, 10x layers", much.cold, None),
        *_rows("steady state, 10x layers", much.steady, None),
        *_rows("full farm, 10x layers", much.full, None),
        *_rows("full farm, told why, 10x layers", much.told, None),
        Row(what="cores in use once full", unit="%", values=(100 * times.used,)),
    ]
    note = f"1,553 nodes, 57,088 cores, 120 productions, {layers:,} layers; at most 1,000 grants"
    return Report(name="plan", title="one pass of the policy", rows=tuple(rows), notes=(note,))


def _rows(what: str, times: Sequence[float], bound: float | None) -> list[Row]:
    p50, p99 = percentile(times, 0.5), percentile(times, 0.99)
    first = Row(what=f"{what}, p50", unit="ms", values=(p50,))
    if bound is None:
        return [first, Row(what=f"{what}, p99", unit="ms", values=(p99,))]
    return [first, Target(what=f"{what}, p99", unit="ms", values=(p99,), bound=bound)]


def _played(layers: int, passes: int) -> Times:
    farm, times = Farm(layers), Times()
    while _timed(farm, times.cold).more:
        pass
    for _ in range(passes):
        farm.free_some(FREED)
        farm.at += 1.0
        _timed(farm, times.steady)
    for _ in range(passes):
        _timed(farm, times.full)
        _timed(farm, times.told, tell=True)
    for _ in range(max(2, passes // 3)):
        _timed(farm, times.none, leases=True)
        asked = _timed(farm, times.many, leases=True, uneven=True)
        assert len(asked.recalls) == MOST_RECALLS
    used = sum(slot.resources.cores for slot in farm.slots)
    times.used = used / sum(node.total.cores for node in farm.nodes)
    return times


def _timed(
    farm: Farm,
    times: list[float],
    *,
    leases: bool = False,
    uneven: bool = False,
    tell: bool = False,
) -> Plan:
    snapshot = farm.snapshot(leases=leases, uneven=uneven)
    gc.collect()
    with collected_after():
        began = time.process_time()
        decision = plan(snapshot, tell=tell)
        times.append(1_000 * (time.process_time() - began))
    farm.carry_out(decision)
    return decision


if __name__ == "__main__":
    run(measure)
