"""What is held beyond a bound goes, no more than that, once; and what is kept free is bounded."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from farm.model.lease import Recall
from farm.model.snapshot import CapUnit, ShareView
from farm.policy.plan import Plan
from farm.policy.reserve import RESERVED_RATIO
from tests.farms import amount, layer_view, node_view
from tests.played_farm import PlayedFarm

CAPS = ("limit:seats", "limit:hosts", "job:1:tasks", "group:heron/sq1:cores")
UNITS = (CapUnit.SLOT, CapUnit.NODE, CapUnit.SLOT, CapUnit.CORES)
PLENTY = 10_000
SECONDS = 30.0  #: that each task lasts

#: Of each layer: cores of a slot, memory in GiB, and the caps that it counts in.
LAYERS = st.lists(
    st.tuples(
        st.sampled_from((0.5, 1, 2, 4)),
        st.integers(1, 8),
        st.sets(st.sampled_from(CAPS)).map(lambda names: tuple(sorted(names))),
    ),
    min_size=1,
    max_size=4,
)


def a_full_farm(layers: list[tuple[float, int, tuple[str, ...]]], nodes: int) -> PlayedFarm:
    """One production whose layers want everything, all alike to it; nothing is bounded yet."""
    farm = PlayedFarm(
        [node_view(f"n{i}", 8) for i in range(nodes)],
        [
            layer_view(
                f"{i}.1",
                PLENTY if i else 6,  # the first does not take all that there is
                resources=amount(cores, memory),
                caps=caps,
                task_seconds=SECONDS,
                job=str(i),
            )
            for i, (cores, memory, caps) in enumerate(layers)
        ],
        {"heron": ShareView()},
    )
    farm.caps = {name: (PLENTY, unit) for name, unit in zip(CAPS, UNITS, strict=True)}
    farm.step(1.0)
    farm.layers["0.1"] = replace(farm.layers["0.1"], wanted=PLENTY)
    return farm


def beyond(made: Plan) -> tuple[Recall, ...]:
    """What is asked back though no other wants it: the rest clears nodes for wider slots."""
    return tuple(one for one in made.recalls if not one.reserve_for)


@given(LAYERS, st.integers(1, 3), st.sampled_from(CAPS), st.integers(0, 9))
@settings(deadline=None)
def test_of_one_lowered_bound_exactly_what_exceeds_it_is_taken_back(
    layers: list[tuple[float, int, tuple[str, ...]]], nodes: int, name: str, most: int
) -> None:
    farm = a_full_farm(layers, nodes)
    unit, before = farm.caps[name][1], farm.held_of(name)
    farm.caps[name] = (most, unit)
    recalls = beyond(farm.step(1.0))
    ended = [farm.held[one.lease].view for one in recalls]

    over = max(0, before - most)
    if unit is CapUnit.SLOT:
        assert len(recalls) == over
    elif unit is CapUnit.NODE:
        assert len({view.node for view in ended}) == over
    else:  # leases have several sizes: without the last one it is still too much
        cores = sum(view.resources.cores for view in ended)
        assert cores >= over
        assert not ended or cores - ended[-1].resources.cores < over
    assert all(name in view.caps for view in ended) or unit is CapUnit.NODE
    farm.step(SECONDS)
    assert farm.held_of(name) <= most


@given(LAYERS, st.integers(1, 3), st.integers(0, 24), st.integers(0, 24))
@settings(deadline=None)
def test_of_a_lowered_ceiling_what_exceeds_it_is_taken_back_and_all_is_given_again(
    layers: list[tuple[float, int, tuple[str, ...]]], nodes: int, ceiling: int, after: int
) -> None:
    farm = a_full_farm(layers, nodes)
    before = farm.cores()["heron"]
    farm.shares["heron"] = ShareView(ceiling_cores=ceiling)
    recalls = beyond(farm.step(1.0))
    ended = [farm.held[one.lease].view.resources.cores for one in recalls]

    over = max(0, before - ceiling)
    assert sum(ended) >= over
    assert not ended or sum(ended[:-1]) < over
    farm.step(SECONDS)
    assert farm.cores()["heron"] <= ceiling
    assert beyond(farm.step(1.0)) == ()
    farm.shares["heron"] = ShareView(ceiling_cores=max(ceiling, after))
    for _ in range(3):
        assert beyond(farm.step(1.0)) == ()


@given(
    LAYERS,
    st.integers(1, 3),
    st.dictionaries(st.sampled_from(CAPS), st.integers(0, 9)),
    st.one_of(st.none(), st.integers(0, 24)),
)
@settings(deadline=None)
def test_however_many_bounds_are_lowered_one_pass_asks_for_all_and_none_asks_again(
    layers: list[tuple[float, int, tuple[str, ...]]],
    nodes: int,
    lowered: dict[str, int],
    ceiling: int | None,
) -> None:
    farm = a_full_farm(layers, nodes)
    for name, most in lowered.items():
        farm.caps[name] = (most, farm.caps[name][1])
    farm.shares["heron"] = ShareView(ceiling_cores=ceiling)
    before = farm.cores()["heron"]
    recalls = beyond(farm.step(1.0))
    ended = [farm.held[one.lease].view.resources.cores for one in recalls]

    if recalls and recalls[-1].reason.startswith("production"):  # what goes anyway counts for it
        assert ceiling is not None
        assert sum(ended[:-1]) < before - ceiling
    assert beyond(farm.step(1.0)) == ()  # none has ended yet
    for _ in range(4):
        assert beyond(farm.step(SECONDS)) == ()
        assert all(farm.held_of(name) <= most for name, most in lowered.items())
        assert ceiling is None or farm.cores()["heron"] <= ceiling


@given(
    st.sampled_from((2, 5, 20, 40)),
    st.lists(st.tuples(st.integers(5, 8), st.integers(0, 5)), min_size=1, max_size=6),
)
@settings(max_examples=10, deadline=None)
def test_nodes_kept_for_wide_work_are_few_and_do_not_stay_so(
    nodes: int, wide: list[tuple[int, int]]
) -> None:
    """A twentieth of the pool at most, or one node; and wide work does start by that."""
    small = layer_view("s.1", PLENTY, resources=amount(2), task_seconds=SECONDS, job="s")
    farm = PlayedFarm(
        [node_view(f"n{i:02}", 8) for i in range(nodes)], [small], {"heron": ShareView()}
    )
    farm.step(1.0)
    for i, (cores, more) in enumerate(wide):
        farm.layers[f"w{i}.1"] = layer_view(
            f"w{i}.1",
            1 + more,
            resources=amount(cores),
            priority=51 + more,
            task_seconds=SECONDS,
            job=f"w{i}",
        )
    steps = 0
    while any(layer.wanted for name, layer in farm.layers.items() if name != "s.1"):
        farm.step(10.0)
        steps += 1
        assert len(farm.reserved()) <= max(1, int(RESERVED_RATIO * nodes))
        assert steps < 300
    assert not farm.reserved()
