"""Questions about single tasks: their state, last attempt, progress and failures."""

import contextlib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from farm.model.errors import BadFrames, NotFound
from farm.model.frames import Frames
from farm.model.job import Layer, LayerKind, Task
from farm.model.states import TaskState
from farm.store import keys
from farm.store.connection import Connection
from farm.store.functions import TASK_BYTES
from farm.store.images import read_images
from farm.store.jobs import JobStore
from farm.store.records import (
    RECORD_BYTES,
    STATE_OF_BYTE,
    Record,
    read_record,
    read_stories,
)

_BLOCK = 4096  #: tasks that a page skips at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hand:
    """A running task's lease: where it runs and how far it is."""

    node: str
    progress: str
    taken_at: float  #: when its lease took the tasks in hand


class TaskQuestions:
    """Reads tasks a page at a time: a million of them never come at once."""

    def __init__(self, connection: Connection, jobs: JobStore) -> None:
        """Use `connection`, and `jobs` to find a job's layers."""
        self._connection = connection
        self._jobs = jobs

    def get(self, job_id: str, frame: int, *, layer: str | None = None) -> Task:
        """The task that makes `frame`, with the story of its failures.

        Where several layers have the frame and none is named, the one that renders it is meant,
        if there is one such; else the first. Raises NotFound.
        """
        found = list(_having(frame, self._jobs.get(job_id).layers, layer))
        if not found:
            raise NotFound(
                f"job {job_id} has no frame {frame}; `farm frames ls {job_id}` shows them"
            )
        rendered = [pair for pair in found if pair[0].spec.kind is LayerKind.RENDER]
        one, index = rendered[0] if len(rendered) == 1 else found[0]
        states = self._bytes(keys.layer(one.id, "states"))
        task = self._read(one, [index], states)[0]
        with self._connection.guard():
            story = self._connection.client.hget(keys.layer(one.id, "stories"), str(index))
        return replace(task, failures=read_stories(story))

    def _bytes(self, key: str, first: int = 0, last: int = -1) -> bytes:
        with self._connection.guard():
            raw = self._connection.client.execute_command(
                "GETRANGE", key, first, last, NEVER_DECODE=True
            )
        return bytes(raw)

    def _read(self, layer: Layer, indices: list[int], states: bytes) -> list[Task]:
        if not indices:
            return []
        start, end = indices[0], indices[-1] + 1
        records = self._bytes(
            keys.layer(layer.id, "records"), start * RECORD_BYTES, end * RECORD_BYTES - 1
        )
        frames, hands, names = Frames(layer.spec.frames), self._hands(layer.id), self._node_names()
        tasks = [
            _task(layer, frames, states, records, start, index, hands.get(index), names)
            for index in indices
        ]
        return self._with_images(layer, tasks)

    def _with_images(self, layer: Layer, tasks: list[Task]) -> list[Task]:
        """`tasks` with the images of those that succeeded; what others made no longer counts."""
        done = [task.index for task in tasks if task.state is TaskState.SUCCEEDED]
        if not done:
            return tasks
        found = read_images(self._connection, layer.id, done[0], done[-1] + 1 - done[0])
        images = dict(enumerate(found, done[0]))
        return [
            replace(task, image_digest=images[task.index])
            if task.state is TaskState.SUCCEEDED and images.get(task.index)
            else task
            for task in tasks
        ]

    def _hands(self, layer_id: str) -> dict[int, _Hand]:
        """The tasks in hand of the layer's leases, by index."""
        client = self._connection.client
        with self._connection.guard():
            leases = sorted(client.smembers(keys.layer(layer_id, "leases")))
            pipeline = client.pipeline(transaction=False)
            for lease in leases:
                pipeline.hmget(keys.lease(lease), "node", "tasks", "progress", "hand_ms")
            found = pipeline.execute() if leases else []
        hands: dict[int, _Hand] = {}
        for node, tasks, progress, hand_ms in found:
            running, _, text = (progress or "").partition(" ")
            for word in (tasks or "").split():
                index, _, attempt = word.partition(":")
                shown = text if running == f"{index}:{attempt}" else ""
                hands[int(index)] = _Hand(
                    node=node, progress=shown, taken_at=int(hand_ms or 0) / 1000
                )
        return hands

    def _node_names(self) -> dict[int, str]:
        with self._connection.guard():
            pipeline = self._connection.client.pipeline(transaction=False)
            pipeline.hgetall(keys.NODES)
            pipeline.hgetall(keys.FORGOTTEN)
            present, forgotten = pipeline.execute()
        # A forgotten node's number comes first among what is kept of it.
        kept = {**forgotten, **present}
        return {int(words.split(" ")[0]): name for name, words in kept.items()}

    def list(
        self,
        job_id: str,
        *,
        states: Collection[TaskState] | None = None,
        first: int = 0,
        limit: int = 1000,
    ) -> list[Task]:
        """Tasks of a job in order over its layers: skip `first` that match, then at most `limit`.

        Raises NotFound.
        """
        found: list[Task] = []
        for layer in self._jobs.get(job_id).layers:
            states_of_layer = self._bytes(keys.layer(layer.id, "states"))
            page = _matching(states_of_layer, states, first, limit - len(found))
            first = max(0, first - _count(states_of_layer, states))
            found += self._read(layer, page, states_of_layer)
            if len(found) >= limit:
                break
        return found


