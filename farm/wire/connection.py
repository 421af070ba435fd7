"""Connections that large files are sent over.

A body may wait long for the other side, where the usual limit is that for connecting. And a request
that is answered before all of it was sent stops, and reads why: a refusal need not wait for
gigabytes. Behind TLS nobody sees whether what has come is an answer; there it is sent to its end.
"""

from typing import Any

from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.wait import wait_for_read

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
            self.sock.settimeout(SENDING_SECONDS)
            if wait_for_read(self.sock, timeout=0.0):
                self._was_cut = True
                raise BrokenPipeError  # upon which urllib3 goes on and reads the answer
        super().send(data)

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
