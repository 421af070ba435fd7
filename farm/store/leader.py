"""The scheduler's lead, its wake-up, its view of the farm, and its reaper."""

from typing import Any

from farm.model.errors import NotLeader
from farm.model.lease import LeaseState
from farm.model.resources import Resources
from farm.model.snapshot import LayerView, LeaseView, NodeView, ProductionView, Snapshot
from farm.settings import LEADER_SECONDS, SILENT_SECONDS
from farm.store import keys
from farm.store.connection import Connection

NODES_REAPED_AT_ONCE = 20
LEASES_REAPED_AT_ONCE = 500


class LeaderStore:
    """What only a scheduler asks of the store."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`."""
        self._connection = connection

    def lead(self, token: str) -> int:
        """Take or renew the lead: the number of takeovers so far, 0 when another one leads."""
        return int(self._connection.call("farm_lead", token, int(LEADER_SECONDS * 1000)))

    def resign(self, token: str) -> None:
        """Give the lead up at once, so that a standby need not wait."""
        self._connection.call("farm_lead", token, 0)

    def leader(self) -> str:
        """The leading scheduler's token, "" when none leads."""
        with self._connection.guard():
            return self._connection.client.get(keys.LEADER) or ""

    def await_event(self, timeout_seconds: float) -> bool:
        """Wait until something happened that may call for a decision, or for `timeout_seconds`."""
        with self._connection.guard():
            return self._connection.client.blpop([keys.WAKE], timeout=timeout_seconds) is not None

    def reap(self, token: str, *, silent_seconds: float = SILENT_SECONDS) -> tuple[int, int]:
        """Take silent nodes offline and unstarted leases back: how many of each.

        Raises NotLeader.
        """
        nodes, leases = self._connection.call(
            "farm_reap",
            token,
            int(silent_seconds * 1000),
            NODES_REAPED_AT_ONCE,
            LEASES_REAPED_AT_ONCE,
        )
        if nodes < 0:
            raise NotLeader("another scheduler leads")
        return int(nodes), int(leases)

    def snapshot(self, *, layers_per_production: int = 256, leases: bool = False) -> Snapshot:
        """The farm at one instant; all leases too when `leases`.

        Of each production the most urgent layers that want slots; 0 `layers_per_production`: as
        many as could be served now, a few at least.
        """
        nodes, layers, productions, held, more, at_ms = self._connection.call(
            "farm_snapshot", layers_per_production, int(leases)
        )
        return Snapshot(
            nodes=tuple(_node(row) for row in nodes),
            layers=tuple(_layer(row) for row in layers),
            productions=tuple(_production(row) for row in productions),
            leases=tuple(_lease(row) for row in held if row[0] is not None),
            more_layers=bool(more),
            at=at_ms / 1000,
        )


def _resources(cores: str, memory_bytes: str, gpus: str) -> Resources:
    return Resources(cores=int(cores), memory_bytes=int(memory_bytes), gpus=int(gpus))


def _node(row: list[Any]) -> NodeView:
    return NodeView(
        name=row[0],
        epoch=int(row[1]),
        pool=row[2],
        total=_resources(*row[3:6]),
        free=_resources(*row[6:9]),
        warm_scenes=frozenset(row[9].splitlines()),
    )


def _layer(row: list[Any]) -> LayerView:
    ready, unstarted = int(row[2]), int(row[3])
    avoid = tuple(frozenset(names.split()) for names in row[12])
    return LayerView(
        id=row[0],
        production=row[11],
        priority=int(row[9]),
        created_at=int(row[10]) / 1000,
        resources=_resources(*row[4:7]),
        wanted=ready - unstarted,
        pool=row[7],
        scene=row[8],
        avoid=avoid,
        plain=max(0, ready - unstarted - int(row[13])),
    )


def _production(row: list[Any]) -> ProductionView:
    return ProductionView(name=row[0], weight=float(row[1]), booked=_resources(*row[2:5]))


def _lease(row: list[Any]) -> LeaseView:
    return LeaseView(
        id=row[9],
        node=row[0],
        layer=row[1],
        production=row[2],
        priority=int(row[10]),
        state=LeaseState(row[4]),
        resources=_resources(*row[5:8]),
        granted_at=int(row[8]) / 1000,
    )
