"""Make a week of a centre in FOLDER, if it is not there; prove what is said of it; serve it.

`python -m tools.week FOLDER [--days 7] [--prove] [--serve]`.
"""

import argparse
import signal
import sys
import time
from pathlib import Path

from tools.grafana.prometheus import Prometheus
from tools.prometheus import Missing
from tools.week.make import TRUTH, make
from tools.week.proof import WINDOWS, errors, headline, table
from tools.week.server import serve
from tools.week.truth import Truth


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.week", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the week is, or is to be made")
    parser.add_argument("--days", type=float, default=7.0, help="play so long (7)")
    parser.add_argument("--nodes", type=int, default=90, help="nodes with series of their own (90)")
    parser.add_argument(
        "--prove", action="store_true", help="compare ways to measure with the truth"
    )
    parser.add_argument("--serve", action="store_true", help="serve it until Ctrl-C")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if not asked.folder.exists():
            began = time.monotonic()
            make(asked.folder, days=asked.days, nodes_told=asked.nodes, tell=tell)
            print(f"\r{asked.folder}: made in {time.monotonic() - began:.0f} s", file=sys.stderr)
        if asked.prove or asked.serve:
            with serve(asked.folder) as url:
                if asked.prove:
                    _prove(asked.folder, url)
                if asked.serve:
                    print(url, flush=True)
                    signal.pause()
    except KeyboardInterrupt:
        sys.exit("stopped")
    except Missing as error:
        sys.exit(str(error))


def _prove(folder: Path, url: str) -> None:
    truth, prometheus = Truth.read(folder / TRUTH), Prometheus(url)
    told, was = headline(prometheus, truth)
    print(f"utilization: {told:.6%} by Prometheus, {was:.6%} in truth")
    length = truth.ends_at - truth.begins_at
    print(table([one for w in WINDOWS if w < length for one in errors(prometheus, truth, w)]))


def tell(what: str, part: float) -> None:
    """Progress, on one line of stderr."""
    print(f"\rweek: {what} {part:4.0%} ", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
