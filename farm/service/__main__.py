"""`python -m farm.service`: serves until it is asked to stop, then finishes what it has begun."""

import argparse
import errno
import logging
import os
import signal
import socket
import sys
import time
from types import FrameType

import uvicorn

from farm.model.errors import BadRequest, FarmError
from farm.service.app import create_app
from farm.service.link import StoreLink
from farm.settings import DEFAULT_PORT, setting
from farm.store import Store

_STORE_SECONDS = 5.0  #: for one answer of the store; longer than a submit waits for its disk
_STOP_SECONDS = 5  #: for requests in work, when asked to stop


def main(arguments: list[str] | None = None) -> int:
    """Serve; the exit status."""
    options = _options(arguments)
    _log_lines(verbose=options.verbose)
    try:
        redis_url = setting("redis_url", options.redis_url)
        listener = _listen(options.host, options.port)
    except FarmError as error:
        sys.stderr.write(f"farm service: {error}\n")
        return 1
    host, port = listener.getsockname()[:2]
    logging.getLogger("farm.service").info("listening on http://%s:%d", host, port)
    link = StoreLink(lambda: Store.open(redis_url, timeout_seconds=_STORE_SECONDS))
    config = uvicorn.Config(
        create_app(link), log_config=None, access_log=False, timeout_graceful_shutdown=_STOP_SECONDS
    )
    # uvicorn stops on the first signal and raises it once more when it has stopped.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    _Server(config, link).run(sockets=[listener])
    return 0


class _Server(uvicorn.Server):
    """Tells the watchers of facts to go home when asked to stop; else it would wait for them."""

    def __init__(self, config: uvicorn.Config, link: StoreLink) -> None:
        super().__init__(config)
        self._link = link

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        self._link.stopping.set()
        super().handle_exit(sig, frame)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="farm service", description="The farm's HTTP service.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on [127.0.0.1]")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"port [{DEFAULT_PORT}]")
    parser.add_argument("--redis-url", help="the store [FARM_REDIS_URL]")
    parser.add_argument("--verbose", action="store_true", help="log every request")
    return parser.parse_args(arguments)


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises BadRequest when there is none to be had."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
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


class _Line(logging.Formatter):
    """`2026-11-23T18:20:01Z warning farm.service: text`, in UTC."""

    @staticmethod
    def converter(seconds: float | None) -> time.struct_time:
        return time.gmtime(seconds)

    def format(self, record: logging.LogRecord) -> str:
        record.levelname = record.levelname.lower()
        return super().format(record)


def _log_lines(*, verbose: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _Line("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    )
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler])
    for talkative in ("uvicorn", "asyncio", "urllib3"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
