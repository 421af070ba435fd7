"""One Celery app with one task type, and the settings a farm needs.

Leases, heartbeats, cancelling and time limits are the farm's own, so Celery's late
acknowledgement, visibility timeout, result backend, gossip and mingle stay off: each of them costs
or loses something that the lease already gives."""

import logging
from collections.abc import Callable
from threading import Thread
from typing import Any

from celery import Celery

from farm.model.errors import FarmError
from farm.settings import setting

log = logging.getLogger("karst.worker")

LEASE_TASK = "karst.serve_lease"

_handler: list[Callable[[str], str]] = []


def make_app(redis_url: str) -> Celery:
    """A Celery app on the broker at `redis_url`. Nothing is sent yet."""
    made = Celery("karst", broker=redis_url, set_as_current=False)
    made.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        # An acknowledged message is gone; the lease's start deadline covers a message that dies
        # with its worker. Without the emulated acknowledgements a message costs half as much.
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_channel_error_retry=True,
        broker_heartbeat=0,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        # Only queues of nodes exist; a typo must not make another.
        task_create_missing_queues=True,
        task_default_queue="node.none",
        broker_transport_options={
            "ack_emulation": False,
            "priority_steps": [0],
            "socket_timeout": 10,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 10,
            "global_keyprefix": "farm:mq:",
        },
    )
    made.task(name=LEASE_TASK, ignore_result=True)(_serve_lease)
    return made


def serve_with(handler: Callable[[str], str]) -> None:
    """Let `handler` serve the leases this process receives; it returns how the lease ended."""
    _handler[:] = [handler]


def _serve_lease(lease: str, *others: str) -> str:
    """Serve leases from their start to their end: pull task after task, settle each.

    A message brings all that a node gets at once. Each lease has a thread of its own; the message
    is done when the last of them is. So never more messages are in hand than leases.
    """
    if not _handler:
        raise FarmError("this Celery worker serves no leases; start a node with farm-worker")
    serve = _handler[0]
    threads = [Thread(target=_serve_beside, args=(serve, one), name=one) for one in others]
    for thread in threads:
        thread.start()
    try:
        return serve(lease)
    finally:
        for thread in threads:
            thread.join()


def _serve_beside(serve: Callable[[str], str], lease: str) -> None:
    try:
        serve(lease)
    except Exception:
        log.exception("lease %s went wrong", lease)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the module protocol says Any
    """Make `app` on first use, so that importing this module reads no settings."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = make_app(setting("redis_url"))
    return globals()["app"]
