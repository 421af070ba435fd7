"""Leases in the store: granted by the leader, started, fed and ended by workers.

The hot path is `settle`: one call ends the attempts in hand and takes the next tasks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from farm.model.errors import LeaseLost
from farm.model.job import FailedAttempt
from farm.model.lease import Grant, Lease, Recall, TaskInHand, TaskResult
from farm.model.manifest import check_digest
from farm.model.states import Outcome, TaskEvent
from farm.policy.chunk import tasks_per_call
from farm.policy.retry import Verdict, verdict
from farm.settings import START_SECONDS
from farm.store import keys
from farm.store.connection import Connection, new_id
from farm.store.records import read_layer_spec, read_resources, write_story

GIVE_UP = 0  #: as `want`: end the lease; what is in hand is ready again
KEEP = -1  #: as `want`: only settle; the rest stays in hand
_LATE = 0

_EVENTS = {
    Outcome.LOST: TaskEvent.LOSE,
    Outcome.SUCCEEDED: TaskEvent.SUCCEED,
    Outcome.CANCELLED: TaskEvent.LOSE,
    Outcome.SUPERSEDED: TaskEvent.LOSE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The store's answer to a settle."""

    counted: tuple[bool, ...]  #: per result: did this attempt count? False is late, superseded
    tasks: tuple[TaskInHand, ...]  #: taken next
    ended: str  #: why the lease ended; "" while it goes on


class LeaseStore:
    """One method per step on leases."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`."""
        self._connection = connection

    def grant(self, grants: Sequence[Grant], *, leader: str) -> list[tuple[Grant, str, str]]:
        """Book each grant as a new lease: (grant, lease id, "granted" or why it was refused)."""
        ids = [new_id() for _ in grants]
        calls: list[tuple[str | int | float, ...]] = [
            (
                leader,
                lease,
                grant.node,
                grant.epoch,
                grant.layer,
                grant.resources.cores,
                grant.resources.memory_bytes,
                grant.resources.gpus,
                int(grant.anywhere),
                int(START_SECONDS * 1000),
                grant.tasks or "",
            )
            for grant, lease in zip(grants, ids, strict=True)
        ]
        answers = self._connection.call_many("farm_grant", calls)
        return [(g, i, str(a)) for g, i, a in zip(grants, ids, answers, strict=True)]

    def count(self) -> int:
        """How many leases there are."""
        with self._connection.guard():
            return int(self._connection.client.zcard(keys.LEASES))

    def begun(self, layers: Sequence[str]) -> dict[str, tuple[float, ...]]:
        """Seconds that the leases of each of `layers` have had in hand what they work on."""
        client = self._connection.client
        with self._connection.guard():
            pipeline = client.pipeline(transaction=False)
            pipeline.time()
            for layer in layers:
                pipeline.smembers(keys.layer(layer, "leases"))
            (seconds, micros), *members = pipeline.execute()
            pairs = [
                (layer, lease)
                for layer, found in zip(layers, members, strict=True)
                for lease in found
            ]
            pipeline = client.pipeline(transaction=False)
            for _, lease in pairs:
                pipeline.hmget(keys.lease(lease), "tasks", "hand_ms")
            rows = pipeline.execute() if pairs else ()
        now_ms = seconds * 1000 + micros / 1000
        found: dict[str, list[float]] = {}
        for (layer, _), (tasks, hand_ms) in zip(pairs, rows, strict=True):
            if tasks and hand_ms:
                found.setdefault(layer, []).append(max(0.0, now_ms - int(hand_ms)) / 1000)
        return {layer: tuple(sorted(every)) for layer, every in found.items()}

    def recall(self, recalls: Sequence[Recall], *, leader: str) -> list[str]:
        """End each lease at its next task boundary; answers "recalled", "ended", "gone" each."""
        calls: list[tuple[str | int | float, ...]] = [
            (leader, one.lease, one.reason, one.reserve_for, int(one.now)) for one in recalls
        ]
        return [str(a) for a in self._connection.call_many("farm_recall", calls)]

    def start(
        self, lease: str, *, node: str, epoch: int, want: int = 1, request: str = ""
    ) -> tuple[Lease, tuple[TaskInHand, ...]]:
        """Start a granted lease and take its first tasks.

        Raises LeaseLost when it has started before, was taken back, or has no task left: the
        message for it is dropped.
        """
        reply = self._connection.call("farm_start", request or new_id(), lease, node, epoch, want)
        if reply[0] == "gone":
            raise LeaseLost(f"lease {lease} is not waiting to start on node {node}")
        started = Lease(
            id=lease,
            node=node,
            epoch=epoch,
            job=reply[1],
            layer=reply[2],
            spec=read_layer_spec(reply[3]),
            booked=read_resources(*reply[4:7]),
        )
        return started, _tasks(reply[7:])

    def confirm(self, lease: Lease, tasks: Sequence[TaskInHand]) -> list[bool]:
        """Do these attempts still own their tasks?"""
        words = [word for task in tasks for word in (task.index, task.attempt)]
        reply = self._connection.call("farm_confirm", lease.id, lease.epoch, *words)
        return [bool(answer) for answer in reply]

    def give_up(self, lease: str, *, layer: str, epoch: int) -> None:
        """End a lease nobody serves; what the store believes in its hand is ready again."""
        self._connection.call("farm_settle", new_id(), lease, layer, epoch, GIVE_UP)

    def settle(
        self, lease: Lease, results: Sequence[TaskResult], *, want: int, request: str = ""
    ) -> Settled:
        """End attempts and take up to `want` next tasks (or GIVE_UP, or KEEP), in one step.

        A repeated `request` gets the first answer. A result that comes too late is counted and
        never applied. Raises StoreUnavailable; then the same call may be repeated. Raises
        BadManifest for a digest that is none.
        """
        words: list[str | int] = []
        for result in results:
            words += result_words(lease, result)
        request = request or new_id()
        reply = self._connection.call(
            "farm_settle", request, lease.id, lease.layer, lease.epoch, want, *words
        )
        flags = reply[2 : 2 + int(reply[1])]
        return Settled(
            counted=tuple(int(flag) != _LATE for flag in flags),
            tasks=_tasks(reply[2 + len(flags) :]),
            ended="" if reply[0] == "ok" else str(reply[0]),
        )


