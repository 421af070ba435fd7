"""What plan after plan leads to: shares, guarantees, rest, none starves, no reserved work delayed.

With slots of one size each production is within one slot of every other, by weight. Added up over
all: of n slots it has at least weight / all weights of n, less one slot for each other production.
Recalls stop where a giver would be worse off than the taker, which is up to one slot earlier.
"""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from farm.model.snapshot import LayerView, ShareView, Snapshot
from farm.policy.order import AGE_SECONDS
from farm.policy.plan import Plan, plan
from tests.farms import amount, layer_view, node_view
from tests.played_farm import PlayedFarm

NAMES = ("heron", "li", "tarn")
WEIGHTS = st.lists(st.sampled_from((1.0, 2.0, 3.0)), min_size=2, max_size=3)
SIZES = st.lists(st.tuples(st.sampled_from((1, 2, 4)), st.integers(1, 12)), min_size=3, max_size=3)


def a_farm(weights: list[float], sizes: list[tuple[int, int]], nodes: int = 4) -> PlayedFarm:
    """Nodes of 16 cores and 64 GiB, and each production with more work than they can do."""
    names = NAMES[: len(weights)]
    return PlayedFarm(
        [node_view(f"n{i}", 16) for i in range(nodes)],
        [
            layer_view(
                f"{i}.1",
                100_000,
                production=name,
                resources=amount(*sizes[i]),
                task_seconds=30.0,
                job=str(i),
            )
            for i, name in enumerate(names)
        ],
        {name: ShareView(weight=weight) for name, weight in zip(names, weights, strict=True)},
    )


@given(WEIGHTS, SIZES)
def test_nobody_gets_a_slot_while_another_who_could_use_it_has_less_for_its_weight(
    weights: list[float], sizes: list[tuple[int, int]]
) -> None:
    farm = a_farm(weights, sizes)
    sizes = [min(sizes)] * 3  # with one size, room for one is room for all
    farm.layers = {
        id_: replace(layer, resources=amount(*sizes[0])) for id_, layer in farm.layers.items()
    }
    decision = farm.step(1.0)
    slots = [sum(g.layer == f"{i}.1" for g in decision.grants) for i in range(len(weights))]
    all_slots = sum(slots)
    for i, weight in enumerate(weights):
        others = len(weights) - 1
        assert slots[i] >= (all_slots - others) * weight / sum(weights)
        for j, other in enumerate(weights):
            assert (slots[j] - 1) / other <= slots[i] / weight


@given(WEIGHTS, SIZES)
@settings(max_examples=15, deadline=None)
def test_with_constant_demand_recalls_come_to_rest(
    weights: list[float], sizes: list[tuple[int, int]]
) -> None:
    farm = a_farm(weights, sizes)
    late = farm.layers.pop(f"{len(weights) - 1}.1")
    farm.step(1.0)
    farm.layers[late.id] = late
    for _ in range(40):
        farm.step(30.0)

    assert sum(len(farm.step(30.0).recalls) for _ in range(10)) == 0
    assert farm.cores()[late.production] > 0


@given(WEIGHTS)
@settings(max_examples=10, deadline=None)
def test_who_comes_late_gets_its_share_within_a_task(weights: list[float]) -> None:
    farm = a_farm(weights, [(1, 1)] * 3)
    late = farm.layers.pop(f"{len(weights) - 1}.1")
    farm.step(1.0)
    farm.layers[late.id] = late
    for _ in range(3):
        farm.step(30.0)

    # At rest (had of another - 1) / its weight < (had + 1) / weight, added up over the others.
    others = len(weights) - 1
    had = farm.cores()[late.production]
    assert had + 1 > (64 - others + 1) * weights[-1] / sum(weights)


@given(st.integers(4, 60), st.booleans())
@settings(max_examples=10, deadline=None)
def test_a_lent_guarantee_comes_back_and_at_once_from_what_may_be_interrupted(
    guarantee: int, interruptible: bool
) -> None:
    farm = a_farm([1.0, 1.0], [(1, 1)] * 3)
    farm.shares["li"] = ShareView(weight=1.0, guarantee_cores=guarantee)
    late = farm.layers.pop("1.1")
    farm.layers["0.1"] = replace(
        farm.layers["0.1"], interruptible=interruptible, task_seconds=600.0
    )
    farm.step(1.0)
    farm.layers[late.id] = late
    farm.step(1.0)
    farm.step(1.0)
    early = farm.cores()["li"]
    for _ in range(3):
        farm.step(600.0)

    assert farm.cores()["li"] >= guarantee
    assert early >= guarantee if interruptible else early == 0
    assert farm.lost <= guarantee if interruptible else farm.lost == 0


