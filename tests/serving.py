"""The service on a real port, in a thread of the test's own process."""

import json
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import urllib3
import uvicorn

from farm.files.content import ContentStore
from farm.model.lease import TaskResult
from farm.model.states import Outcome
from farm.service.app import create_app
from farm.service.link import StoreLink
from farm.store import Store
from tests.makers import a_node, begin, result
from tests.waiting import wait_until


@contextmanager
def serving(store: Store | StoreLink, **options: Any) -> Iterator[str]:
    """The address of a service in front of `store`; `options` are those of `create_app`."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(store, **{"content": ContentStore(folder), **options})
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as the service does
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            wait_until(lambda: server.started, timeout_seconds=10)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
            listener.close()


def raw(url: str, method: str, path: str, **asked: Any) -> tuple[int, Any]:
    """An answer as it comes over the wire."""
    answer = urllib3.request(method, url + path, timeout=30, **asked)
    return answer.status, json.loads(answer.data)


def fail(store: Store, job: str, *, reason: str, tail: tuple[str, ...] = ()) -> None:
    """Let the next frame of `job` fail for good."""
    epoch = store.nodes.register(a_node())
    lease, tasks = begin(store, epoch=epoch, layer=f"{job}.1")
    ended: TaskResult = result(
        tasks[0], Outcome.FAILED, reason=reason, log_tail=tail, failures_before=2
    )
    store.leases.settle(lease, [ended], want=0)
