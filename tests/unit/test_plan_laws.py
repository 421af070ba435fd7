"""What must hold of every plan, whatever the farm looks like."""

import random
from collections import Counter
from dataclasses import replace
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from farm.model.lease import Grant
from farm.model.resources import Cores, Resources
from farm.model.snapshot import CapUnit, LayerView, NodeView, Snapshot
from farm.policy.fit import could_serve
from farm.policy.plan import plan
from farm.policy.waiting import Reason
from tests.farms import snapshots

Row = TypeVar("Row")


def left_free(snapshot: Snapshot, grants: tuple[Grant, ...]) -> dict[str, Resources]:
    """What is free on each node after the grants; a negative amount raises."""
    free = {node.name: node.free for node in snapshot.nodes}
    for grant in grants:
        free[grant.node] -= grant.resources
    return free


def held(snapshot: Snapshot, name: str, grants: tuple[Grant, ...]) -> Cores:
    """How much of the cap is held after `grants`."""
    view = snapshot.caps[name]
    of_layer = {layer.id: layer for layer in snapshot.layers}
    counting = [grant for grant in grants if name in of_layer[grant.layer].caps]
    if view.unit is CapUnit.CORES:
        return view.held + sum(grant.resources.cores for grant in counting)
    if view.unit is CapUnit.SLOT:
        return view.held + len(counting)
    holders = {one.name for one in snapshot.nodes if name.removeprefix("limit:") in one.limits}
    return view.held + len({grant.node for grant in counting} - holders)


def kept(node: NodeView, free: Resources) -> Cores:
    return node.cores_kept_per_gpu * free.gpus


@given(snapshots())
def test_nothing_is_booked_beyond_what_is_free(snapshot: Snapshot) -> None:
    assert left_free(snapshot, plan(snapshot).grants)


@given(snapshots())
def test_no_layer_gets_more_slots_than_it_wants(snapshot: Snapshot) -> None:
    wanted = {layer.id: layer.wanted for layer in snapshot.layers}
    granted = Counter(grant.layer for grant in plan(snapshot).grants)
    assert all(count <= wanted[layer] for layer, count in granted.items())


@given(snapshots())
def test_no_cap_is_ever_passed(snapshot: Snapshot) -> None:
    grants = plan(snapshot).grants
    for name, view in snapshot.caps.items():
        assert held(snapshot, name, grants) <= max(view.most, view.held)


@given(snapshots())
def test_no_ceiling_is_ever_passed(snapshot: Snapshot) -> None:
    pool_of = {node.name: node.pool for node in snapshot.nodes}
    production_of = {layer.id: layer.production for layer in snapshot.layers}
    grants = plan(snapshot).grants
    for view in snapshot.productions:
        for pool, share in view.shares.items():
            got = sum(
                grant.resources.cores
                for grant in grants
                if production_of[grant.layer] == view.name and pool_of[grant.node] == pool
            )
            bound = share.ceiling_cores
            assert not got or bound is None or share.booked.cores + got <= bound


@given(snapshots())
def test_a_slot_is_only_on_a_node_that_may_serve_it(snapshot: Snapshot) -> None:
    nodes = {node.name: node for node in snapshot.nodes}
    layers = {layer.id: layer for layer in snapshot.layers}
    for grant in plan(snapshot).grants:
        node, layer = nodes[grant.node], layers[grant.layer]
        assert could_serve(node, layer)
        assert node.reserved_for in ("", layer.id)
        whole = grant.resources.cores == node.total.cores == node.free.cores
        assert whole if layer.whole_node else grant.resources == layer.resources


@given(snapshots())
def test_work_without_a_gpu_leaves_the_free_gpus_their_cores(snapshot: Snapshot) -> None:
    grants = plan(snapshot).grants
    free = left_free(snapshot, grants)
    layers = {layer.id: layer for layer in snapshot.layers}
    taken_by_gpu_work = {g.node for g in grants if layers[g.layer].resources.gpus}
    for node in snapshot.nodes:
        took = any(grant.node == node.name for grant in grants)
        if took and node.name not in taken_by_gpu_work:
            assert free[node.name].cores >= kept(node, free[node.name])