def _having(frame: int, layers: Iterable[Layer], name: str | None) -> Iterator[tuple[Layer, int]]:
    """The layers (only the one called `name`, if given) that have `frame`, and its place there."""
    for layer in layers:
        if name in (None, layer.spec.name, layer.id):
            with contextlib.suppress(BadFrames):
                yield layer, Frames(layer.spec.frames).index(frame)


def _pattern(states: Collection[TaskState]) -> re.Pattern[bytes]:
    return re.compile(b"[" + b"".join(b"\\x%02x" % TASK_BYTES[state] for state in states) + b"]")


def _matching(
    found: bytes, states: Collection[TaskState] | None, first: int, limit: int
) -> list[int]:
    """Indices of tasks in `states` (None: any), `first` of them skipped, at most `limit`."""
    if states is None:
        return list(range(first, min(first + limit, len(found))))
    start = 0
    for at in range(0, len(found), _BLOCK):  # counting is far quicker than stepping over matches
        count = _count(found[at : at + _BLOCK], states)
        if count > first:
            break
        first, start = first - count, at + _BLOCK
    matches = islice(_pattern(states).finditer(found, start), first, first + limit)
    return [match.start() for match in matches]


def _count(found: bytes, states: Collection[TaskState] | None) -> int:
    if states is None:
        return len(found)
    return sum(found.count(bytes([TASK_BYTES[state]])) for state in states)


def _started_at(record: Record, hand: _Hand | None) -> float | None:
    """On the node's clock once it has ended; in hand, when its lease took it."""
    if hand is not None:
        return hand.taken_at or None
    return float(record.started_seconds) if record.started_seconds else None


def _task(  # noqa: PLR0917 - one reader's locals, handed over once
    layer: Layer,
    frames: Frames,
    states: bytes,
    records: bytes,
    start: int,
    index: int,
    hand: _Hand | None,
    names: dict[int, str],
) -> Task:
    record = read_record(records, index - start)
    ended = record.started_seconds > 0 and hand is None
    return Task(
        layer=layer.id,
        index=index,
        frame=frames[index],
        state=STATE_OF_BYTE[states[index]],
        attempt=record.attempt,
        node=hand.node if hand else names.get(record.node, ""),
        started_at=_started_at(record, hand),
        elapsed_seconds=record.elapsed_ms / 1000 if ended else None,
        peak_memory_bytes=record.peak_memory_kib * 1024 if ended else None,
        image_bytes=record.image_kib * 1024 if ended else None,
        progress=hand.progress if hand else "",
    )