def how_many(results: Sequence[TaskResult]) -> int:
    """Tasks to ask for next, given how long the last ones took: the policy's answer."""
    if not results:
        return 1
    return tasks_per_call(sum(result.elapsed_seconds for result in results) / len(results))


def result_words(lease: Lease, result: TaskResult) -> list[str | int]:
    """One result as the step takes it; the retry policy is asked here, once, by its owner.

    Nobody else can change the task's history while this attempt owns it, so the verdict is as
    good as one made inside the step.
    """
    event = _EVENTS.get(result.outcome)
    elsewhere, story = False, ""
    if event is None:
        judged = verdict(
            result.outcome,
            failures=result.failures_before,
            retries=lease.spec.retries,
            out_of_memory=result.ran_out_of_memory,
        )
        event = TaskEvent.FAIL if judged is Verdict.FAILED else TaskEvent.AGAIN
        elsewhere = judged is Verdict.ELSEWHERE
        story = write_story(
            FailedAttempt(
                attempt=result.attempt,
                node=lease.node,
                outcome=result.outcome,
                reason=result.reason,
                log_tail=result.log_tail,
            )
        )
    return [
        result.index,
        result.attempt,
        event,
        int(result.started_at),
        int(result.elapsed_seconds * 1000),
        result.peak_memory_bytes // 1024,
        -(-result.image_bytes // 1024),
        int(elsewhere),
        story,
        check_digest(result.image_digest) if result.image_digest else "",
        max(1, result.peak_memory_bytes // 1024) if result.ran_out_of_memory else 0,
    ]


def _tasks(words: Sequence[str]) -> tuple[TaskInHand, ...]:
    triples = (word.split(":") for word in words)
    return tuple(
        TaskInHand(index=int(index), attempt=int(attempt), failures=int(failures))
        for index, attempt, failures in triples
    )
