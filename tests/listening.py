"""A real HTTP server that a webhook leads to: it can fail, hang, drip, redirect, recover."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answering = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One request that came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(kw_only=True)
class Listener:
    """What has come so far, and how the next requests are answered."""

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    answers: list[Answering] = field(default_factory=list)  #: one after the other; then 204
    closing: threading.Event = field(default_factory=threading.Event)


def status(code: int, **headers: str) -> Answering:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in {"Content-Length": "0", **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()

    return answer


def hang(listener: Listener) -> Answering:
    """Take the message and say nothing."""
    return lambda _handler: void(listener.closing.wait(20))


def drip(listener: Listener) -> Answering:
    """Answer with a header that never ends, a byte now and then."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        try:
            while not listener.closing.wait(0.05):
                handler.wfile.write(b"x")
        except OSError:
            return

    return answer


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def void(_: object) -> None: ...


@contextmanager
def listening(port: int = 0) -> Iterator[Listener]:
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            listener.heard.append(
                Heard(path=self.path, headers=dict(self.headers.items()), body=body)
            )
            answer = listener.answers.pop(0) if listener.answers else status(204)
            answer(self)
            self.close_connection = True

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.handle_error = void  # type: ignore[method-assign,assignment]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        listener.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield listener
        finally:
            listener.closing.set()
            server.shutdown()
            thread.join()
