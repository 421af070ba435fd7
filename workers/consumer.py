"""Celery's worker inside ours: it takes lease messages from the node's own queue.

One thread per slot, so a lease occupies one from its start to its end, and `celery inspect` and
Flower show the leases a node serves. Nothing forks."""

import logging
import os
import warnings
from collections.abc import Callable
from typing import Any

from celery import Celery, signals
from celery.exceptions import SecurityWarning
from celery.worker import state as celery_state

from farm.queue import queue_of, serve_with

log = logging.getLogger("karst.worker")


class Consumer:
    """Consumes one node's queue until `stop`, then waits for the slots."""

    def __init__(self, app: Celery, node: str, *, slots: int) -> None:
        """Consume the queue of `node` with `slots` threads."""
        if os.geteuid() == 0:
            log.warning("running as root: scenes come from others, give the worker its own user")
            warnings.filterwarnings("ignore", category=SecurityWarning)
        self._worker: Any = app.Worker(
            hostname=f"karst@{node}",
            queues=[queue_of(node)],
            pool="threads",
            concurrency=slots,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            loglevel=logging.WARNING,
            quiet=True,
        )

    def run(self, serve: Callable[[str], str], *, on_ready: Callable[[], None]) -> None:
        """Serve leases with `serve`; returns once stopped and every slot is done.

        `on_ready` runs when messages are being taken; Celery has set its signal handlers by then,
        so that is the time to set others.
        """
        serve_with(serve)

        def ready(**_: object) -> None:
            on_ready()

        signals.worker_ready.connect(ready, weak=False)
        try:
            self._worker.start()
        except SystemExit:
            log.debug("the Celery worker has ended")

    @staticmethod
    def stop() -> None:
        """Take no further message; leases under way go on to their end."""
        celery_state.should_stop = os.EX_OK  # type: ignore[assignment]
