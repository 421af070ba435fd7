"""Make a week and serve it: `python -m tools.week FOLDER [--days 7] [--serve]`."""

import argparse
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from farm.sim.scenario import DAY
from tools.prometheus import Missing
from tools.week.make import make
from tools.week.server import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.week", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the week is, or is to be made")
    parser.add_argument("--days", type=float, default=7.0, help="play so long (7)")
    parser.add_argument("--nodes", type=int, default=90, help="nodes with series of their own (90)")
    parser.add_argument("--serve", action="store_true", help="serve it until Ctrl-C")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if not asked.folder.exists():
            began = time.monotonic()
            make(asked.folder, days=asked.days, nodes_told=asked.nodes, tell=_teller(asked.days))
            print(f"\r{asked.folder}: made in {time.monotonic() - began:.0f} s", file=sys.stderr)
        if asked.serve:
            with serve(asked.folder) as url:
                print(url, flush=True)
                signal.pause()
    except KeyboardInterrupt:
        sys.exit("stopped")
    except Missing as error:
        sys.exit(str(error))


def _teller(days: float) -> Callable[[float], None]:
    def tell(now: float) -> None:
        print(f"\rweek: day {now / DAY:.2f} of {days:g}", end="", file=sys.stderr, flush=True)

    return tell


if __name__ == "__main__":
    main()
