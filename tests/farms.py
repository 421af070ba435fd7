"""Farms, layers and leases as a snapshot shows them, by hand and at random."""

from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

from farm.model.lease import LeaseState
from farm.model.resources import GIB, Cores, Resources
from farm.model.snapshot import (
    CapUnit,
    CapView,
    LayerView,
    LeaseView,
    NodeView,
    ProductionView,
    ShareView,
    Snapshot,
)

PRODUCTIONS = ("heron", "li", "tarn")
POOLS = ("", "cpu", "gpu")
AT = 100_000.0


def amount(cores: Cores = 1, memory_gib: int = 1, gpus: int = 0) -> Resources:
    return Resources(cores=cores, memory_bytes=memory_gib * GIB, gpus=gpus)


def node_view(name: str = "n1", cores: int = 4, **fields: Any) -> NodeView:
    total = amount(cores, 64)
    defaults: dict[str, Any] = {"name": name, "epoch": 1, "pool": "", "total": total, "free": total}
    return NodeView(**{**defaults, **fields})


def layer_view(name: str = "1.1", wanted: int = 1, **fields: Any) -> LayerView:
    defaults: dict[str, Any] = {
        "id": name,
        "production": "heron",
        "priority": 50,
        "created_at": 0.0,
        "resources": amount(),
        "wanted": wanted,
    }
    return LayerView(**{**defaults, **fields})


def lease_view(name: str, **fields: Any) -> LeaseView:
    defaults: dict[str, Any] = {
        "id": name,
        "node": "n1",
        "layer": "1.1",
        "production": "heron",
        "priority": 50,
        "state": LeaseState.STARTED,
        "resources": amount(),
    }
    return LeaseView(**{**defaults, **fields})


def production_view(name: str = "heron", pool: str = "", **share: Any) -> ProductionView:
    """A production with a share of one pool."""
    view = ShareView(**share)
    return ProductionView(name=name, weight=1.0, booked=view.booked, shares={pool: view})


def snapshot_of(nodes: Iterable[NodeView], layers: Iterable[LayerView], **fields: Any) -> Snapshot:
    """What is booked follows from the leases, unless productions are given."""
    leases = tuple(fields.pop("leases", ()))
    layers = tuple(layers)
    if "productions" not in fields:
        booked = {layer.production: amount(0, 0) for layer in layers}
        for lease in leases:
            booked[lease.production] = booked.get(lease.production, amount(0, 0)) + lease.resources
        fields["productions"] = tuple(
            ProductionView(name=name, weight=1.0, booked=sum_) for name, sum_ in booked.items()
        )
    return Snapshot(nodes=tuple(nodes), layers=layers, leases=leases, **fields)


CORES = st.sampled_from((0.25, 0.5, 1, 1, 2, 4, 8))
ASKED = st.builds(amount, CORES, st.integers(0, 16), st.sampled_from((0, 0, 0, 1, 2)))
TAGS = st.frozensets(st.sampled_from(("avx", "disk")), max_size=2)
CAPS = ("limit:houdini", "limit:per-node", "job:1:tasks", "group:heron/sq1:cores")


