"""Answers a scrape from the store, whole or not at all.

A store that is away is told as `farm_broker_up 0`, and nothing is told of the farm: a figure of the
past would be taken for one of now. An answer of the store may take `STORE_SECONDS` and is not asked
for twice, so a scrape ends before Prometheus gives it up.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from farm import __version__
from farm.exporter.families import Families
from farm.exporter.look import look
from farm.exporter.tell import tell
from farm.model.errors import FarmError
from farm.store import Store

log = logging.getLogger("karst.exporter")

STORE_SECONDS = 2.0  #: that one answer of the store may take


class FarmCollector(Collector):
    """Reads the farm anew at each scrape; `connect` is called until it opens the store."""

    def __init__(self, connect: Callable[[], Store]) -> None:
        self._connect = connect
        self._store: Store | None = None
        self._turn = threading.Lock()  # two scrapes at once would only ask the store twice
        self._trouble = ""

    def describe(self) -> Iterable[Metric]:
        """Nothing: else registering would already ask the store."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All there is to tell now."""
        began = time.monotonic()
        with self._turn:
            families = self._families()
        families.add("farm_build_info", 1, __version__)
        families.add("farm_scrape_duration_seconds", time.monotonic() - began)
        yield from families

    def store(self) -> Store:
        """The store, opened. Raises StoreUnavailable, StoreUnfit."""
        if self._store is None:
            self._store = self._connect()
        return self._store

    def _families(self) -> Families:
        families = Families()
        try:
            seen = look(self.store())
        except FarmError as error:
            self._say(str(error))
            families.add("farm_broker_up", 0)
            return families
        self._say("")
        tell(seen, families)
        families.add("farm_broker_up", 1)
        return families

    def _say(self, trouble: str) -> None:
        """Log what is wrong when that changes, not at each scrape."""
        if trouble != self._trouble:
            log.warning("%s", trouble or "the store answers again")
        self._trouble = trouble
