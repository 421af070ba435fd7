"""Results on their way to the store, so that none is lost with the store or with the worker.

A result that the store did not take goes to disk and is told again, in order, until it is taken.
What was taken within the last minute is remembered: a store that crashed may have forgotten its
last second, and is told once more. Telling twice is harmless, each settle has its request id."""

import contextlib
import json
import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from farm.model.job import LayerSpec
from farm.model.lease import Lease, TaskResult
from farm.model.states import Outcome
from farm.store import Store
from farm.store.leases import GIVE_UP, KEEP
from farm.store.records import read_layer_spec, write_layer_spec

REMEMBERED_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One settle: whose lease, which results, under which request id."""

    lease: Lease
    results: tuple[TaskResult, ...]
    request: str


class Outbox:
    """One file per undelivered settle, in a folder of the node's own disk."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`; it is made when it is not there. Raises OSError."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._recent: deque[tuple[float, Told]] = deque()
        self._number = len(list(folder.glob("*.json")))

    def keep(self, told: Told) -> Path:
        """Write `told` to disk; it is there when this returns. Raises OSError."""
        with self._lock:
            self._number += 1
            path = self._folder / f"{time.time_ns():020d}-{self._number:06d}.json"
        draft = path.with_suffix(".draft")
        try:
            with draft.open("w", encoding="utf-8") as file:
                json.dump(_written(told), file)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(path)
        finally:
            draft.unlink(missing_ok=True)
        return path

    def delivered(self, told: Told, path: Path | None) -> None:
        """The store has taken `told`."""
        if path is not None:
            path.unlink(missing_ok=True)
        with self._lock:
            now = time.monotonic()
            self._recent.append((now, told))
            while self._recent and now - self._recent[0][0] > REMEMBERED_SECONDS:
                self._recent.popleft()

    def tell_again(self, store: Store) -> int:
        """Tell a restarted store what it may have forgotten; how many settles that were."""
        with self._lock:
            recent = [told for _, told in self._recent]
        for told in recent:
            store.leases.settle(told.lease, told.results, want=KEEP, request=told.request)
        return len(recent)

    def deliver_leftovers(self, store: Store) -> int:
        """Deliver what an earlier worker of this node left, before a new one registers.

        Its leases still stand while the store has not missed it, so finished frames count.
        """
        count = 0
        for path in sorted(self._folder.glob("*.json")):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                told = read_told(path)
                store.leases.settle(told.lease, told.results, want=GIVE_UP, request=told.request)
                count += 1
            path.unlink()
        for draft in self._folder.glob("*.draft"):
            draft.unlink()
        return count


def _written(told: Told) -> dict[str, Any]:
    lease = {name: getattr(told.lease, name) for name in ("id", "node", "epoch", "job", "layer")}
    return {
        "lease": lease,
        "spec": write_layer_spec(told.lease.spec),
        "results": [asdict(result) for result in told.results],
        "request": told.request,
    }


def read_told(path: Path) -> Told:
    """What `keep` wrote. Raises OSError; ValueError, KeyError or TypeError when it is damaged."""
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    spec: LayerSpec = read_layer_spec(document["spec"])
    results: Sequence[dict[str, Any]] = document["results"]
    return Told(
        lease=Lease(**document["lease"], spec=spec),
        results=tuple(
            TaskResult(
                **{
                    **fields,
                    "outcome": Outcome(fields["outcome"]),
                    "log_tail": tuple(fields["log_tail"]),
                }
            )
            for fields in results
        ),
        request=document["request"],
    )