@st.composite
def node_views(draw: st.DrawFn, name: str) -> NodeView:
    gpus = draw(st.sampled_from((0, 0, 1, 2)))
    total = amount(draw(st.integers(1, 8)), draw(st.integers(1, 32)), gpus)
    empty = draw(st.booleans())
    free_gpus = draw(st.integers(0, gpus))
    booked = free_gpus < gpus  # whoever has a GPU has a core too
    free = amount(
        draw(st.integers(0, int(total.cores) - booked)),
        draw(st.integers(0, total.memory_bytes // GIB)),
        free_gpus,
    )
    return NodeView(
        name=name,
        epoch=1,
        pool=draw(st.sampled_from(POOLS)),
        total=total,
        free=total if empty else free,
        gpu_memory_bytes=draw(st.sampled_from((8, 24))) * GIB if gpus else 0,
        cores_kept_per_gpu=draw(st.sampled_from((0, 0.5, 1))),
        tags=draw(TAGS),
        blenders=draw(st.sampled_from(((), ("4.5.15",), ("5.0.1", "4.5.2")))),
        warm_scenes=draw(st.frozensets(st.sampled_from("abc"), max_size=2)),
        warm_files=draw(st.frozensets(st.sampled_from("xy"), max_size=1)),
        reserved_for=draw(st.sampled_from(("", "", "", "0.1", "9.9"))),
        limits=draw(st.sampled_from((frozenset(), frozenset({"per-node"})))),
    )


@st.composite
def layer_views(draw: st.DrawFn, number: int, names: tuple[str, ...]) -> LayerView:
    wanted = draw(st.integers(0, 8))
    retries = draw(st.lists(st.frozensets(st.sampled_from(names), max_size=2), max_size=2))
    avoid = tuple(retries[:wanted])
    seldom = st.sampled_from((False, False, False, True))
    return LayerView(
        id=f"{number}.1",
        job=str(draw(st.integers(0, 2))),
        production=draw(st.sampled_from(PRODUCTIONS)),
        priority=draw(st.integers(0, 100)),
        created_at=float(draw(st.integers(0, 5))),
        resources=draw(ASKED),
        wanted=wanted,
        plain=wanted - len(avoid),
        avoid=avoid,
        pool=draw(st.sampled_from(POOLS)),
        scene=draw(st.sampled_from("abc")),
        manifest=draw(st.sampled_from(("", "x"))),
        whole_node=draw(seldom),
        gpu_memory_bytes=draw(st.sampled_from((0, 16 * GIB))),
        tags=draw(TAGS) if draw(seldom) else frozenset(),
        nodes=frozenset(names[:2]) if draw(seldom) else frozenset(),
        not_nodes=frozenset(names[:1]) if draw(seldom) else frozenset(),
        blender=draw(st.sampled_from(("", "", "4.5", "4.5.15", "5"))),
        caps=draw(st.sampled_from(((), (), CAPS[:1], CAPS[1:2], CAPS[2:], CAPS))),
        slots=draw(st.integers(0, 3)),
        least_tasks=draw(st.sampled_from((0, 0, 2))),
        served_at=AT - draw(st.sampled_from((0, 500, 5_000))),
        deadline_at=draw(st.sampled_from((0.0, 0.0, AT + 100))),
    )


@st.composite
def cap_views(draw: st.DrawFn) -> dict[str, CapView]:
    units = (CapUnit.SLOT, CapUnit.NODE, CapUnit.SLOT, CapUnit.CORES)
    return {
        name: CapView(most=draw(st.integers(0, 8)), held=draw(st.integers(0, 4)), unit=unit)
        for name, unit in zip(CAPS, units, strict=True)
        if draw(st.booleans())
    }


@st.composite
def production_views(draw: st.DrawFn, name: str) -> ProductionView:
    shares = {
        pool: ShareView(
            weight=draw(st.sampled_from((0.5, 1.0, 2.0))),
            guarantee_cores=draw(st.sampled_from((0.0, 0.0, 4.0))),
            ceiling_cores=draw(st.sampled_from((None, None, 0.0, 6.0))),
            booked=draw(ASKED),
        )
        for pool in draw(st.sets(st.sampled_from(POOLS)))
    }
    booked = sum((share.booked for share in shares.values()), draw(ASKED))
    return ProductionView(name=name, weight=1.0, booked=booked, shares=shares)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Anything that a store could show, without leases."""
    names = tuple(f"n{i}" for i in range(draw(st.integers(1, 6))))
    return Snapshot(
        nodes=tuple(draw(node_views(name)) for name in names),
        layers=tuple(draw(layer_views(i, names)) for i in range(draw(st.integers(0, 6)))),
        productions=tuple(draw(production_views(name)) for name in PRODUCTIONS),
        caps=draw(cap_views()),
        at=AT,
    )
