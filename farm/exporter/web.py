"""The exporter's three addresses: /metrics, /sd, and / that names them."""

import logging
import socket
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

from farm.exporter.collector import FarmCollector
from farm.exporter.discovery import targets
from farm.model.errors import BadRequest, FarmError

log = logging.getLogger("karst.exporter")

_JSON = ("Content-Type", "application/json")
_TEXT = ("Content-Type", "text/plain; charset=utf-8")
_FRONT = b"What the farm tells Prometheus: /metrics, and its nodes to scrape: /sd\n"

_Start = Callable[[str, list[tuple[str, str]]], Any]
_App = Callable[[dict[str, Any], _Start], Iterable[bytes]]


def app(collector: FarmCollector) -> _App:
    """The WSGI application over `collector`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    metrics: _App = make_wsgi_app(registry)

    def answer(environ: dict[str, Any], start: _Start) -> Iterable[bytes]:
        match environ.get("PATH_INFO", "/"):
            case "/metrics":
                return metrics(environ, start)
            case "/sd":
                return _discover(collector, start)
            case path:
                start("200 OK" if path == "/" else "404 Not Found", [_TEXT])
                return [_FRONT]

    return answer


def _discover(collector: FarmCollector, start: _Start) -> Iterable[bytes]:
    """The nodes; 503 without the store, upon which Prometheus keeps those it knows."""
    try:
        found = targets(collector.store().nodes.list())
    except FarmError as error:
        start("503 Service Unavailable", [_TEXT])
        return [f"{error}\n".encode()]
    start("200 OK", [_JSON])
    return [found.encode()]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Ipv6Server(_Server):
    address_family = socket.AF_INET6


class _Quiet(WSGIRequestHandler):
    """A scrape every few seconds is no news."""

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002, ANN401 - inherited
        log.debug(format, *arguments)


def listen(host: str, port: int, collector: FarmCollector) -> WSGIServer:
    """A server that listens, and does not serve yet; port 0 takes any. Raises BadRequest."""
    kind = _Ipv6Server if ":" in host else _Server
    try:
        return make_server(host, port, app(collector), server_class=kind, handler_class=_Quiet)
    except (OSError, OverflowError) as error:
        raise BadRequest(
            f"cannot listen on {host} port {port}: {getattr(error, 'strerror', None) or error}; "
            "name another by --host and --port"
        ) from error
