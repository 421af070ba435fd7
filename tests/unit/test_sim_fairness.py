"""What is due: laws of weighted max-min shares with guarantees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.sim.fairness import dues
from farm.sim.scenario import ProductionSpec

CORES = 100.0
specs = st.lists(
    st.tuples(
        st.sampled_from((0.5, 1.0, 2.0)),
        st.sampled_from((0.0, 0.0, 20.0)),
        st.sampled_from((None, None, 10.0)),
        st.floats(0, 1),
    ),
    min_size=1,
    max_size=6,
)


def of(
    rows: list[tuple[float, float, float | None, float]],
) -> tuple[dict[str, ProductionSpec], dict[str, float]]:
    made = {
        f"p{at}": ProductionSpec(
            name=f"p{at}", weight=weight, guarantee_cores=guarantee, ceiling_cores=ceiling
        )
        for at, (weight, guarantee, ceiling, _) in enumerate(rows)
    }
    return made, {f"p{at}": row[3] for at, row in enumerate(rows)}


@given(specs, st.floats(0, 1))
def test_nobody_is_due_more_than_he_wants_and_all_that_is_used_is_somebodys(
    rows: list[tuple[float, float, float | None, float]], used: float
) -> None:
    made, wants = of(rows)
    most = {
        name: min(wants[name], (spec.ceiling_cores or CORES) / CORES) for name, spec in made.items()
    }

    due = dues(made, wants, used, CORES)

    assert all(due[name] <= most[name] + 1e-9 for name in made)
    assert sum(due.values()) == pytest.approx(min(used, sum(most.values())), abs=1e-6)


def test_weights_share_what_is_left() -> None:
    made, wants = of([(2.0, 0.0, None, 1.0), (1.0, 0.0, None, 1.0), (1.0, 0.0, None, 0.1)])

    assert dues(made, wants, 1.0, CORES) == pytest.approx({"p0": 0.6, "p1": 0.3, "p2": 0.1})


def test_a_guarantee_comes_before_weights() -> None:
    made, wants = of([(0.5, 20.0, None, 1.0), (2.0, 0.0, None, 1.0)])

    assert dues(made, wants, 0.5, CORES)["p0"] == pytest.approx(0.2)
