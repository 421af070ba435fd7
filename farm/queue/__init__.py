"""The queue: Celery on the same Redis, the only place that speaks Celery.

It carries small messages to the queues of nodes, each with all leases that a node gets at once, and
no truth: a message that is lost, late or delivered twice changes nothing, since the store decides
whether its leases may start. `celery -A farm.queue.app inspect ping` and Flower work on it.
"""

from farm.queue.app import make_app, serve_with
from farm.queue.messages import LeaseQueue, queue_of

__all__ = ["LeaseQueue", "make_app", "queue_of", "serve_with"]
