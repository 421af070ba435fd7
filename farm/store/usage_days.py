"""What users were credited on one day: a hash while it lasts, packed when it is over.

For 120 productions and 300 users a day is some 5,900 rows: 500 KB as a hash, 50 KB packed, and 400
days are kept.
"""

import json
from collections import Counter
from typing import Any

import zstandard

from farm.store import keys
from farm.store.connection import Connection

PACKED_LATER = 2  #: days: yesterday's is left as it is, whatever clock a step went by
_LOOK_BACK = 14  #: days, of which each is looked at: longer than that no farm lacks a leader
_LEVEL = 10
_MOST_BYTES = 256 * 1024 * 1024  #: unpacked: far more than a day can be


def read_day(connection: Connection, day: int) -> dict[str, int]:
    """Credited core time of the day with this number, by "<production> <owner> <pool> <how>".

    Core time is milliseconds of quarters of cores. One round trip.
    """
    with connection.guard():
        pipeline = connection.client.pipeline(transaction=False)
        pipeline.execute_command("GET", keys.usage_packed(day), NEVER_DECODE=True)
        pipeline.hgetall(keys.usage(day))
        packed, fields = pipeline.execute()
    rows = Counter(_unpack(packed) if packed else {})
    rows.update({name: int(amount) for name, amount in fields.items()})
    return dict(rows)


def pack_days(connection: Connection, today: int) -> int:
    """Pack the days before yesterday that are not: how many. Raises StoreUnavailable."""
    packed = 0
    for day in range(today - _LOOK_BACK, today - PACKED_LATER + 1):
        with connection.guard():
            fields = connection.client.hgetall(keys.usage(day))
        if fields:
            rows = json.dumps(read_day(connection, day), ensure_ascii=False, separators=(",", ":"))
            blob = zstandard.ZstdCompressor(level=_LEVEL).compress(rows.encode())
            seen = sum(map(int, fields.values()))
            packed += int(connection.call("farm_pack_day", day, len(fields), seen, blob))
    return packed


def _unpack(packed: bytes) -> dict[str, int]:
    raw = zstandard.ZstdDecompressor().decompress(packed, max_output_size=_MOST_BYTES)
    rows: dict[str, Any] = json.loads(raw)
    return rows
