"""The log of facts: what happened, in order, bounded in length."""

from dataclasses import dataclass
from typing import Any

from farm.store import keys
from farm.store.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that happened."""

    id: str  #: its place in the log; later facts have greater ids
    at: float  #: seconds since 1970, the store's clock
    kind: str  #: "job_submitted", "tasks_ended", "lease_granted", …
    fields: dict[str, str]


class FactLog:
    """Reads the log; the atomic steps write it."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`."""
        self._connection = connection

    def read(self, after: str = "0", *, limit: int = 100, block_seconds: float = 0) -> list[Fact]:
        """Facts after the one with id `after`, oldest first; waits `block_seconds` for one."""
        block = max(1, int(block_seconds * 1000)) if block_seconds else None
        with self._connection.guard():
            reply: Any = self._connection.client.xread(
                {keys.FACTS: after}, count=limit, block=block
            )
        if isinstance(reply, dict):
            reply = list(reply.items())
        entries = reply[0][1] if reply else []
        if entries and isinstance(entries[0], list) and not isinstance(entries[0][0], str):
            entries = entries[0]
        return [_fact(entry_id, fields) for entry_id, fields in entries]

    def last_id(self) -> str:
        """The id of the newest fact, "0" when there is none."""
        with self._connection.guard():
            newest = self._connection.client.xrevrange(keys.FACTS, count=1)
        return str(newest[0][0]) if newest else "0"


def _fact(entry_id: str, fields: dict[str, str]) -> Fact:
    at = int(entry_id.partition("-")[0]) / 1000
    rest = {name: value for name, value in fields.items() if name != "kind"}
    return Fact(id=entry_id, at=at, kind=fields["kind"], fields=rest)
