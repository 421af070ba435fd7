"""A service that is asked to stop ends soon, whatever is on its way."""

import signal
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import urllib3

from farm.client import Client
from farm.files.hashing import hash_bytes
from farm.model.errors import FarmError
from farm.policy.access import ALL
from farm.service.hooks import EVENTS
from farm.store import Store
from farm.store.webhooks import Webhook
from farm.wire import FileWire
from tests.listening import hang, listening
from tests.store.service.hearing import cancelled
from tests.store.service.process import running
from tests.waiting import wait_until

STOP_SECONDS = 5.0
SIZE = 64 * 1024 * 1024


def is_well(url: str) -> bool:
    try:
        return bool(url) and bool(Client(url).health()["status"] == "ok")
    except FarmError:
        return False


def begin_upload(url: str, digest: str, part: bytes) -> socket.socket:
    """A connection on which `part` of a file has been sent, and no more comes."""
    place = urlsplit(url)
    assert place.hostname
    assert place.port
    line = socket.create_connection((place.hostname, place.port), timeout=20)
    line.sendall(
        f"PUT /productions/heron/files/{digest}?offset=0&size_bytes={SIZE} HTTP/1.1\r\n"
        f"Host: {place.netloc}\r\nContent-Length: {SIZE}\r\nIdempotency-Key: {digest}\r\n"
        "Content-Type: application/octet-stream\r\n\r\n".encode()
    )
    line.sendall(part)
    return line


def test_a_service_stops_soon_with_an_upload_a_watcher_and_a_webhook_on_their_way(
    store: Store, store_url: str, tmp_path: Path
) -> None:
    digest, part = hash_bytes(b"\0" * SIZE), b"\0" * (SIZE // 4)
    with listening() as listener, running(store_url, tmp_path) as farm:
        wait_until(lambda: is_well(farm.url), timeout_seconds=20)
        listener.answers.append(hang(listener))
        store.webhooks.add(_a_hook(listener.url))
        cancelled(store)
        watcher = urllib3.request("GET", f"{farm.url}/events", preload_content=False, timeout=20)
        line = begin_upload(farm.url, digest, part)
        wait_until(lambda: listener.heard, timeout_seconds=10)
        wait_until(lambda: _kept(tmp_path) > len(part) // 2, timeout_seconds=20)
        began = time.monotonic()
        farm.process.send_signal(signal.SIGTERM)
        status = farm.process.wait(timeout=20)
        took = time.monotonic() - began
        line.close()
        watcher.close()
    with running(store_url, tmp_path) as again:
        wait_until(lambda: is_well(again.url), timeout_seconds=20)
        client = Client(again.url)
        there = FileWire(client.wire, "/productions/heron/files").missing([(digest, SIZE)])
        client.close()

    assert took < STOP_SECONDS
    assert status == 0
    assert "Traceback" not in farm.said
    assert len(part) // 2 < there[digest] <= len(part)


def _a_hook(url: str) -> Webhook:
    return Webhook(
        id="h1", production=ALL, url=url, events=EVENTS, secret="s", note="", anywhere=True
    )


def _kept(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("files/uploads/heron/*.part"))
