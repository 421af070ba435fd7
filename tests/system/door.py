"""A door between a worker and the store, or the service: it can be shut on one kind of step.

What a kill or a stop would only hit by luck, a test gets every time."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

from farm.up.port import HOST
from tests.system.farm_under_test import Farm


class _Line(socketserver.BaseRequestHandler):
    """One connection of a worker to the store."""

    def handle(self) -> None:
        door = self.server
        assert isinstance(door, Door)
        with socket.create_connection(door.store) as store:
            back = threading.Thread(target=_answer, args=(door, store, self.request))
            back.start()
            while words := _receive(self.request):
                if door.last and door.last in words:
                    door.silent.set()
                if door.word and door.word in words:
                    door.held.set()
                    door.opened.wait()
                with contextlib.suppress(OSError):
                    store.sendall(words)
            with contextlib.suppress(OSError):
                store.shutdown(socket.SHUT_RDWR)
            back.join()


def _answer(door: "Door", source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while words := _receive(source):
            if not door.silent.is_set():
                target.sendall(words)
        target.shutdown(socket.SHUT_RDWR)  # the other side hears that nobody answers any more


def _receive(source: socket.socket) -> bytes:
    with contextlib.suppress(OSError):
        return source.recv(65536)
    return b""


class Door(socketserver.ThreadingTCPServer):
    """A way to a part that holds back every command with a certain word in it, until opened."""

    allow_reuse_address = True

    def __init__(self, url: str) -> None:
        """Let everything through, until `word` is set."""
        super().__init__((HOST, 0), _Line)
        parts = urlsplit(url)
        self.store = (parts.hostname, parts.port)
        self.url = url.replace(f":{parts.port}/", f":{self.server_address[1]}/")
        self.word = b""
        self.last = b""  #: once a command has this word in it, nobody hears an answer any more
        self.silent = threading.Event()
        self.held = threading.Event()  #: a command waits
        self.opened = threading.Event()


@contextlib.contextmanager
def a_door(farm: Farm, worker: str, *, to: str = "") -> Iterator[Door]:
    """A door for `worker`, which is ended with it, if there is one; to the store, or to `to`."""
    with Door(to or farm.server.url) as door:
        thread = threading.Thread(target=door.serve_forever)
        thread.start()
        try:
            yield door
        finally:
            door.opened.set()
            farm.remove(worker)  # so that its lines end
            door.shutdown()
            thread.join()
