"""The plan's laws: what must hold for every snapshot, and examples of who goes first."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.model.lease import LeaseState
from farm.model.resources import GIB, Resources
from farm.model.snapshot import LayerView, LeaseView, NodeView, ProductionView, Snapshot
from farm.policy.plan import plan
from tests.farms import POOLS, PRODUCTIONS, amount, layer_view, lease_view, node_view, snapshot_of

Row = TypeVar("Row")


def a_snapshot(
    nodes: list[NodeView], layers: list[LayerView], leases: Sequence[LeaseView] = ()
) -> Snapshot:
    return snapshot_of(nodes, layers, leases=leases)


AMOUNTS = st.builds(amount, st.integers(1, 8), st.integers(0, 32), st.integers(0, 2))


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    totals = draw(st.lists(AMOUNTS, max_size=6))
    nodes = [
        NodeView(
            name=f"n{i}",
            epoch=1,
            pool=draw(st.sampled_from(POOLS)),
            total=total,
            free=amount(
                draw(st.integers(0, int(total.cores))),
                draw(st.integers(0, total.memory_bytes // GIB)),
                draw(st.integers(0, total.gpus)),
            ),
            warm_scenes=frozenset(draw(st.sets(st.sampled_from("abc"), max_size=2))),
        )
        for i, total in enumerate(totals)
    ]
    layers = [
        LayerView(
            id=f"{i}.1",
            production=draw(st.sampled_from(PRODUCTIONS)),
            priority=draw(st.integers(0, 100)),
            created_at=float(draw(st.integers(0, 5))),
            resources=draw(AMOUNTS),
            wanted=draw(st.integers(0, 8)),
            pool=draw(st.sampled_from(POOLS)),
            scene=draw(st.sampled_from("abc")),
        )
        for i in range(draw(st.integers(0, 6)))
    ]
    return Snapshot(
        nodes=tuple(nodes),
        layers=tuple(layers),
        productions=tuple(
            ProductionView(
                name=name, weight=draw(st.sampled_from([0.5, 1.0, 2.0])), booked=draw(AMOUNTS)
            )
            for name in PRODUCTIONS
        ),
    )


def left_free(snapshot: Snapshot) -> dict[str, Resources]:
    """What is free on each node after the plan's grants; a negative amount raises."""
    free = {node.name: node.free for node in snapshot.nodes}
    for grant in plan(snapshot).grants:
        free[grant.node] -= grant.resources
    return free


@given(snapshots())
def test_no_node_is_booked_beyond_what_it_has_free(snapshot: Snapshot) -> None:
    assert left_free(snapshot).keys() == {node.name for node in snapshot.nodes}


@given(snapshots())
def test_no_layer_gets_more_slots_than_it_wants(snapshot: Snapshot) -> None:
    wanted = {layer.id: layer.wanted for layer in snapshot.layers}
    granted = Counter(grant.layer for grant in plan(snapshot).grants)
    assert all(count <= wanted[layer] for layer, count in granted.items())


@given(snapshots())
def test_no_slot_stays_idle_beside_a_waiting_task_that_fits_it(snapshot: Snapshot) -> None:
    free = left_free(snapshot)
    granted = Counter(grant.layer for grant in plan(snapshot).grants)
    for layer in snapshot.layers:
        if granted[layer.id] < layer.wanted:
            assert not any(
                layer.resources.fits_in(free[node.name])
                for node in snapshot.nodes
                if layer.pool in ("", node.pool)
            )


