"""Whose leases a plan wants to see, and whether that presses."""

from typing import Any

from farm.model.snapshot import CapView, ProductionView, ShareView, Snapshot
from farm.policy.givers import Givers
from farm.policy.plan import plan
from tests.farms import amount, layer_view, node_view


def givers(*, held: int = 6, layer: dict[str, Any] | None = None, **share: Any) -> Givers:
    """Of a full node of 8 cores: heron holds so many, li the rest, and work of li waits."""
    li = ShareView(weight=1.0, booked=amount(8 - held), **share)
    productions = (
        ProductionView(
            name="heron",
            weight=1.0,
            booked=amount(held),
            shares={"": ShareView(booked=amount(held))},
        ),
        ProductionView(name="li", weight=1.0, booked=li.booked, shares={"": li}),
    )
    full = node_view("n1", 8, free=amount(0, 0))
    waits = layer_view("1.1", 5, production="li", **(layer or {}))
    caps = {"limit:houdini": CapView(most=2, held=3)} if layer else {}
    seen = Snapshot(nodes=(full,), layers=(waits,), productions=productions, caps=caps)
    return plan(seen).givers


def test_who_books_no_less_than_one_that_waits_may_have_to_give() -> None:
    assert givers() == Givers(names=frozenset({"heron", "li"}))
    assert givers(held=2) == Givers(names=frozenset({"li"}))


def test_a_guarantee_that_is_waited_for_presses() -> None:
    assert givers(guarantee_cores=4.0).pressing
    assert not givers(guarantee_cores=2.0).pressing


def test_who_is_beyond_a_ceiling_gives_and_that_presses() -> None:
    assert givers(held=2, ceiling_cores=5.0) == Givers(names=frozenset({"li"}), pressing=True)


def test_a_bound_that_is_passed_presses_and_may_be_anybodys() -> None:
    found = givers(held=2, layer={"caps": ("limit:houdini",)})
    assert found == Givers(names=frozenset({"heron", "li"}), pressing=True)
