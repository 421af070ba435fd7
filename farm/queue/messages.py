"""Sending lease messages: one each, to the queue of the lease's node."""

from collections.abc import Iterable

from celery import Celery
from kombu.exceptions import OperationalError

from farm.model.errors import StoreUnavailable
from farm.queue.app import LEASE_TASK, make_app

BATCH = 500  #: messages per round trip when many leases are granted at once


def queue_of(node: str) -> str:
    """The name of a node's own queue."""
    return f"node.{node}"


class LeaseQueue:
    """The lease messages on one broker."""

    def __init__(self, redis_url: str) -> None:
        """Use the broker at `redis_url`; nothing is sent yet."""
        self.app: Celery = make_app(redis_url)

    def publish(self, leases: Iterable[tuple[str, str]]) -> None:
        """Send one message for each (node, lease).

        Raises StoreUnavailable; then it is unknown which messages went out. That is harmless: a
        lease that does not start in time is taken back.
        """
        try:
            with self.app.producer_or_acquire() as producer, producer.batch(BATCH):
                for node, lease in leases:
                    self.app.send_task(
                        LEASE_TASK,
                        args=(lease,),
                        queue=queue_of(node),
                        producer=producer,
                        retry=False,
                        ignore_result=True,
                    )
        except (OperationalError, OSError) as error:
            raise StoreUnavailable(f"the queue cannot be reached: {error}") from error

    def purge(self, node: str) -> int:
        """Drop what waits in a node's queue; a worker about to register has no use for it."""
        try:
            with self.app.connection_for_write() as connection:
                channel = connection.default_channel
                return int(channel.queue_purge(queue_of(node)) or 0)  # type: ignore[attr-defined]
        except (OperationalError, OSError) as error:
            raise StoreUnavailable(f"the queue cannot be reached: {error}") from error
