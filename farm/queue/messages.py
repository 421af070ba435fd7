"""Sending lease messages: one each, to the queue of the lease's node."""

from collections.abc import Iterable

from celery import Celery
from kombu.exceptions import OperationalError

from farm.model.errors import StoreUnavailable
from farm.queue.app import LEASE_TASK

BATCH = 500  #: messages per round trip when many leases are granted at once


def queue_of(node: str) -> str:
    """The name of a node's own queue."""
    return f"node.{node}"


def publish(app: Celery, leases: Iterable[tuple[str, str]]) -> None:
    """Send one message for each (node, lease).

    Raises StoreUnavailable; then it is unknown which messages went out. That is harmless: a lease
    that does not start in time is taken back.
    """
    try:
        with app.producer_or_acquire() as producer, producer.batch(BATCH):
            for node, lease in leases:
                app.send_task(
                    LEASE_TASK,
                    args=(lease,),
                    queue=queue_of(node),
                    producer=producer,
                    retry=False,
                    ignore_result=True,
                )
    except (OperationalError, OSError) as error:
        raise StoreUnavailable(f"the queue cannot be reached: {error}") from error


def purge(app: Celery, node: str) -> int:
    """Drop what waits in a node's queue; a worker that has just registered has no use for it."""
    try:
        with app.connection_for_write() as connection:
            return int(connection.default_channel.queue_purge(queue_of(node)) or 0)  # type: ignore[attr-defined]
    except (OperationalError, OSError) as error:
        raise StoreUnavailable(f"the queue cannot be reached: {error}") from error