@given(st.integers(0, 100), st.integers(0, 100))
def test_priority_is_strict_among_those_that_wait_as_long(one: int, other: int) -> None:
    layers = [layer_view("1.1", priority=one), layer_view("2.1", priority=other)]
    snapshot = Snapshot(nodes=(node_view(cores=1),), layers=tuple(layers))
    first = plan(snapshot).grants[0].layer

    assert first == ("1.1" if one >= other else "2.1")


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, AGE_SECONDS - 1))
def test_after_a_hundred_points_of_waiting_a_layer_is_first(
    low: int, high: int, since: int
) -> None:
    at = 1e6
    waits = layer_view("2.1", priority=low, served_at=at - 101 * AGE_SECONDS, created_at=9.0)
    served = layer_view("1.1", priority=high, served_at=at - since)
    snapshot = Snapshot(nodes=(node_view(cores=1),), layers=(waits, served), at=at)

    assert plan(snapshot).grants[0].layer == "2.1"


def test_one_slot_takes_away_what_a_layer_gained_by_waiting() -> None:
    waits = layer_view("2.1", 4, priority=10, served_at=1.0)
    served = layer_view("1.1", 4, priority=50, served_at=1e6 - 1)
    snapshot = Snapshot(nodes=(node_view(cores=4),), layers=(waits, served), at=1e6)

    assert [grant.layer for grant in plan(snapshot).grants] == ["2.1", "1.1", "1.1", "1.1"]


@given(st.integers(0, 15), st.integers(1, 3))
@settings(max_examples=10, deadline=None)
def test_no_layer_starves_behind_higher_priority_that_arrives_for_ever(
    gap: int, flows: int
) -> None:
    low = layer_view("low.1", 3, priority=50 - gap, task_seconds=600.0, served_at=1_000.0)
    farm = PlayedFarm([node_view(cores=2)], [low], {"heron": ShareView()})
    # Ahead of it is only what arrives before it has aged past that, and so much a slot each
    # 300 seconds has to serve first; then one task ends.
    bound = (gap + 1) * AGE_SECONDS * max(1, flows) + 2 * AGE_SECONDS
    steps = 0
    while "low.1" not in farm.started and farm.at <= 1_000 + bound:
        for flow in range(flows):
            steps += 1
            name = f"{steps}.{flow}"
            farm.layers[name] = layer_view(
                name, 1, priority=50, created_at=farm.at, served_at=farm.at, task_seconds=600.0
            )
        farm.step(300.0)

    assert "low.1" in farm.started


#: Cores, or cores and memory in GiB, of which a node has 16 and 64; the busy hold 4 and 16 each.
WIDE = st.sampled_from((12, 16))
WIDE_OR_BIG = st.sampled_from(((12, 1), (16, 1), (1, 40), (1, 64), (6, 50)))
SHORT = st.lists(st.integers(5, 400), min_size=1, max_size=4)
FILLERS = st.lists(
    st.tuples(st.integers(5, 400), st.sampled_from((1, 2, 4)), st.integers(1, 16)),
    min_size=1,
    max_size=4,
)


