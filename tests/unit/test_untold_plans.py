"""A plan that does not tell why the rest waits decides the same as one that does."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from farm.model.snapshot import ShareView, Snapshot
from farm.policy.plan import MOST_GRANTS, Plan, plan
from tests.farms import amount, layer_view, node_view, snapshots
from tests.played_farm import PlayedFarm

SIZES = st.tuples(st.sampled_from((1, 2, 4)), st.integers(1, 12))


@given(snapshots(), st.sampled_from((0, 1, 5, MOST_GRANTS)))
def test_grants_and_givers_are_the_same(snapshot: Snapshot, most: int) -> None:
    told = plan(snapshot, most_grants=most)
    assert plan(snapshot, most_grants=most, tell=False) == replace(told, waiting=())


@given(st.tuples(SIZES, SIZES), st.sampled_from((1.0, 2.0, 3.0)))
@settings(max_examples=15, deadline=None)
def test_recalls_are_the_same(sizes: tuple[tuple[int, int], ...], weight: float) -> None:
    recalled = 0

    def decide(snapshot: Snapshot) -> Plan:
        nonlocal recalled
        told = plan(snapshot)
        assert plan(snapshot, tell=False) == replace(told, waiting=())
        recalled += len(told.recalls)
        return told

    early, late = (
        layer_view(f"{name}.1", 1_000, production=name, resources=amount(*size), task_seconds=30.0)
        for name, size in zip(("heron", "li"), sizes, strict=True)
    )
    shares = {"heron": ShareView(), "li": ShareView(weight=weight)}
    farm = PlayedFarm([node_view(f"n{i}", 16) for i in range(3)], [early], shares)
    farm.step(1.0)
    farm.layers[late.id] = late
    for _ in range(4):
        farm.step(30.0, decide=decide)

    assert recalled > 0
