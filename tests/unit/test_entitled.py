"""What productions are told of their place in each pool."""

import pytest
from hypothesis import given

from farm.model.snapshot import Snapshot
from farm.policy.entitled import Entitlement, entitlements
from tests.farms import amount, layer_view, node_view, production_view, snapshot_of, snapshots


def by_name(snapshot: Snapshot) -> dict[str, Entitlement]:
    return {one.production: one for one in entitlements(snapshot) if not one.pool}


def test_who_wants_nothing_and_has_nothing_is_due_nothing_and_leaves_it_to_others() -> None:
    farm = snapshot_of(
        [node_view(cores=8)],
        [layer_view(production="heron", wanted=9), layer_view("2.1", 9, production="li")],
        productions=(
            production_view("heron", weight=3.0, booked=amount(cores=2)),
            production_view("li"),
            production_view("tarn", weight=9.0),
        ),
    )
    told = by_name(farm)

    assert {name: one.due_cores for name, one in told.items()} == {
        "heron": 6,
        "li": 2,
        "tarn": None,
    }
    assert told["heron"].dominant == pytest.approx(0.25)
    assert [one.production for one in entitlements(farm, ["li"])] == ["li"]
    assert told["li"] in entitlements(farm, ["li"])


@given(snapshots())
def test_dues_of_a_pool_add_up_to_no_more_than_it_has_unless_more_is_guaranteed(
    farm: Snapshot,
) -> None:
    told = entitlements(farm)
    for pool in {one.pool for one in told}:
        here = [one for one in told if one.pool == pool]
        due = sum(one.due_cores or 0 for one in here)
        guaranteed = sum(one.share.guarantee_cores for one in here)

        assert due <= max(here[0].pool_cores, guaranteed) + 1e-6
        assert all(one.dominant >= 0 for one in here)
