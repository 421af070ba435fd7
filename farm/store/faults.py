"""Who is at fault: what failures left to judge, and what is done about it.

The steps gather evidence as attempts are settled; the leader's pass reads it, asks
`farm.policy.quarantine`, and carries out the answer. What was judged from is fenced: when more is
known by then, nothing is done, and it is judged again. So the rules stay pure and in one place, a
settle costs one look more, and a node that fails everything takes a task or two more at most, since
each failure wakes the leader.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from farm.model.errors import NotFound, NotLeader
from farm.policy.quarantine import (
    Accuser,
    JobRecord,
    Judgement,
    NodeRecord,
    Standing,
)
from farm.store import keys
from farm.store.connection import Connection

JUDGED_AT_ONCE = 100  #: nodes, and jobs
PROBATION_SECONDS = 60.0  #: a trial that told nothing in this time is followed by another


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSuspect:
    record: NodeRecord
    seq: str  #: of the news it was read with


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSuspect:
    job: str
    record: JobRecord
    failed_since: str  #: as it was read
    is_active: bool
    blamed: dict[str, int]  #: node -> frames that failed there and succeeded elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What there is to judge."""

    nodes: tuple[NodeSuspect, ...] = ()
    jobs: tuple[JobSuspect, ...] = ()
    due: tuple[str, ...] = ()  #: nodes whose quarantine is over


class FaultStore:
    """One method per step on faults."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`."""
        self._connection = connection

    def news(self) -> News:
        """Nodes and jobs of which there is news since they were judged."""
        online, nodes, jobs, due = self._connection.call("farm_suspects", JUDGED_AT_ONCE)
        return News(
            nodes=tuple(_node(row, int(online)) for row in nodes),
            jobs=tuple(_job(row, int(online)) for row in jobs),
            due=tuple(due),
        )

    def judge_node(self, suspect: NodeSuspect, judged: Judgement, *, leader: str) -> bool:
        """Carry out `judged`; False when there is more news by now. Raises NotLeader."""
        ms = int(judged.seconds * 1000)
        words = (suspect.record.name, suspect.seq, judged.verdict, judged.reason, ms)
        return _told(self._connection.call("farm_quarantine", leader, *words)) == "ok"

    def judge_job(
        self, suspect: JobSuspect, *, pause: str, block: Sequence[str], leader: str
    ) -> bool:
        """Let a job shun nodes, and pause it if there is a reason; as `judge_node`."""
        words = (suspect.job, suspect.failed_since, pause, *block)
        return _told(self._connection.call("farm_block", leader, *words)) == "ok"

    def try_again(self, node: str, *, leader: str) -> str:
        """Give a quarantined node one lease to prove itself with. Raises NotLeader."""
        ms = int(PROBATION_SECONDS * 1000)
        return _told(self._connection.call("farm_probation", leader, node, ms))

    def pardon(self, node: str) -> None:
        """Forget all that is held against a node. Raises NotFound."""
        if not self._connection.call("farm_pardon", node):
            raise NotFound(f"no node {node!r}; `farm nodes ls` shows the nodes there are")

    def blocked(self, job: str) -> tuple[str, ...]:
        """The nodes that the job shuns, by name."""
        with self._connection.guard():
            return tuple(sorted(self._connection.client.smembers(keys.job(job, "blocked"))))

    def unblock(self, job: str, node: str = "") -> int:
        """Let a job use a node again, or all it shuns; how many those were. Raises NotFound."""
        count = int(self._connection.call("farm_unblock", job, node))
        if count < 0:
            raise NotFound(f"no job {job}; `farm jobs ls` shows the jobs there are")
        return count


def _told(answer: str) -> str:
    if answer == "not leader":
        raise NotLeader("another scheduler leads")
    return answer


def _node(row: Sequence[Any], online: int) -> NodeSuspect:
    name, seq, times, quarantined, *told = row
    pairs = zip(told[::2], told[1::2], strict=True)
    record = NodeRecord(
        name=name,
        accusers=tuple(_accuser(job, text) for job, text in pairs),
        others=max(0, online - 1),
        times=int(times),
        is_quarantined=bool(quarantined),
    )
    return NodeSuspect(record=record, seq=seq)


def _accuser(job: str, text: str) -> Accuser:
    standing, _, reason = text.partition(" ")
    return Accuser(job=job, standing=Standing(standing), reason=reason)


def _job(row: Sequence[Any], online: int) -> JobSuspect:
    job, fail_after, since, succeeded, failed, failed_on, state, *blamed = row
    record = JobRecord(
        fail_after=int(fail_after),
        failed=int(since),
        tried=int(succeeded) + int(failed),
        failed_on=int(failed_on),
        nodes=online,
    )
    return JobSuspect(
        job=job,
        record=record,
        failed_since=since,
        is_active=state == "active",
        blamed=dict(zip(blamed[::2], map(int, blamed[1::2]), strict=True)),
    )
