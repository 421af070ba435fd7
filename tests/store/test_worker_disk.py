"""A worker whose disk runs full clears up after itself before its node takes no work."""

import logging
from pathlib import Path

import pytest

from benchmarks.noop import NoopPool
from farm.model.resources import MIB
from farm.store import Store
from tests.makers import a_node
from workers import machine
from workers.cache.cache import NodeCache
from workers.places import Places, Reach
from workers.power.gpus import Gpus
from workers.power.meter import Meter
from workers.power.rapl import Rapl
from workers.station import Station

LEASE = "0123456789abcdef"
DISK_BYTES = 300 * MIB  #: of which a node wants 256


@pytest.fixture
def station(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Station:
    """Of a node with a small disk of its own, on which only its state lies."""
    state = tmp_path / "state"
    (state / "tmp").mkdir(parents=True)

    def free_bytes(_: Path) -> int:
        return DISK_BYTES - sum(one.stat().st_size for one in state.rglob("*") if one.is_file())

    monkeypatch.setattr(machine, "disk_free_bytes", free_bytes)
    places = Places(state, temporary=state / "tmp", cache=NodeCache(state / "cache"), reach=Reach())
    made = Station(
        a_node("n1"),
        store=store,
        pool=NoopPool(),
        places=places,
        state=state,
        meter=Meter(rapl=Rapl(), gpus=Gpus(), model=None),
        on_end=lambda: None,
    )
    made.register()
    return made


def sparse(path: Path, size_bytes: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size_bytes)
    return path


def test_leftovers_go_before_the_node_is_unfit(
    station: Station, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert station.health().unfit == ""  # it has cleared up, and has to do so again at once
    left = sparse(tmp_path / "state" / "results" / LEASE / "image.exr", 100 * MIB)
    unsent = sparse(tmp_path / "state" / "outbox" / "1.json", 1 * MIB)

    with caplog.at_level(logging.WARNING, "karst.worker"):
        health = station.health()

    assert health.unfit == ""
    assert not left.exists()
    assert unsent.exists()
    assert " that ended work had left, 1 removed" in caplog.text


def test_a_disk_that_others_have_filled_makes_it_unfit(station: Station, tmp_path: Path) -> None:
    theirs = sparse(tmp_path / "state" / "theirs" / "film.mov", 100 * MIB)

    assert "is full: 200 MiB left" in station.health().unfit
    assert theirs.exists()