@given(snapshots(), st.randoms(use_true_random=False))
def test_the_order_of_the_snapshot_does_not_matter(
    snapshot: Snapshot, chance: random.Random
) -> None:
    def shuffled(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        return tuple(chance.sample(rows, len(rows)))

    other = Snapshot(
        nodes=shuffled(snapshot.nodes),
        layers=shuffled(snapshot.layers),
        productions=shuffled(snapshot.productions),
    )
    assert plan(other).grants == plan(snapshot).grants


@given(snapshots())
def test_a_layer_only_gets_nodes_of_its_pool(snapshot: Snapshot) -> None:
    pool_of_node = {node.name: node.pool for node in snapshot.nodes}
    pool_of_layer = {layer.id: layer.pool for layer in snapshot.layers}
    for grant in plan(snapshot).grants:
        assert pool_of_layer[grant.layer] in ("", pool_of_node[grant.node])


@given(st.lists(st.sampled_from([0.5, 1.0, 2.0, 4.0]), min_size=2, max_size=5), st.integers(8, 64))
def test_a_full_farm_is_shared_by_weight_to_within_one_slot(
    weights: list[float], cores: int
) -> None:
    names = [f"p{i}" for i in range(len(weights))]
    snapshot = Snapshot(
        nodes=(node_view(cores=cores),),
        layers=tuple(layer_view(f"{n}.1", cores, production=n) for n in names),
        productions=tuple(
            ProductionView(name=n, weight=w, booked=amount(0, 0))
            for n, w in zip(names, weights, strict=True)
        ),
    )
    had = Counter(grant.layer.split(".")[0] for grant in plan(snapshot).grants)
    for one, weight_one in zip(names, weights, strict=True):
        for other, weight_other in zip(names, weights, strict=True):
            assert (had[one] - 1) / weight_one <= had[other] / weight_other


def test_higher_priority_goes_first_then_the_older_job() -> None:
    layers = [
        layer_view("1.1", created_at=2.0),
        layer_view("2.1", created_at=1.0),
        layer_view("3.1", created_at=3.0, priority=60),
    ]
    grants = plan(a_snapshot([node_view(cores=2)], layers)).grants
    assert [grant.layer for grant in grants] == ["3.1", "2.1"]


def test_the_production_with_the_least_use_goes_first() -> None:
    layers = [layer_view("1.1", production="heron"), layer_view("2.1", production="li")]
    busy = lease_view("x", production="heron", layer="1.1")
    grants = plan(a_snapshot([node_view(cores=1)], layers, [busy])).grants
    assert [grant.layer for grant in grants] == ["2.1"]


def test_a_small_layer_behind_one_that_fits_nowhere_still_gets_its_slot() -> None:
    wide = layer_view("1.1", resources=amount(32), priority=90)
    grants = plan(a_snapshot([node_view()], [wide, layer_view("2.1")])).grants
    assert [grant.layer for grant in grants] == ["2.1"]


def test_a_node_that_has_the_scene_open_is_preferred() -> None:
    warm = node_view("n2", cores=8, warm_scenes=frozenset({"/s.blend"}))
    grants = plan(a_snapshot([node_view("n1"), warm], [layer_view(scene="/s.blend")])).grants
    assert [grant.node for grant in grants] == ["n2"]


def test_the_tightest_node_is_taken_so_that_wide_ones_stay_wide() -> None:
    grants = plan(a_snapshot([node_view("n1", 8), node_view("n2", 2)], [layer_view()])).grants
    assert [grant.node for grant in grants] == ["n2"]


def test_a_retry_goes_to_a_node_it_has_not_failed_on() -> None:
    layer = layer_view(avoid=(frozenset({"n1"}),), plain=0)
    grants = plan(a_snapshot([node_view("n1"), node_view("n2")], [layer])).grants
    assert [(grant.node, grant.anywhere) for grant in grants] == [("n2", False)]


def test_a_retry_waits_for_another_node_that_is_busy_now() -> None:
    layer = layer_view(avoid=(frozenset({"n1"}),), plain=0)
    busy = node_view("n2", free=amount(0, 0))
    assert plan(a_snapshot([node_view("n1"), busy], [layer])).grants == ()


def test_a_retry_runs_on_the_only_node_there_is() -> None:
    layer = layer_view(avoid=(frozenset({"n1"}),), plain=0)
    grants = plan(a_snapshot([node_view("n1")], [layer])).grants
    assert [(grant.node, grant.anywhere) for grant in grants] == [("n1", True)]


FULL = node_view(cores=4, free=amount(0, 0))


def recalled(layers: list[LayerView], leases: list[LeaseView]) -> list[str]:
    return sorted(one.lease for one in plan(a_snapshot([FULL], layers, leases)).recalls)


def test_a_full_farm_gives_a_newcomer_its_share_at_the_task_boundary() -> None:
    leases = [lease_view(str(i)) for i in range(4)]
    assert len(recalled([layer_view("2.1", 4, production="li")], leases)) == 2


def test_a_slot_does_not_move_between_equals() -> None:
    leases = [lease_view("1"), lease_view("2"), *(lease_view(n, production="li") for n in "34")]
    assert recalled([layer_view("2.1", 4, production="li")], leases) == []


def test_inside_a_production_higher_priority_takes_the_least_important_slot() -> None:
    leases = [lease_view("1", priority=50), lease_view("2", priority=10)]
    assert recalled([layer_view("2.1", priority=40)], leases) == ["2"]
    assert recalled([layer_view("2.1", priority=5)], leases) == []


def test_slots_on_their_way_back_are_not_asked_for_twice() -> None:
    leases = [lease_view("1"), lease_view("2"), lease_view("3", state=LeaseState.RECALLED)]
    assert recalled([layer_view("2.1", 1, production="li")], leases) == []


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_recalls_end_with_shares_that_differ_by_no_more_than_one_slot(count: int) -> None:
    leases = [lease_view(f"{i}") for i in range(count)]
    moved = len(recalled([layer_view("2.1", 99, production="li")], leases))
    assert moved == count // 2


def test_with_more_productions_than_slots_they_take_turns() -> None:
    node = node_view(cores=1, free=amount(0, 0))
    waiting = [layer_view("2.1", 9, production="li")]
    held = lease_view("1", granted_at=100.0)
    snapshot = a_snapshot([node], waiting, [held])

    assert plan(replace(snapshot, at=130.0)).recalls == ()
    assert [one.lease for one in plan(replace(snapshot, at=161.0)).recalls] == ["1"]


def test_a_retry_that_should_run_elsewhere_does_not_keep_its_layer_from_its_share() -> None:
    leases = [lease_view(str(i)) for i in range(4)]
    layer = layer_view("2.1", 4, production="li", plain=3, avoid=(frozenset({"n1"}),))
    assert len(recalled([layer], leases)) == 2
