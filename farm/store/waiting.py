"""Opening the store by parts that must outlive it: they wait until it answers."""

import logging
import threading

from farm.model.errors import StoreUnavailable
from farm.store import Store

log = logging.getLogger("karst.store")

RETRY_SECONDS = 0.5


def open_when_ready(redis_url: str, stop: threading.Event) -> Store | None:
    """The store once it answers; None when `stop` came first. Raises StoreUnfit."""
    told = False
    while not stop.is_set():
        try:
            return Store.open(redis_url)
        except StoreUnavailable as error:
            if not told:
                log.warning("%s; trying again until it answers", error)
            told = True
            stop.wait(RETRY_SECONDS)
    return None