def the_wide_starts(
    asked: tuple[int, int], fillers: list[tuple[int, int, int]], *, backfill: bool
) -> tuple[float, int]:
    """When a wide layer starts on one full node of 16 cores, and tasks that filled gaps."""
    busy: list[LayerView] = [
        layer_view(f"b{i}.1", 1, resources=amount(4, 16), task_seconds=100.0 * (i + 1), job=f"b{i}")
        for i in range(4)
    ]
    farm = PlayedFarm([node_view(cores=16)], busy, {"heron": ShareView()})
    farm.step(5.0)
    wide = layer_view("w.1", 1, resources=amount(*asked), priority=60, task_seconds=50.0, job="w")
    farm.layers["w.1"] = wide
    for i, (seconds, *size) in enumerate(fillers):
        name = f"f{i}.1"
        farm.layers[name] = layer_view(
            name, 9, priority=40, task_seconds=seconds, job=name, resources=amount(*size)
        )

    def decide(snapshot: Snapshot) -> Plan:
        made = plan(snapshot)
        if backfill:
            return made
        return replace(made, grants=tuple(one for one in made.grants if one.layer == "w.1"))

    for _ in range(160):
        farm.step(5.0, decide=decide)
        if "w.1" in farm.started:
            break
    filled = sum(len(times) for name, times in farm.started.items() if name[0] == "f")
    return farm.started["w.1"][0], filled


@given(WIDE_OR_BIG, FILLERS)
@settings(max_examples=15, deadline=None)
def test_filling_gaps_never_delays_what_the_node_is_reserved_for(
    asked: tuple[int, int], fillers: list[tuple[int, int, int]]
) -> None:
    with_fill, _ = the_wide_starts(asked, fillers, backfill=True)
    without, _ = the_wide_starts(asked, fillers, backfill=False)

    assert with_fill <= without


def test_short_work_fills_the_gap_before_what_the_node_is_reserved_for() -> None:
    _, filled = the_wide_starts((16, 1), [(20, 1, 1)], backfill=True)
    assert filled > 0


@given(WIDE, SHORT)
@settings(max_examples=15, deadline=None)
def test_others_get_one_task_at_a_time_on_a_reserved_node(cores: int, fillers: list[int]) -> None:
    """The store refuses anything else there."""
    farm = PlayedFarm([node_view(cores=16)], [], {"heron": ShareView()})
    for i in range(4):
        name = f"b{i}.1"
        farm.layers[name] = layer_view(
            name, 1, resources=amount(4), task_seconds=100.0 * (i + 1), job=name
        )
    farm.step(5.0)
    farm.layers["w.1"] = layer_view("w.1", 1, resources=amount(cores), priority=60, job="w")
    for i, seconds in enumerate(fillers):
        name = f"f{i}.1"
        known = float(seconds) if i % 2 else None
        farm.layers[name] = layer_view(name, 9, priority=40, task_seconds=known, job=name)
    for _ in range(40):
        reserved = {node.name: node.reserved_for for node in farm.snapshot().nodes}
        for grant in farm.step(5.0).grants:
            assert grant.tasks == 1 or reserved[grant.node] in ("", grant.layer)


def test_what_wide_slots_are_due_comes_back_from_several_leases_of_each_node_at_once() -> None:
    farm = a_farm([1.0, 1.0], [(1, 1), (4, 4), (1, 1)], nodes=8)
    late = farm.layers.pop("1.1")
    farm.step(1.0)
    farm.layers[late.id] = late
    first = farm.step(90.0).recalls
    held = {one.view.id: one.view.node for one in farm.held.values()}
    for _ in range(4):
        farm.step(30.0)

    assert len({held[recall.lease] for recall in first}) == 8
    assert len(first) == 32
    assert all(recall.reserve_for == late.id for recall in first)
    assert farm.cores()["li"] >= 56  # of 64 that it is due, a slot of 16 less and one to go


def two_that_hold(more: int, less: int) -> PlayedFarm:
    """Two productions hold so many slots of 256, and both want more."""
    farm = a_farm([1.0, 1.0], [(1, 1), (1, 1), (1, 1)], nodes=16)
    for name, count in (("0.1", more), ("1.1", less)):
        farm.layers[name] = replace(farm.layers[name], wanted=count)
    farm.step(1.0)
    for name, layer in list(farm.layers.items()):
        farm.layers[name] = replace(layer, wanted=9_000)
    assert farm.cores() == {"heron": more, "li": less}
    return farm


def test_a_production_with_many_slots_lets_a_few_be() -> None:
    assert two_that_hold(129, 127).step(90.0).recalls == ()
    assert len(two_that_hold(140, 116).step(90.0).recalls) > 0


def test_who_has_something_does_not_take_back_what_was_only_just_given() -> None:
    farm = two_that_hold(140, 116)
    assert farm.step(20.0).recalls == ()
    assert len(farm.step(70.0).recalls) > 0