def fits(layer: LayerView, node: NodeView, free: Resources) -> bool:
    """Is there room on the node for one more slot of the layer, reserved ones left out?"""
    if node.reserved_for not in ("", layer.id) or not could_serve(node, layer):
        return False
    cores = free.cores if layer.resources.gpus else free.cores - kept(node, free)
    if layer.whole_node and cores != node.total.cores:
        return False
    room = replace(free, cores=max(0, cores))
    return layer.resources.cores <= cores and layer.resources.fits_in(room)


@given(snapshots())
def test_no_slot_stays_idle_beside_a_task_that_fits_and_may_run(snapshot: Snapshot) -> None:
    decision = plan(snapshot)
    free = left_free(snapshot, decision.grants)
    layers = {layer.id: layer for layer in snapshot.layers}
    bounded = (Reason.LIMIT, Reason.JOB_CAP, Reason.GROUP_CAP, Reason.SHARE, Reason.AVOID)
    for row in decision.waiting:
        layer = layers[row.layer]
        if row.reason in bounded or refused_by_node(snapshot, decision.grants, layer):
            continue
        assert not any(fits(layer, node, free[node.name]) for node in snapshot.nodes), row


def refused_by_node(snapshot: Snapshot, grants: tuple[Grant, ...], layer: LayerView) -> bool:
    """May some bound be why a free node is not for this layer: of its nodes, cores or retries?"""
    full = [
        name
        for name in layer.caps
        if name in snapshot.caps and held(snapshot, name, grants) + 1 > snapshot.caps[name].most
    ]
    share = next(one for one in snapshot.productions if one.name == layer.production)
    ceilings = any(one.ceiling_cores is not None for one in share.shares.values())
    caps_cores = layer.whole_node and bool(layer.caps)
    return bool(full) or ceilings or caps_cores or bool(layer.avoid)


@given(snapshots())
def test_a_reason_that_a_bound_is_reached_is_true(snapshot: Snapshot) -> None:
    decision = plan(snapshot)
    layers = {layer.id: layer for layer in snapshot.layers}
    for row in decision.waiting:
        if row.reason in (Reason.LIMIT, Reason.JOB_CAP, Reason.GROUP_CAP):
            asked = layers[row.layer].resources.cores
            view = snapshot.caps[row.what]
            one = asked if view.unit is CapUnit.CORES else 1
            assert held(snapshot, row.what, decision.grants) + one > view.most
        if row.reason is Reason.NO_FIT:
            assert not any(could_serve(node, layers[row.layer]) for node in snapshot.nodes)


@given(snapshots(), st.integers(0, 5))
def test_what_waits_and_what_is_granted_add_up(snapshot: Snapshot, most: int) -> None:
    for decision in (plan(snapshot), plan(snapshot, most_grants=most)):
        granted = Counter(grant.layer for grant in decision.grants)
        waiting = {row.layer: row.tasks for row in decision.waiting}
        assert len(waiting) == len(decision.waiting)
        assert all(count > 0 for count in waiting.values())
        for layer in snapshot.layers:
            assert granted[layer.id] + waiting.get(layer.id, 0) == layer.wanted


@given(snapshots(), st.randoms(use_true_random=False))
def test_the_order_of_the_snapshot_does_not_matter(
    snapshot: Snapshot, chance: random.Random
) -> None:
    def shuffled(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        return tuple(chance.sample(rows, len(rows)))

    other = replace(
        snapshot,
        nodes=shuffled(snapshot.nodes),
        layers=shuffled(snapshot.layers),
        productions=shuffled(snapshot.productions),
    )
    assert plan(other) == plan(snapshot) == plan(snapshot)


@given(snapshots(), st.integers(0, 4))
def test_a_plan_that_is_cut_is_the_beginning_of_the_whole_one(
    snapshot: Snapshot, most: int
) -> None:
    whole, cut = plan(snapshot), plan(snapshot, most_grants=most)
    assert cut.grants == whole.grants[:most]
    assert cut.more or cut.grants == whole.grants
