"""`python -m farm.exporter`: tells Prometheus of the farm, until it is asked to stop."""

import argparse
import logging
import sys
import threading

from farm.exporter.collector import STORE_SECONDS, FarmCollector
from farm.exporter.web import listen
from farm.model.errors import FarmError
from farm.settings import EXPORTER_PORT, setting
from farm.signals import StopSignals
from farm.store import Store

log = logging.getLogger("karst.exporter")


def main(arguments: list[str] | None = None) -> int:
    """Serve; the exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    asked = StopSignals().asked
    try:
        redis_url = setting("redis_url", options.redis_url)
        collector = FarmCollector(
            lambda: Store.open(redis_url, timeout_seconds=STORE_SECONDS, repeats=0)
        )
        server = listen(options.host, options.port, collector)
    except FarmError as error:
        sys.stderr.write(f"farm exporter: {error}\n")
        return 1

    def stop() -> None:
        asked.wait()
        server.shutdown()

    threading.Thread(target=stop, daemon=True).start()
    host, port = server.server_address[:2]
    log.info("tells of the farm on http://%s:%d/metrics", host, port)
    with server:
        server.serve_forever(poll_interval=0.2)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="farm exporter",
        description="Tells Prometheus of the farm: /metrics, and /sd with the nodes to scrape.",
        epilog="It asks nobody who they are: let only Prometheus reach it.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on [127.0.0.1]")
    add("--port", type=int, default=EXPORTER_PORT, help=f"port [{EXPORTER_PORT}]")
    add("--redis-url", help="the store [FARM_REDIS_URL]")
    return parser


if __name__ == "__main__":
    sys.exit(main())
