"""What runs now, and for how long: read for people who look for what is stuck."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from farm.model.frames import Frames
from farm.model.names import job_of_layer
from farm.store import keys
from farm.store.connection import Connection
from farm.store.records import read_layer_spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A lease with tasks in hand."""

    job: str
    layer: str  #: its name
    production: str
    frame: int  #: the first of those in hand
    frames: int  #: how many are in hand
    attempt: int  #: of the first
    node: str
    seconds: float  #: since it took them


class RunningQuestions:
    """Reads leases by what they have in hand."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`."""
        self._connection = connection

    def longest(self, most: int) -> list[Running]:
        """The `most` leases that have had longest what they work on, longest first.

        Raises StoreUnavailable.
        """
        client = self._connection.client
        with self._connection.guard():
            seconds, micros = client.time()
            productions = sorted(client.smembers(keys.PRODUCTIONS))
            pipeline = client.pipeline(transaction=False)
            for production in productions:
                pipeline.hgetall(keys.production(production, "leases"))
            held = pipeline.execute() if productions else []
            found = heapq.nsmallest(most, _in_hand(productions, held))
            pipeline = client.pipeline(transaction=False)
            for _, lease, layer, *_ in found:
                pipeline.hget(keys.lease(lease), "tasks")
                pipeline.hget(keys.layer(layer), "spec")
            rows = pipeline.execute() if found else []
        now_ms = seconds * 1000 + micros / 1000
        return [
            running
            for at, tasks, spec in zip(found, rows[::2], rows[1::2], strict=True)
            if (running := _running(at, tasks, spec, now_ms)) is not None
        ]


_Held = tuple[int, str, str, str, str]  #: since ms, lease, layer, node, production


def _in_hand(productions: list[str], held: list[dict[str, str]]) -> Iterator[_Held]:
    """Leases that have something in hand; lines are as lua/_leases.lua writes them."""
    for production, leases in zip(productions, held, strict=True):
        for lease, line in leases.items():
            layer, node, _, _, hand_ms, _ = line.split(" ", 5)
            if hand_ms:
                yield int(hand_ms), lease, layer, node, production


def _running(at: _Held, tasks: str | None, spec: str | None, now_ms: float) -> Running | None:
    """None where it has ended, or put down what it had, between two reads."""
    since_ms, _, layer_id, node, production = at
    if not tasks or spec is None:
        return None
    first, *others = tasks.split(" ")
    index, attempt = first.split(":")
    layer = read_layer_spec(spec)
    return Running(
        job=job_of_layer(layer_id),
        layer=layer.name,
        production=production,
        frame=Frames(layer.frames)[int(index)],
        frames=1 + len(others),
        attempt=int(attempt),
        node=node,
        seconds=max(0.0, now_ms - since_ms) / 1000,
    )
