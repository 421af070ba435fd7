"""All nodes of a centre, played by one process: `python -m benchmarks.centre_nodes --compress 10`.

They speak to the store and to the queue as workers do: heartbeats, messages, starts, settles. Only
rendering is played: a task lasts as long as frames of its size do, divided by what time is
compressed by. Calls of many nodes go out together, which a real farm's nodes could not do; they
would each wait for one answer instead, in parallel."""

import argparse
import base64
import heapq
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any

from benchmarks.centre_work import MINUTES
from farm.model.job import LayerSpec
from farm.model.lease import Lease, TaskInHand, TaskResult
from farm.model.render import RenderSettings
from farm.model.states import Outcome
from farm.queue import queue_of
from farm.settings import HEARTBEAT_SECONDS, setting
from farm.store import Store, keys
from farm.store.connection import new_id
from farm.store.leases import GIVE_UP, result_words

AT_ONCE = 500  #: calls in one round trip
SPREAD = 0.5  #: of how long tasks last, around their mean
QUEUES = "farm:mq:"
#: What a settle needs of a spec is only how often a task is tried again.
_ANY = LayerSpec(name="any", frames="1", settings=RenderSettings(scene="", output="", extension=""))


@dataclass(slots=True, order=True)
class Hand:
    """A lease, and when its task in hand is done."""

    ends_at: float
    lease: Lease = field(compare=False)
    task: TaskInHand = field(compare=False)
    seconds: float = field(compare=False)
    mean: float = field(compare=False)


class Crew:
    """Every node of the farm."""

    def __init__(self, store: Store, compress: float) -> None:
        self._store = store
        self._client = store.connection.client
        self._epochs = {node.name: node.epoch for node in store.nodes.list()}
        self._compress = compress
        self._chance = random.Random(2)
        self._told: dict[str, int] = {}  #: leases on their way to each node
        self._seen = store.facts.last_id()
        self._hands: list[Hand] = []
        self._dead: set[str] = set()
        now, apart = time.monotonic(), HEARTBEAT_SECONDS / max(1, len(self._epochs))
        #: Nodes do not beat all at once.
        self._beats = [(now + n * apart, name) for n, name in enumerate(self._epochs)]
        heapq.heapify(self._beats)

    def run(self) -> None:
        """Play until the process is ended."""
        while True:
            self._beat()
            self._start(self._messages())
            self._settle()

    def _messages(self) -> list[tuple[str, str]]:
        """Leases that messages brought, as (node, lease)."""
        for _, facts in self._client.xread({keys.FACTS: self._seen}, count=5000, block=5) or ():
            self._seen = facts[-1][0]
            for _, fact in facts:
                if fact["kind"] == "lease_granted":
                    self._told[fact["node"]] = self._told.get(fact["node"], 0) + 1
        names = list(self._told)[:AT_ONCE]
        pipeline = self._client.pipeline(transaction=False)
        for name in names:
            pipeline.rpop(f"{QUEUES}{queue_of(name)}")
        found: list[tuple[str, str]] = []
        for name, message in zip(names, pipeline.execute() if names else (), strict=True):
            left = self._told.pop(name)
            leases = json.loads(base64.b64decode(json.loads(message)["body"]))[0] if message else []
            found += [(name, lease) for lease in leases]
            if left > len(leases):  # to the end of the line, so that all have their turn
                self._told[name] = left - len(leases)
        return found

    def _start(self, found: list[tuple[str, str]]) -> None:
        calls: list[tuple[str | int | float, ...]] = [
            (new_id(), lease, name, self._epochs[name], 1) for name, lease in found
        ]
        for first in range(0, len(calls), AT_ONCE):
            some = calls[first : first + AT_ONCE]
            answers = self._store.connection.call_many("farm_start", some)
            for (_, lease, name, epoch, _), reply in zip(some, answers, strict=True):
                if reply[0] == "started":
                    self._begin(str(lease), str(name), int(epoch), reply)

    def _begin(self, lease: str, name: str, epoch: int, reply: list[Any]) -> None:
        served = Lease(id=lease, node=name, epoch=epoch, job=reply[1], layer=reply[2], spec=_ANY)
        mean = 60 * MINUTES[int(float(reply[4]))] / self._compress
        self._render(served, reply[7], mean)

    def _render(self, lease: Lease, told: str, mean: float) -> None:
        index, attempt, failures = map(int, told.split(":"))
        seconds = mean * self._chance.lognormvariate(-SPREAD * SPREAD / 2, SPREAD)
        task = TaskInHand(index=index, attempt=attempt, failures=failures)
        heapq.heappush(self._hands, Hand(time.monotonic() + seconds, lease, task, seconds, mean))

    def _settle(self) -> None:
        due: list[Hand] = []
        while self._hands and self._hands[0].ends_at <= time.monotonic() and len(due) < AT_ONCE:
            due.append(heapq.heappop(self._hands))
        calls = [self._words(hand) for hand in due]
        for hand, reply in zip(
            due, self._store.connection.call_many("farm_settle", calls), strict=True
        ):
            self._dead.discard(hand.lease.id)
            if reply[0] == "ok":
                self._render(hand.lease, reply[3], hand.mean)

    def _words(self, hand: Hand) -> tuple[str | int | float, ...]:
        lease = hand.lease
        killed = lease.id in self._dead
        told = TaskResult(
            index=hand.task.index,
            attempt=hand.task.attempt,
            outcome=Outcome.SUCCEEDED,
            started_at=time.time() - hand.seconds,
            elapsed_seconds=hand.seconds,
        )
        head = (new_id(), lease.id, lease.layer, lease.epoch, GIVE_UP if killed else 1)
        return (*head, *result_words(lease, told))

    def _beat(self) -> None:
        now, due = time.monotonic(), list[str]()
        while self._beats[0][0] <= now and len(due) < AT_ONCE:
            _, name = self._beats[0]
            heapq.heapreplace(self._beats, (now + HEARTBEAT_SECONDS, name))
            due.append(name)
        calls: list[tuple[str | int | float, ...]] = [
            (name, self._epochs[name], "{}", "", "", "") for name in due
        ]
        for reply in self._store.connection.call_many("farm_heartbeat", calls):
            rows = range(4, len(reply) if reply[0] == "ok" else 0, 4)
            self._dead |= {reply[i] for i in rows if int(reply[i + 3])}
        if self._dead:
            self._stop_killed()

    def _stop_killed(self) -> None:
        """Renderers that are to stop end now."""
        for hand in self._hands:
            if hand.lease.id in self._dead:
                hand.ends_at = 0.0
        heapq.heapify(self._hands)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compress", type=float, default=1.0, help="times faster than a clock")
    asked = parser.parse_args()
    Crew(Store.open(setting("redis_url"), timeout_seconds=60), asked.compress).run()


if __name__ == "__main__":
    main()
