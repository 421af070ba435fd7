"""Answers scrapes over HTTP: one thread, one scrape at a time, on a port of its own."""

import contextlib
import http.server
import logging
import os
import socket
import socketserver
import sys
import threading
from typing import Any

from prometheus_client import CollectorRegistry, MetricsHandler
from prometheus_client.registry import Collector

from farm.model.errors import BadRequest
from workers.metrics.address import Address

log = logging.getLogger("karst.worker")

READ_SECONDS = 5.0  #: that one who asks and then says nothing, or does not listen, holds up others
_EVERY = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened at
_NICENESS = 10  #: of the thread, where the system gives threads one of their own


class _Server(http.server.HTTPServer):
    """Quiet: what goes wrong with one who asks is nobody else's matter."""

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401, ARG002
        log.info("a scrape from %s came to nothing: %s", client_address[0], sys.exception())


class MetricsServer:
    """Listens from the beginning, and answers from `start` to `close`."""

    def __init__(self, address: Address) -> None:
        """Take the port. Raises BadRequest when it is taken, or no address of this machine."""
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        server_class = type("Server", (_Server,), {"address_family": family})
        self._registry = CollectorRegistry(auto_describe=False)
        handler = type(
            "Handler", (MetricsHandler.factory(self._registry),), {"timeout": READ_SECONDS}
        )
        try:
            self._server: socketserver.TCPServer = server_class(
                (address.host, address.port), handler
            )
        except OSError as error:
            where = f"{address.host}:{address.port}".removeprefix(":")
            raise BadRequest(
                f"metrics cannot be told at port {where}: {error.strerror or error}; "
                "give --metrics-port another"
            ) from error
        self.host = "" if address.host in _EVERY else address.host  #: "": every address
        self._thread = threading.Thread(target=self._serve, name="metrics", daemon=True)

    @property
    def port(self) -> int:
        """That it listens at."""
        return int(self._server.server_address[1])

    def start(self, collector: Collector) -> None:
        """Answer with what `collector` makes."""
        self._registry.register(collector)
        self._thread.start()

    def close(self) -> None:
        """Answer no more."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # a system whose threads share one niceness
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        self._server.serve_forever()
