"""`python -m farm.service`: serves until it is asked to stop, then finishes what it has begun."""

import argparse
import errno
import logging
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from farm.files.content import ContentStore
from farm.model.errors import BadRequest, FarmError
from farm.model.sizes import parse_size
from farm.service import log
from farm.service.app import create_app
from farm.service.first import check_somebody_may_enter, is_loopback, make_token
from farm.service.link import StoreLink
from farm.service.tls import check_tls
from farm.settings import DEFAULT_PORT, setting
from farm.signals import StopSignals
from farm.store import Store

_STORE_SECONDS = 5.0  #: for one answer of the store
_STOP_SECONDS = 3  #: for requests in work, when asked to stop; uploads go on where they broke off


def main(arguments: list[str] | None = None) -> int:
    """Serve; the exit status."""
    options = _options(arguments)
    log.set_up(form=options.log_format, verbose=options.verbose)
    try:
        redis_url = setting("redis_url", options.redis_url)
        content = ContentStore(setting("files", options.files))
        most_upload_bytes = parse_size(options.most_upload)
        if options.new_token:
            _make_token(redis_url, options)
            return 0
        check_tls(options.tls_cert, options.tls_key)
        listener = _listen(options.host, options.port)
        near = is_loopback(listener.getsockname()[0])
        asks = options.auth or options.behind_proxy or not (near or options.open)
        if asks:
            check_somebody_may_enter(redis_url)
    except FarmError as error:
        sys.stderr.write(f"farm service: {error}\n")
        return 1
    stop = StopSignals()
    link = StoreLink(
        lambda: Store.open(redis_url, timeout_seconds=_STORE_SECONDS), stopping=stop.asked
    )
    app = create_app(
        link,
        content=content,
        most_upload_bytes=most_upload_bytes,
        asks=asks,
        near=near and not asks,
        shared=options.shared,
    )
    _serve(app, stop, listener, options)
    return 0


def _make_token(redis_url: str, options: argparse.Namespace) -> None:
    make_token(
        redis_url,
        options.new_token,
        production=options.production,
        expires=options.expires,
        note=options.note,
    )


def _serve(
    app: FastAPI, stop: StopSignals, listener: socket.socket, options: argparse.Namespace
) -> None:
    """Serve until a signal comes."""
    host, port = listener.getsockname()[:2]
    scheme = "https" if options.tls_cert else "http"
    logging.getLogger("farm.service").info("listening on %s://%s:%d", scheme, host, port)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=_STOP_SECONDS,
        root_path=options.root_path.rstrip("/"),
        proxy_headers=options.behind_proxy,
        ssl_certfile=options.tls_cert,
        ssl_keyfile=options.tls_key,
    )
    server = _Server(config)

    def end() -> None:
        stop.asked.wait()
        server.should_exit = True

    threading.Thread(target=end, daemon=True).start()
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """Leaves signals to who listens for them already."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="farm service", description="The farm's HTTP service.")
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on [127.0.0.1]")
    add("--port", type=int, default=DEFAULT_PORT, help=f"port [{DEFAULT_PORT}]")
    add("--redis-url", help="the store [FARM_REDIS_URL]")
    add("--files", metavar="FOLDER", help="keeps what is sent [FARM_FILES]")
    add("--most-upload", default="1T", metavar="SIZE", help="of a file, at most [1T]")
    add("--verbose", action="store_true", help="log every request")
    add("--log-format", choices=log.FORMATS, default="text", help="one line each [text]")
    add("--tls-cert", metavar="FILE", help="certificate, with those between it and the root, PEM")
    add("--tls-key", metavar="FILE", help="its key, not encrypted [the certificate's file]")
    add("--root-path", default="", metavar="PATH", help="under which a proxy shows the service")
    _add_access(parser)
    return parser.parse_args(arguments)


def _add_access(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "who is let in",
        "Listening on another address than loopback, or once any token was made, the service asks "
        "everybody for a token.",
    )
    add = group.add_argument
    add("--auth", action="store_true", help="ask everybody on loopback too")
    add("--open", action="store_true", help="ask nobody on any address while there is no token")
    add(
        "--behind-proxy",
        action="store_true",
        help="a proxy on this machine hands requests on: ask everybody, and believe what it says "
        "of them [FORWARDED_ALLOW_IPS names other proxies]",
    )
    add(
        "--shared",
        action="append",
        default=[],
        metavar="FOLDER",
        help="folder that studios and nodes share: jobs may lie in it; may be repeated",
    )
    add("--new-token", metavar="ROLE", help="make a token, print it, end: operator, artist, node")
    add("--production", metavar="NAME", help="of the new token [all]")
    add("--expires", metavar="SPAN", help="of the new token: 90d, 12h [never]")
    add("--note", default="", help="of the new token: who holds it")


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises BadRequest when there is none to be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small answers at once only where the protocol is named.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        raise BadRequest(_why_not(host, port, error)) from error
    return listener


def _why_not(host: str, port: int, error: OSError | OverflowError) -> str:
    if not isinstance(error, OSError) or not error.errno:
        return f"cannot listen on {host}:{port}: {error}"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use: stop what listens there, or give another --port"
    return (
        f"cannot listen on {host}:{port}: {os.strerror(error.errno)}; give another --host or --port"
    )


if __name__ == "__main__":
    sys.exit(main())
