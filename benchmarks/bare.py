"""The rival: bare Celery, tuned, one message per frame, on the same server as the farm.

Its settings are the best known: no results, no emulated acknowledgements, no priority queues, no
gossip, mingle, heartbeat or events, early acknowledgement, publishing in batches. Which pool and
how much prefetching is best depends on the machine: `best_way` tries them and takes the fastest.
"""

import json
import mmap
import os
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import redis
from celery import Celery

from benchmarks.farm import READY_SECONDS, BenchFarm
from farm.up.part import Part

QUEUE = "bare"
DONE = "bare:done"
BATCH = 1000  #: messages per round trip of the publisher
PLACES = "bare:places"
_WAY, _TALLY = "BARE_WAY", "BARE_TALLY"
_PLACE, _PLACES = struct.Struct("q"), struct.Struct("8q")  #: more processes than any way has


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to run Celery."""

    pool: str  #: "threads" or "prefork"
    concurrency: int
    prefetch: int  #: messages per slot; 0: none (worker_disable_prefetch)
    workers: int = 1

    def __str__(self) -> str:
        held = f"prefetch {self.prefetch}" if self.prefetch else "no prefetch"
        many = f"{self.workers} x " if self.workers > 1 else ""
        return f"{many}{self.pool} {self.concurrency}, {held}"


WAYS = (
    Way(pool="threads", concurrency=4, prefetch=0),
    Way(pool="threads", concurrency=4, prefetch=64),
    Way(pool="threads", concurrency=1, prefetch=64),
    Way(pool="threads", concurrency=4, prefetch=64, workers=2),
    Way(pool="prefork", concurrency=1, prefetch=0),
    Way(pool="prefork", concurrency=2, prefetch=64),
)


def make_app(redis_url: str, way: Way) -> Celery:
    """The rival's app, on the same server as the farm's."""
    made = Celery("bare", broker=redis_url, set_as_current=False)
    made.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_acks_late=False,
        worker_prefetch_multiplier=way.prefetch or 1,
        worker_disable_prefetch=not way.prefetch,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        broker_heartbeat=0,
        broker_connection_retry_on_startup=True,
        task_default_queue=QUEUE,
        broker_transport_options={
            "ack_emulation": False,
            "priority_steps": [0],
            "global_keyprefix": "bare:",
        },
    )
    made.task(name="frame", ignore_result=True)(frame)
    return made


class _Tally:
    """Frames done, over all processes of the rival: a place in a shared file for each of them."""

    def __init__(self) -> None:
        self._client = redis.Redis.from_url(os.environ["FARM_REDIS_URL"])
        self._mine = int(self._client.incr(PLACES)) - 1
        with Path(os.environ[_TALLY]).open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _PLACES.size)
        self._lock = threading.Lock()
        self._count = 0

    def add(self, until: int) -> None:
        """One more is done; whoever sees that `until` are tells the benchmark."""
        with self._lock:
            self._count += 1
            _PLACE.pack_into(self._shared, self._mine * _PLACE.size, self._count)
        if sum(_PLACES.unpack_from(self._shared)) == until:
            self._client.lpush(f"{DONE}:{until}", 1)


_tally: list[_Tally] = []
_tally_lock = threading.Lock()


def frame(until: int) -> None:
    """A frame that renders nothing."""
    if not _tally:
        with _tally_lock:
            if not _tally:
                _tally.append(_Tally())
    _tally[0].add(until)


def __getattr__(name: str) -> Celery:
    """Make `app` when the Celery worker asks for it."""
    if name != "app":
        raise AttributeError(name)
    way = Way(**json.loads(os.environ[_WAY]))
    globals()["app"] = made = make_app(os.environ["FARM_REDIS_URL"], way)
    return made


class BareCelery:
    """Running workers of one `Way`, and their publisher."""

    def __init__(self, farm: BenchFarm, way: Way) -> None:
        """Start the workers beside the farm and wait until they take work."""
        self._farm = farm
        self._way = way
        self._app = make_app(farm.server.url, way)
        self._sent = 0
        self._tally = farm.folder / "tally"
        self._tally.write_bytes(bytes(_PLACES.size))
        farm.store.connection.client.delete(PLACES)
        self._parts: list[Part] = [self._start(number) for number in range(way.workers)]
        for _ in range(3):  # every worker, all connections
            self.run(200)

    def _start(self, number: int) -> Part:
        way = self._way
        return self._farm.start(
            f"bare-{number}",
            "celery",
            *("-A", "benchmarks.bare:app", "worker", "-Q", QUEUE, "-n", f"bare{number}@here"),
            *("-P", way.pool, "-c", str(way.concurrency), "--loglevel", "WARNING"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            environment={_WAY: json.dumps(asdict(way)), _TALLY: str(self._tally)},
        )

    def run(self, count: int) -> float:
        """Seconds from the first publish to the last frame's end."""
        client = self._farm.store.connection.client
        begun = time.monotonic()
        self._sent += count
        self._publish(count)
        if client.blpop([f"{DONE}:{self._sent}"], timeout=READY_SECONDS) is None:
            raise RuntimeError(f"bare Celery ({self._way}) did not finish {count} frames")
        return time.monotonic() - begun

    def _publish(self, count: int) -> None:
        task = self._app.tasks["frame"]
        with self._app.producer_or_acquire() as producer, producer.batch(BATCH):
            for _ in range(count):
                task.apply_async((self._sent,), producer=producer, retry=False)

    def stop(self) -> None:
        """End the workers."""
        for part in self._parts:
            self._farm.end(part)


def best_way(farm: BenchFarm, *, count: int, ways: Sequence[Way] = WAYS) -> tuple[Way, list[str]]:
    """The fastest of `ways` on this machine now, and what each reached."""
    rates: dict[Way, float] = {}
    for way in ways:
        bare = BareCelery(farm, way)
        rates[way] = max(count / bare.run(count) for _ in range(2))
        bare.stop()
    told = [f"bare Celery, {way}: {rate:,.0f}/s" for way, rate in rates.items()]
    return max(rates, key=lambda way: rates[way]), told
