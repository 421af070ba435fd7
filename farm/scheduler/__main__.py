"""`python -m farm.scheduler`: run one scheduler, leader or standby."""

import argparse
import contextlib
import logging
import socket
import sys
import threading
import time
from pathlib import Path

from farm.model.errors import FarmError, NotLeader, StoreUnavailable
from farm.queue import LeaseQueue
from farm.scheduler.bedtime import Bedtime
from farm.scheduler.chronicle import Chronicle
from farm.scheduler.hours import Hours
from farm.scheduler.judge import Judge
from farm.scheduler.lead import Lead
from farm.scheduler.loop import Decider, Pass
from farm.scheduler.notes import Notes
from farm.scheduler.sleep_file import SleepPlan, read_sleep_file
from farm.settings import LEADER_SECONDS, SILENT_SECONDS, TICK_SECONDS, setting
from farm.signals import StopSignals
from farm.store import Store
from farm.store.connection import new_id
from farm.store.waiting import open_when_ready

log = logging.getLogger("karst.scheduler")


def main() -> int:
    """Run until SIGTERM or Ctrl-C; the exit status."""
    parser = argparse.ArgumentParser(prog="farm scheduler", description=__doc__)
    parser.add_argument("--redis-url", help="the store; FARM_REDIS_URL by default")
    parser.add_argument(
        "--sleep", type=Path, metavar="FILE", help="how idle nodes sleep; without it none does"
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    stop = StopSignals().asked
    try:
        plan = read_sleep_file(arguments.sleep) if arguments.sleep else None
        run(setting("redis_url", arguments.redis_url), stop, plan)
    except FarmError as error:
        sys.stderr.write(f"farm scheduler: {error}\n")
        return 1
    return 0


def run(redis_url: str, stop: threading.Event, plan: SleepPlan | None = None) -> None:
    """Schedule until `stop`; a store that is away is waited for. Raises StoreUnfit."""
    store = open_when_ready(redis_url, stop)
    lead_store = open_when_ready(redis_url, stop, timeout_seconds=LEADER_SECONDS / 2)
    if store is None or lead_store is None:
        return
    lead = Lead(lead_store, f"{socket.gethostname()}-{new_id()}")
    queue = LeaseQueue(redis_url)
    with contextlib.suppress(StoreUnavailable):  # each pass connects again where it must
        queue.connect()
    decider, judge = Decider(store, queue, lead.token), Judge(store, lead.token)
    hours, chronicle, notes = Hours(store), Chronicle(store), Notes(store, lead.token)
    lead.start()
    if plan:
        bedtime = Bedtime(Store.open(redis_url), lead, plan)
        threading.Thread(target=bedtime.run, args=(stop,), name="bedtime", daemon=True).start()
    try:
        while not stop.is_set():
            if lead.held.wait(TICK_SECONDS):
                _pass(store, decider, (judge, hours, chronicle, notes), lead, stop)
    finally:
        try:
            lead.close()
        except StoreUnavailable as error:
            log.info("the lead runs out by itself: %s", error)


def _pass(
    store: Store,
    decider: Decider,
    others: tuple[Judge, Hours, Chronicle, Notes],
    lead: Lead,
    stop: threading.Event,
) -> None:
    """Wait for an event or the tick, then reap, judge and decide once."""
    try:
        decider.rest()
        store.leader.begin_due()
        if lead.in_touch_seconds() > SILENT_SECONDS:
            nodes, leases = store.leader.reap(lead.token)
            if nodes or leases:
                log.warning("took back %d silent nodes and %d unstarted leases", nodes, leases)
        judge, hours, chronicle, notes = others
        judge.judge()
        hours.keep()
        chronicle.keep()
        began = time.perf_counter()
        done = decider.decide()
        took_seconds = time.perf_counter() - began
        notes.passed(took_seconds, decider.seen)
        _tell(done, took_seconds)
    except NotLeader as error:
        log.warning("%s", error)
        lead.held.clear()
    except StoreUnavailable as error:
        log.warning("%s; trying again", error)
        stop.wait(0.5)
    except Exception:
        # One bad layer must not stop the farm for all others: tell, and look again.
        log.exception("a pass went wrong")
        stop.wait(TICK_SECONDS)


def _tell(done: Pass, took_seconds: float) -> None:
    if done.granted or done.recalled:
        log.info(
            "granted %d, refused %d, recalled %d in %.1f ms",
            done.granted,
            done.refused,
            done.recalled,
            1000 * took_seconds,
        )


if __name__ == "__main__":
    sys.exit(main())
