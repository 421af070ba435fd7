"""Connections that large files are sent over.

A body may wait long for the other side, where the usual limit is that for connecting. And a request
that is answered before all of it was sent stops, and reads why: a refusal need not wait for
gigabytes. Behind TLS nobody sees whether what has come is an answer; there it is sent to its end.
"""

import select
import socket
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

SENDING_SECONDS = 60.0  #: the longest that nothing of a body gets through


class _Connection(HTTPConnection):
    """Stops sending once an answer has come."""

    _in_body = False
    _was_cut = False

    def endheaders(self, *words: Any, **more: Any) -> None:  # noqa: ANN401 - http.client's
        self._in_body = self._was_cut = False
        super().endheaders(*words, **more)
        self._in_body = True

    def send(self, data: Any) -> None:  # noqa: ANN401 - http.client's
        if self._in_body and self.sock is not None:
            self._send_body(self.sock, memoryview(data))
        else:
            super().send(data)

    def _send_body(self, sock: socket.socket, left: memoryview) -> None:
        """Send all that is `left`, unless something comes from the other side.

        Be that an answer or the end of the line: one who closed it and took in what was on it is
        not heard of again by whoever only waits for room to send more.
        """
        sock.settimeout(SENDING_SECONDS)
        either = select.poll()
        either.register(sock, select.POLLIN | select.POLLOUT)
        while left:
            found = either.poll(1000 * SENDING_SECONDS)
            if not found:
                raise TimeoutError("the other side takes nothing more")
            if found[0][1] & ~select.POLLOUT:
                self._was_cut = True
                raise BrokenPipeError  # upon which urllib3 goes on and reads the answer
            left = left[sock.send(left) :]

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # urllib3's own
        answer = super().getresponse()
        if self._was_cut and self.sock is not None:
            self.sock.close()  # the answer can be read; nothing more can be asked on this line
            self.sock = None
        return answer


class _SecretConnection(HTTPSConnection):
    def send(self, data: Any) -> None:  # noqa: ANN401 - http.client's
        if self.sock is not None:
            self.sock.settimeout(SENDING_SECONDS)
        super().send(data)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecretPool(HTTPSConnectionPool):
    ConnectionCls = _SecretConnection


def pools(*, connections: int, ca: str) -> PoolManager:
    """Connections to any address; `ca` is a file of certificates to trust, "" the system's."""
    manager = PoolManager(retries=False, maxsize=connections, ca_certs=ca or None)
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecretPool}
    return manager
