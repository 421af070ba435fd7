"""Nodes sleep when nobody needs them and wake when somebody does, and never below the floor."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from farm.model.resources import GIB, Resources
from farm.model.snapshot import CapView, LayerView, NodeView, ProductionView, ShareView, Snapshot
from farm.policy.schedule import read_schedule
from farm.policy.sleep import Orders, Ready, Rest, Sleeper, SleepRules, decide

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)  #: a Monday
HOUR = 3600.0


def some(cores: float, gib: int = 0) -> Resources:
    return Resources(cores=cores, memory_bytes=gib * GIB)


def a_sleeper(name: str, rest: Rest = Rest.AWAKE, *, cores: int = 8, **fields: Any) -> Sleeper:
    total = some(cores, fields.pop("gib", 64))
    free = fields.pop("free", total)
    view = NodeView(name=name, epoch=1, pool="", total=total, free=free)
    return Sleeper(view=view, rest=rest, idle_seconds=fields.pop("idle", HOUR))


def a_layer(cores: float = 1, *, wanted: int = 1, gib: int = 0, **fields: Any) -> LayerView:
    asked = some(cores, gib)
    return LayerView(
        **{
            "id": "1.1",
            "production": "heron",
            "priority": 50,
            "created_at": 0.0,
            "resources": asked,
            "wanted": wanted,
            **fields,
        }
    )


def told(
    nodes: list[Sleeper],
    *layers: LayerView,
    rules: SleepRules | None = None,
    at: datetime = NOON,
    **fields: Any,
) -> Orders:
    awake = tuple(one.view for one in nodes if one.rest is Rest.AWAKE)
    snapshot = Snapshot(nodes=awake, layers=layers, **fields)
    return decide(nodes, snapshot, rules or SleepRules(), at=at)


def test_a_node_without_work_sleeps_after_its_time() -> None:
    nodes = [
        a_sleeper("long"),
        a_sleeper("short", idle=60),
        a_sleeper("busy", free=some(7, 64)),
    ]

    assert told(nodes) == Orders(sleep=("long",))


def test_the_floor_stays_awake() -> None:
    nodes = [a_sleeper(name, idle=idle) for name, idle in (("a", 1000), ("b", 3000), ("c", 2000))]

    assert told(nodes, rules=SleepRules(floor_cores=8)) == Orders(sleep=("b", "c"))
    assert told(nodes, rules=SleepRules(floor_cores=9)) == Orders(sleep=("b",))
    assert told(nodes, rules=SleepRules(floor_cores=17)) == Orders()


def test_what_waits_for_room_wakes_as_many_as_it_needs() -> None:
    nodes = [a_sleeper("a", free=some(0)), *(a_sleeper(name, Rest.ASLEEP) for name in "bcd")]

    assert told(nodes, a_layer(4, wanted=3)) == Orders(wake=("b", "c"))
    assert told(nodes, a_layer(4, wanted=99)) == Orders(wake=("b", "c", "d"))
    assert told(nodes, a_layer(1, gib=40, wanted=2)) == Orders(wake=("b", "c"))


def test_nodes_that_are_waking_count() -> None:
    nodes = [a_sleeper("b", Rest.WAKING), a_sleeper("c", Rest.ASLEEP)]

    assert told(nodes, a_layer(4, wanted=2)) == Orders()
    assert told(nodes, a_layer(4, wanted=3)) == Orders(wake=("c",))


def test_only_a_node_that_can_serve_it_wakes() -> None:
    nodes = [a_sleeper("large", Rest.ASLEEP, gib=8), a_sleeper("small", Rest.ASLEEP, cores=4)]

    assert told(nodes, a_layer(2, gib=32)) == Orders(wake=("small",))
    assert told(nodes, a_layer(2, gib=500)) == Orders()
    assert told(nodes, a_layer(whole_node=True, wanted=2)) == Orders(wake=("large", "small"))


def test_nobody_wakes_for_what_a_bound_holds_up() -> None:
    nodes = [a_sleeper("a", Rest.ASLEEP)]
    full = {"limit:houdini": CapView(most=3, held=3)}
    share = ShareView(ceiling_cores=10, booked=some(10))
    at_ceiling = ProductionView(name="heron", weight=1, booked=some(10), shares={"": share})

    assert told(nodes, a_layer(caps=("limit:houdini",)), caps=full) == Orders()
    assert told(nodes, a_layer(), productions=(at_ceiling,)) == Orders()
    assert told(nodes, a_layer()) == Orders(wake=("a",))


def test_nobody_wakes_for_what_has_room_already_and_that_room_stays_awake() -> None:
    nodes = [a_sleeper("a"), a_sleeper("b", Rest.ASLEEP)]

    assert told(nodes, a_layer(1)) == Orders()


def test_hours_that_begin_find_their_nodes_awake() -> None:
    hours = read_schedule("Mon-Fri 08:00-18:00 UTC")
    rules = SleepRules(wake_seconds=300, ready=(Ready(hours=hours, cores=12),))
    nodes = [a_sleeper(name, Rest.ASLEEP) for name in "abc"]
    early, soon = (datetime(2026, 6, 1, 7, minute, tzinfo=UTC) for minute in (54, 56))

    assert told(nodes, rules=rules, at=early) == Orders()
    assert told(nodes, rules=rules, at=soon) == Orders(wake=("a", "b"))
    awake = [replace(one, rest=Rest.AWAKE) for one in nodes]
    assert told(awake, rules=rules, at=NOON) == Orders(sleep=("a",))


sleepers = st.builds(
    lambda number, rest, cores, busy, idle: a_sleeper(
        f"n{number}",
        rest,
        cores=cores,
        free=some(cores - min(busy, cores), 64) if rest is Rest.AWAKE and busy else some(cores, 64),
        idle=idle,
    ),
    st.integers(0, 10**6),
    st.sampled_from(Rest),
    st.integers(1, 16),
    st.integers(0, 16),
    st.sampled_from([0.0, 899.0, 900.0, 5000.0]),
)
farms = st.lists(sleepers, max_size=12, unique_by=lambda one: one.view.name)
layers = st.lists(
    st.builds(
        lambda number, cores, wanted, gib: a_layer(
            cores, wanted=wanted, gib=gib, id=f"{number}.1", priority=number % 3
        ),
        st.integers(0, 10**6),
        st.integers(1, 20),
        st.integers(1, 30),
        st.sampled_from([0, 8, 60, 100]),
    ),
    max_size=4,
    unique_by=lambda one: one.id,
)
floors = st.integers(0, 60).map(lambda cores: SleepRules(floor_cores=cores))


def carried_out(nodes: list[Sleeper], orders: Orders) -> list[Sleeper]:
    rests = dict.fromkeys(orders.sleep, Rest.ASLEEP) | dict.fromkeys(orders.wake, Rest.WAKING)
    return [replace(one, rest=rests.get(one.view.name, one.rest)) for one in nodes]


def free(nodes: list[Sleeper], *rests: Rest) -> float:
    return sum(one.view.free.cores for one in nodes if one.rest in rests)


@given(farms, layers, floors)
def test_the_floor_is_kept_and_wanted_as_far_as_there_are_nodes(
    nodes: list[Sleeper], waiting: list[LayerView], rules: SleepRules
) -> None:
    after = carried_out(nodes, told(nodes, *waiting, rules=rules))

    before = free(nodes, Rest.AWAKE)
    assert free(after, Rest.AWAKE) >= min(rules.floor_cores, before)
    if any(one.rest is Rest.ASLEEP for one in after):
        assert free(after, Rest.AWAKE, Rest.WAKING) >= rules.floor_cores


@given(farms, layers, floors)
def test_only_who_was_idle_long_enough_sleeps_and_nobody_is_told_both(
    nodes: list[Sleeper], waiting: list[LayerView], rules: SleepRules
) -> None:
    orders = told(nodes, *waiting, rules=rules)

    known = {one.view.name: one for one in nodes}
    for name in orders.sleep:
        one = known[name]
        assert one.rest is Rest.AWAKE
        assert one.view.free == one.view.total
        assert one.idle_seconds >= rules.idle_seconds
    assert all(known[name].rest is Rest.ASLEEP for name in orders.wake)


@given(farms, layers, floors)
def test_what_falls_asleep_is_not_woken_in_the_same_breath(
    nodes: list[Sleeper], waiting: list[LayerView], rules: SleepRules
) -> None:
    orders = told(nodes, *waiting, rules=rules)

    again = told(carried_out(nodes, orders), *waiting, rules=rules)

    assert not set(again.wake) & set(orders.sleep)
    if orders.sleep:
        assert not again.wake


@given(farms, layers, floors)
def test_nothing_waits_for_a_node_that_sleeps_on_and_could_serve_it(
    nodes: list[Sleeper], waiting: list[LayerView], rules: SleepRules
) -> None:
    after = carried_out(nodes, told(nodes, *waiting, rules=rules))

    asleep = [one.view for one in after if one.rest is Rest.ASLEEP]
    coming = [one.view for one in after if one.rest is not Rest.ASLEEP]
    for layer in waiting:
        if any(layer.resources.fits_in(node.total) for node in asleep):
            assert any(layer.resources.fits_in(node.total) for node in coming)


@given(farms, layers, floors, st.randoms())
def test_the_order_in_which_nodes_are_told_does_not_matter(
    nodes: list[Sleeper], waiting: list[LayerView], rules: SleepRules, chance: Any
) -> None:
    shuffled = list(nodes)
    chance.shuffle(shuffled)

    assert told(nodes, *waiting, rules=rules) == told(shuffled, *waiting, rules=rules)
