"""Of what use the free room is that a plan leaves: starved, stranded, or idle."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from farm.model.resources import Cores
from farm.model.snapshot import CapUnit, CapView, FreeUse, LayerView, NodeView, Snapshot
from farm.policy.board import Board
from farm.policy.free_room import free_room
from farm.policy.granting import grant_slots
from farm.policy.plan import plan
from tests.farms import amount, layer_view, node_view, production_view, snapshot_of, snapshots


def presumed(node: NodeView) -> NodeView:
    """As a node is counted before a leader looked: all that is free is of use."""
    free = node.free
    return replace(node, use=FreeUse(cores=free.cores, stranded_cores=0, gpus=free.gpus))


def a_node(name: str = "n1", cores: Cores = 4, free: Any = None, **fields: Any) -> NodeView:
    total = amount(cores, 64, fields.pop("gpus", 0))
    return presumed(node_view(name, total=total, free=free or total, **fields))


def uses(
    nodes: Iterable[NodeView], layers: Iterable[LayerView], **fields: Any
) -> dict[str, FreeUse]:
    """What each node's free room is counted as after the plan, where that changes."""
    return {room.node: room.use for room in plan(snapshot_of(nodes, layers, **fields)).free}


def use(cores: Cores = 0, stranded: Cores = 0, gpus: int = 0) -> FreeUse:
    return FreeUse(cores=cores, stranded_cores=stranded, gpus=gpus)


def test_where_nothing_waits_free_room_is_of_no_use() -> None:
    assert uses([a_node()], []) == {"n1": use()}


def test_what_is_granted_is_told_as_it_will_be_free_and_only_if_the_rest_changes() -> None:
    snapshot = snapshot_of([a_node(), a_node("n2")], [layer_view(resources=amount(3), wanted=2)])

    judged = {room.node: room for room in plan(snapshot).free}

    assert judged["n1"].free.cores == 1
    assert judged["n1"].use == use()
    whole = snapshot_of([a_node()], [layer_view(wanted=4)])
    assert plan(whole).free == ()


def test_cores_beside_a_full_memory_are_stranded() -> None:
    full = a_node(free=amount(4, 2))
    wide = a_node("n2", free=amount(1, 2))

    assert uses([full, wide], [layer_view(resources=amount(2, 8))]) == {
        "n1": use(stranded=4),
        "n2": use(),
    }


def test_a_node_that_is_too_small_for_what_waits_is_not_stranded() -> None:
    assert uses([a_node(free=amount(4, 2))], [layer_view(resources=amount(2, 80))]) == {"n1": use()}


def test_cores_that_are_kept_for_gpus_are_not_stranded() -> None:
    node = a_node(free=amount(4, 2, 1), gpus=1, cores_kept_per_gpu=1)

    assert uses([node], [layer_view(resources=amount(2, 8))]) == {"n1": use(stranded=3)}


def test_room_of_a_node_that_is_cleared_for_waiting_work_is_of_use() -> None:
    node = a_node(free=amount(2, 64), reserved_for="1.1")

    assert uses([node], [layer_view(resources=amount(4))]) == {}
    assert uses([node], [layer_view("2.1", resources=amount(4))]) == {"n1": use()}


@pytest.mark.parametrize(
    "fields",
    [
        {"caps": {"limit:maya": CapView(most=1, held=1, unit=CapUnit.SLOT)}},
        {"productions": [production_view(ceiling_cores=0.5)]},
    ],
)
def test_work_that_a_bound_stops_leaves_nothing_starved(fields: dict[str, Any]) -> None:
    layer = layer_view(caps=("limit:maya",))

    assert uses([a_node()], [layer], **fields) == {"n1": use()}


def test_work_for_another_pool_is_none() -> None:
    nodes = [a_node(free=amount(4, 2), pool="a"), a_node("n2", free=amount(4, 2), pool="b")]

    assert uses(nodes, [layer_view(resources=amount(1, 8), pool="b")]) == {
        "n1": use(),
        "n2": use(stranded=4),
    }


def test_a_retry_that_failed_here_leaves_nothing_starved() -> None:
    nodes = [a_node(), a_node("n2", free=amount(0, 0))]
    layer = layer_view(plain=0, avoid=(frozenset({"n1"}),))

    assert uses(nodes, [layer]) == {"n1": use()}


def test_a_node_that_is_counted_as_closed_is_told_of() -> None:
    node = replace(a_node(), use=replace(use(), is_open=False))

    assert uses([node], []) == {"n1": use()}


def test_nobody_is_told_of_a_cut_plan() -> None:
    snapshot = snapshot_of([a_node()], [layer_view(wanted=3)])

    assert plan(snapshot, most_grants=1).free == ()


def planned(snapshot: Snapshot) -> Board:
    nodes = tuple(presumed(node) for node in snapshot.nodes)
    board = Board(replace(snapshot, nodes=nodes, leases=()))
    grant_slots(board, 10_000)
    return board


@given(snapshots())
def test_no_more_is_of_use_than_is_free(snapshot: Snapshot) -> None:
    for room in free_room(planned(snapshot)):
        assert min(room.use.cores, room.use.stranded_cores, room.use.gpus) >= 0
        assert room.use.cores + room.use.stranded_cores <= room.free.cores
        assert room.use.gpus <= room.free.gpus


@given(snapshots())
def test_what_a_plan_leaves_is_of_use_only_where_a_node_is_kept(snapshot: Snapshot) -> None:
    board = planned(snapshot)
    told = {room.node: room.use for room in free_room(board)}
    for index, node in enumerate(board.nodes):
        if not node.reserved_for:
            counted = told.get(node.name, node.use)
            assert counted is not None
            assert board.room.free[index] <= 0 or counted.cores == 0


@given(snapshots())
def test_what_was_judged_once_is_not_told_again(snapshot: Snapshot) -> None:
    board = planned(snapshot)
    judged = {room.node: room for room in free_room(board)}
    board.nodes = [
        replace(node, free=judged[node.name].free, use=judged[node.name].use)
        if node.name in judged
        else replace(node, use=None)
        for node in board.nodes
    ]

    assert free_room(board) == ()
