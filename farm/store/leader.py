"""The scheduler's lead, its wake-up, its view of the farm, and its reaper."""

from collections.abc import Collection
from enum import Enum

from farm.model.errors import NotLeader
from farm.model.snapshot import Snapshot
from farm.settings import LEADER_SECONDS, SILENT_SECONDS
from farm.store import keys
from farm.store.connection import Connection
from farm.store.snapshots import read_snapshot

NODES_REAPED_AT_ONCE = 20
LEASES_REAPED_AT_ONCE = 500
JOBS_BEGUN_AT_ONCE = 500
LAYERS_IN_ALL = 2048  #: that a snapshot tells of; more cost a decision time


class Nudge(Enum):
    """What woke the scheduler."""

    EVENT = "event"  #: something happened that may call for a decision
    ORDER = "order"  #: somebody changed what is due to whom, so that leases may have to give way


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

    def await_nudge(self, timeout_seconds: float) -> Nudge | None:
        """Wait until something calls for a look; None: for `timeout_seconds` nothing did."""
        with self._connection.guard():
            found = self._connection.client.blpop([keys.WAKE], timeout=timeout_seconds)
        if found is None:
            return None
        return Nudge.ORDER if found[1] == Nudge.ORDER.value else Nudge.EVENT

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

    def begin_due(self) -> int:
        """Let jobs stand in line whose time to begin has come: how many."""
        return int(self._connection.call("farm_due", JOBS_BEGUN_AT_ONCE))

    def snapshot(
        self,
        *,
        layers_per_production: int = 256,
        layers_in_all: int = LAYERS_IN_ALL,
        leases: bool = False,
        leases_of: Collection[str] = (),
    ) -> Snapshot:
        """The farm at one instant; all leases too when `leases`, or those of some productions.

        Of each production the most urgent layers that want slots; 0 `layers_per_production`: as
        many as make `layers_in_all`, a few at least.
        """
        reply = self._connection.call(
            "farm_snapshot",
            layers_per_production,
            layers_in_all,
            "all" if leases else "",
            *leases_of,
        )
        return read_snapshot(*reply)
