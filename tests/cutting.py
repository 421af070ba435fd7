"""A line between client and service that breaks where a test wants it to."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit


class Line:
    """Hands bytes on to the service at `url`, until it is to break."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        self._service = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.sent_bytes = 0  #: to the service, so far
        self.breaks = 0
        self._break_at: list[int] = []
        self._open: set[socket.socket] = set()
        self._closed = False
        self._threads: list[threading.Thread] = []
        self._start(threading.Thread(target=self._serve, daemon=True))

    def break_at(self, *sent_bytes: int) -> None:
        """Cut all connections each time that so many bytes have passed to the service."""
        self._break_at = sorted(sent_bytes)

    def cut(self) -> None:
        """Cut all connections now."""
        self.breaks += 1
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._closed = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(10)

    def _serve(self) -> None:
        while not self._closed:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            try:
                there = socket.create_connection(self._service)
            except OSError:
                here.close()
                continue
            self._open |= {here, there}
            back = threading.Thread(target=self._pass_on, args=(there, here, False), daemon=True)
            self._start(threading.Thread(target=self._pass, args=(here, there, back), daemon=True))

    def _pass(self, here: socket.socket, there: socket.socket, back: threading.Thread) -> None:
        with here, there:
            back.start()
            self._pass_on(here, there, True)
            back.join()
            self._open -= {here, there}

    def _start(self, thread: threading.Thread) -> None:
        self._threads.append(thread)
        thread.start()

    def _pass_on(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if counts and self._is_to_break(len(data)):
                    self.cut()
                    break
                target.sendall(data)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _is_to_break(self, count: int) -> bool:
        self.sent_bytes += count
        if self._break_at and self.sent_bytes >= self._break_at[0]:
            self._break_at = [at for at in self._break_at if at > self.sent_bytes]
            return True
        return False


@contextmanager
def line_to(url: str) -> Iterator[Line]:
    """A line to the service at `url`."""
    line = Line(url)
    try:
        yield line
    finally:
        line.close()
