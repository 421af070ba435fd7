"""The farm's plan, made anew for questions: once a second at most, however many ask.

It is the scheduler's own decision, `farm.policy.plan`, on the same snapshot; nothing of it is
carried out here. Who asks while a fresh one is being made is told the last one, if that is not too
old.
"""

import threading
import time
from collections.abc import Callable, Collection
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Request

from farm.model.errors import FarmError
from farm.model.standing import JobStanding
from farm.policy.plan import plan
from farm.policy.why import Outlook, outlook
from farm.store import Store

PLAN_SECONDS = 1.0  #: a plan serves all who ask within so long
STALE_SECONDS = 5.0  #: and those who ask while the next one is made, at most so long after
LAYERS = 512  #: of each production that are looked at
LEASES = 4096  #: on a farm with more of them, none is looked at
SOON = 0.1  #: of the time a plan is kept, before one who finds himself not in it gets a new one

T = TypeVar("T")


class Kept(Generic[T]):
    """A value that costs something to make: kept for a while, made by one thread at a time."""

    def __init__(
        self, make: Callable[[Store], T], *, seconds: float, stale_seconds: float = 0.0
    ) -> None:
        self._make = make
        self._seconds = seconds
        self._stale_seconds = stale_seconds
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._value: T | None = None
        self._made_at = 0.0

    def get(self, store: Store, *, within_seconds: float | None = None) -> T:
        """The value, made anew when it is older than it is kept, or than `within_seconds`.

        Raises what making it raises.
        """
        value, age = self._last()
        if within_seconds is not None:
            return self._anew(store, within_seconds) if age >= within_seconds else _there(value)
        if age < self._seconds:
            return _there(value)
        if age < self._seconds + self._stale_seconds:
            if not self._making.locked():
                threading.Thread(target=self._try, args=(store,), daemon=True).start()
            return _there(value)
        return self._anew(store, self._seconds)

    def _last(self) -> tuple[T | None, float]:
        with self._lock:
            age = time.monotonic() - self._made_at if self._value is not None else float("inf")
            return self._value, age

    def _anew(self, store: Store, within_seconds: float) -> T:
        with self._making:
            value, age = self._last()
            if age < within_seconds:  # another thread has just made it
                return _there(value)
            made_at, made = time.monotonic(), self._make(store)
            with self._lock:
                self._value, self._made_at = made, made_at
            return made

    def _try(self, store: Store) -> None:
        try:
            self._anew(store, self._seconds)
        except FarmError:
            return  # who asks next will be told


def _there(value: T | None) -> T:
    assert value is not None
    return value


class Outlooks:
    """What the farm decides now, and where its open jobs stand."""

    def __init__(self, seconds: float = PLAN_SECONDS) -> None:
        """Keep each for `seconds`; 0 makes them anew for every question."""
        stale = STALE_SECONDS if seconds else 0.0
        self._seconds = seconds
        self._plans: Kept[Outlook] = Kept(_decide, seconds=seconds, stale_seconds=stale)
        self._jobs: Kept[list[JobStanding]] = Kept(
            lambda store: store.standing.open_jobs(), seconds=seconds, stale_seconds=stale
        )

    def plan(self, store: Store, *, about: Collection[str] = ()) -> Outlook:
        """The plan; made anew when it does not know the layers `about`. Raises StoreUnavailable."""
        found = self._plans.get(store)
        if all(layer in found.views for layer in about):
            return found
        return self._plans.get(store, within_seconds=self._seconds * SOON)

    def open_jobs(self, store: Store) -> list[JobStanding]:
        """Where every open job stands. Raises StoreUnavailable."""
        return self._jobs.get(store)


def _decide(store: Store) -> Outlook:
    snapshot = store.leader.snapshot(layers_per_production=LAYERS)
    decided = plan(snapshot)
    # Slots may be on their way. On a large farm, telling who gets them from who is due next is not
    # worth its time.
    if decided.givers.names and store.leases.count() <= LEASES:
        snapshot = store.leader.snapshot(
            layers_per_production=LAYERS, leases_of=decided.givers.names
        )
        decided = plan(snapshot)
    return outlook(snapshot, decided, leads=bool(store.leader.leader()))


async def _outlooks(request: Request) -> Outlooks:
    found: Outlooks = request.app.state.outlooks
    return found


TheOutlooks = Annotated[Outlooks, Depends(_outlooks)]
