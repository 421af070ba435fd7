"""Dominant-resource fairness between productions whose slots differ in size, and what weights do.

The laws are those of Ghodsi et al., "Dominant Resource Fairness" (NSDI 2011), as they hold of tasks
that cannot be split: a slot's own dominant share is what each may be off by.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from farm.model.resources import Resources
from farm.model.snapshot import ShareView
from farm.policy.plan import plan
from tests.farms import amount, layer_view, node_view
from tests.played_farm import ZERO, PlayedFarm

Row = TypeVar("Row")
NAMES = ("heron", "li", "tarn", "wren")
#: Of each production: its weight, and what a slot of it asks for.
ASKED = st.builds(amount, st.sampled_from((0.5, 1, 2, 3, 5)), st.integers(1, 24), st.just(0))
WANTING = st.lists(
    st.tuples(st.sampled_from((0.5, 1.0, 2.0, 3.0)), ASKED), min_size=2, max_size=len(NAMES)
)


def a_farm(wanting: list[tuple[float, Resources]], *, nodes: int, cores: int = 16) -> PlayedFarm:
    """Nodes of so many cores and 64 GiB; each production wants more than all of them."""
    return PlayedFarm(
        [node_view(f"n{i}", cores) for i in range(nodes)],
        [
            layer_view(
                f"{i}.1",
                100_000,
                production=NAMES[i],
                resources=asked,
                task_seconds=30.0,
                job=str(i),
            )
            for i, (_, asked) in enumerate(wanting)
        ],
        {NAMES[i]: ShareView(weight=weight) for i, (weight, _) in enumerate(wanting)},
    )


class Filling:
    """An empty farm that is filled slot by slot: who has what, and what is free where."""

    def __init__(self, wanting: list[tuple[float, Resources]], nodes: int) -> None:
        self.wanting = wanting
        farm = a_farm(wanting, nodes=nodes).snapshot()
        self.free = {node.name: node.free for node in farm.nodes}
        self.all = sum((node.total for node in farm.nodes), ZERO)
        self.has = [ZERO] * len(wanting)
        self._grants = plan(farm).grants

    def slots(self) -> Iterator[int]:
        """Who gets each slot, told before it has it."""
        for grant in self._grants:
            (who, _) = map(int, grant.layer.split("."))
            yield who
            self.free[grant.node] -= grant.resources
            self.has[who] += grant.resources

    def share(self, has: Resources) -> float:
        """The dominant share that so much is of the farm."""
        return max(has.cores / self.all.cores, has.memory_bytes / self.all.memory_bytes)

    def level(self, who: int) -> float:
        return self.share(self.has[who]) / self.wanting[who][0]

    def one(self, who: int) -> float:
        """The dominant share of one slot."""
        return self.share(self.wanting[who][1])

    def fits(self, who: int) -> bool:
        return any(self.wanting[who][1].fits_in(free) for free in self.free.values())


@given(WANTING, st.integers(1, 4))
def test_each_slot_goes_to_who_has_least_for_its_weight_of_all_that_have_room(
    wanting: list[tuple[float, Resources]], nodes: int
) -> None:
    filling = Filling(wanting, nodes)
    for who in filling.slots():
        able = [other for other in range(len(wanting)) if filling.fits(other)]
        assert filling.level(who) <= min(map(filling.level, able)) + 1e-9
    assert not any(filling.fits(who) for who in range(len(wanting)))


@given(WANTING)
def test_on_one_machine_each_has_its_part_but_for_a_slot_of_each(
    wanting: list[tuple[float, Resources]],
) -> None:
    """Whoever found no room met a resource that all together had taken but for one of its slots."""
    filling = Filling(wanting, 1)
    for _ in filling.slots():
        pass

    off_by = sum(map(filling.one, range(len(wanting))))
    for who, (weight, _) in enumerate(wanting):
        part = weight / sum(each for each, _ in wanting)
        assert filling.share(filling.has[who]) > part * (1 - off_by) - 1e-9


@given(WANTING, st.integers(1, 4))
def test_nobody_could_do_more_with_what_another_has_but_for_one_slot_of_that(
    wanting: list[tuple[float, Resources]], nodes: int
) -> None:
    """Looked at as long as there is room for it: what is over then is of no use to it."""
    filling = Filling(wanting, nodes)
    for _ in filling.slots():
        for one, (weight, asked) in enumerate(wanting):
            if not filling.fits(one):
                continue
            has = filling.share(filling.has[one]) / filling.one(one)
            for other, (its_weight, _) in enumerate(wanting):
                scale, its = weight / its_weight, filling.has[other]
                could = scale * min(its.cores / asked.cores, its.memory_bytes / asked.memory_bytes)
                assert could <= has + scale * filling.one(other) / filling.one(one) + 1e-9


@given(WANTING, st.integers(1, 4), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_the_order_of_leases_does_not_matter_to_what_is_taken_back(
    wanting: list[tuple[float, Resources]], nodes: int, seed: int
) -> None:
    chance = random.Random(seed)
    farm = a_farm(wanting, nodes=nodes)
    late = farm.layers.pop("0.1")
    farm.step(1.0)
    farm.layers[late.id] = late
    farm.at += 90.0
    snapshot = farm.snapshot()
    other = replace(
        snapshot,
        nodes=_mixed(snapshot.nodes, chance),
        layers=_mixed(snapshot.layers, chance),
        leases=_mixed(snapshot.leases, chance),
        productions=_mixed(snapshot.productions, chance),
    )
    assert plan(other) == plan(snapshot)


def _mixed(rows: tuple[Row, ...], chance: random.Random) -> tuple[Row, ...]:
    return tuple(chance.sample(rows, len(rows)))


@given(
    st.lists(st.sampled_from((0.5, 1.0, 2.0, 3.0)), min_size=2, max_size=3),
    st.sampled_from((1, 2, 4)),
    st.booleans(),
)
@settings(max_examples=15, deadline=None)
def test_with_twice_the_weight_a_production_comes_to_have_twice_as_much_for_what_others_have(
    weights: list[float], cores: int, down: bool
) -> None:
    """And with half of it half as much: within a slot of what it is due, in the long run."""
    farm = a_farm([(weight, amount(cores, 0)) for weight in weights], nodes=2)
    farm.step(1.0)
    for factor in (1.0, 0.5 if down else 2.0):
        mine = weights[0] * factor
        farm.shares["heron"] = ShareView(weight=mine)
        for _ in range(8):
            farm.step(90.0)  # longer than a slot is left to who has it
        slots = 32 // cores
        had = farm.cores()["heron"] / cores
        due = slots * mine / (mine + sum(weights[1:]))
        others = len(weights) - 1
        assert due - others * mine / (mine + sum(weights[1:])) - 1 < had < due + others
