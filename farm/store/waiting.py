"""Opening the store by parts that must outlive it: they wait until it answers."""

import logging
import threading

from farm.model.errors import StoreUnavailable
from farm.store import Store

log = logging.getLogger("karst.store")

RETRY_SECONDS = 0.5


def open_when_ready(
    redis_url: str, stop: threading.Event, *, timeout_seconds: float = 10.0
) -> Store | None:
    """The store once it answers; None when `stop` came first. Raises StoreUnfit.

    `timeout_seconds` is how long one answer may take: shorter than what its caller promises.
    """
    told = False
    while not stop.is_set():
        try:
            return Store.open(redis_url, timeout_seconds=timeout_seconds)
        except StoreUnavailable as error:
            if not told:
                log.warning("%s; trying again until it answers", error)
            told = True
            stop.wait(RETRY_SECONDS)
    return None
