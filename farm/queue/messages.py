"""Sending lease messages: to the queue of the leases' node, one for all that it gets at once."""

import socket
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from celery import Celery
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from farm.model.errors import StoreUnavailable
from farm.queue.app import LEASE_TASK, make_app

#: What a broker that goes away in the middle of a call can look like.
TROUBLE = (KombuError, RedisError, OSError)
BATCH = 500  #: messages per round trip when many leases are granted at once


#: The third part of a task message's body; leases are no part of a chain or chord.
_NO_CANVAS: Mapping[str, None] = dict.fromkeys(("callbacks", "errbacks", "chain", "chord"))
_ORIGIN = f"karst@{socket.gethostname()}"


def queue_of(node: str) -> str:
    """The name of a node's own queue."""
    return f"node.{node}"


def _headers(leases: Sequence[str]) -> dict[str, Any]:
    """A task message's headers, by version 2 of Celery's protocol.

    Celery's own `send_task` comes to the same and takes three times as long, which with short jobs
    was a fifth of the scheduler's time. The task's id is the first lease's: so Flower shows leases.
    """
    return {
        "lang": "py",
        "task": LEASE_TASK,
        "id": leases[0],
        "root_id": leases[0],
        "parent_id": None,
        "group": None,
        "retries": 0,
        "eta": None,
        "expires": None,
        "timelimit": (None, None),
        "argsrepr": repr(tuple(leases)),
        "kwargsrepr": "{}",
        "origin": _ORIGIN,
        "ignore_result": True,
    }


class LeaseQueue:
    """The lease messages on one broker."""

    def __init__(self, redis_url: str) -> None:
        """Use the broker at `redis_url`; nothing is sent yet."""
        self.app: Celery = make_app(redis_url)

    def connect(self) -> None:
        """Connect now, so that the first lease need not wait for it. Raises StoreUnavailable."""
        self.publish(())

    def publish(self, leases: Iterable[tuple[str, str]]) -> None:
        """Tell nodes of their leases, given as (node, lease): one message for each node.

        Raises StoreUnavailable; then it is unknown which messages went out. That is harmless: a
        lease that does not start in time is taken back.
        """
        of_node: dict[str, list[str]] = {}
        for node, lease in leases:
            of_node.setdefault(node, []).append(lease)
        try:
            with self.app.producer_or_acquire() as producer, producer.batch(BATCH):
                for node, its in of_node.items():
                    producer.publish(
                        (its, {}, _NO_CANVAS),
                        exchange="",  # straight into the queue; its worker declares it
                        routing_key=queue_of(node),
                        serializer="json",
                        headers=_headers(its),
                        correlation_id=its[0],
                    )
        except TROUBLE as error:
            raise StoreUnavailable(f"the queue cannot be reached: {error}") from error

    def purge(self, node: str) -> int:
        """Drop what waits in a node's queue; a worker about to register has no use for it."""
        try:
            with self.app.connection_for_write() as connection:
                channel = connection.default_channel
                return int(channel.queue_purge(queue_of(node)) or 0)  # type: ignore[attr-defined]
        except TROUBLE as error:
            raise StoreUnavailable(f"the queue cannot be reached: {error}") from error
