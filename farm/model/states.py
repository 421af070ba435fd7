"""The states of tasks, jobs and nodes, and the only moves between them.

The three tables below are the one authority. Python asks `next_state`; the store's atomic steps
run on Lua tables generated from them (`farm.store.functions`); the drawings in docs/states.md
come from them too. A move that is not in a table does not exist.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from farm.model.errors import IllegalTransition


class TaskState(StrEnum):
    BLOCKED = "blocked"  #: waits for other tasks, layers or jobs
    READY = "ready"  #: may be taken
    RUNNING = "running"  #: an attempt owns it
    SUCCEEDED = "succeeded"  #: its image is in place
    FAILED = "failed"  #: out of retries
    CANCELLED = "cancelled"  #: nobody wants it any more
    SKIPPED = "skipped"  #: a person takes it as done; there need be no image


class TaskEvent(StrEnum):
    RELEASE = "release"  #: what it waited for has ended well
    TAKE = "take"  #: a lease takes it; the attempt number rises by one
    SUCCEED = "succeed"  #: the attempt ended with its image in place
    AGAIN = "again"  #: the attempt failed; a retry is left
    FAIL = "fail"  #: the attempt failed; no retry is left
    LOSE = "lose"  #: the node died, went silent or gave it back; no retry is used up
    CANCEL = "cancel"  #: its job is cancelled, or what it waited for has ended badly
    RETRY = "retry"  #: an operator wants it rendered (again)
    SKIP = "skip"  #: an operator takes it as done; an attempt in hand is stopped
    HOLD = "hold"  #: what it is made from is to be rendered again; an attempt in hand is stopped


class JobState(StrEnum):
    ACTIVE = "active"  #: has tasks that wait or run
    PAUSED = "paused"  #: tasks in hand finish, no others begin
    SUCCEEDED = "succeeded"  #: every task succeeded, or was skipped by a person
    FAILED = "failed"  #: ended, and at least one task failed
    CANCELLED = "cancelled"  #: stopped by a person


class JobEvent(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    SUCCEED = "succeed"  #: its last task ended, all succeeded or skipped
    FAIL = "fail"  #: its last task ended, and some failed or were cancelled
    CANCEL = "cancel"
    RETRY = "retry"  #: some of its tasks are to be rendered again


class NodeState(StrEnum):
    ONLINE = "online"  #: reports, and takes leases
    DRAINING = "draining"  #: reports, finishes what it has, takes no more
    OFFLINE = "offline"  #: silent, or signed off


class NodeEvent(StrEnum):
    REGISTER = "register"  #: its worker has started
    DRAIN = "drain"  #: an operator, or its own worker on the way out, wants it empty
    UNDRAIN = "undrain"
    SILENCE = "silence"  #: no heartbeat within the limit
    LEAVE = "leave"  #: its worker has signed off


TASK_TRANSITIONS: Mapping[tuple[TaskState, TaskEvent], TaskState] = {
    (TaskState.BLOCKED, TaskEvent.RELEASE): TaskState.READY,
    (TaskState.BLOCKED, TaskEvent.CANCEL): TaskState.CANCELLED,
    (TaskState.READY, TaskEvent.TAKE): TaskState.RUNNING,
    (TaskState.READY, TaskEvent.CANCEL): TaskState.CANCELLED,
    (TaskState.RUNNING, TaskEvent.SUCCEED): TaskState.SUCCEEDED,
    (TaskState.RUNNING, TaskEvent.AGAIN): TaskState.READY,
    (TaskState.RUNNING, TaskEvent.FAIL): TaskState.FAILED,
    (TaskState.RUNNING, TaskEvent.LOSE): TaskState.READY,
    (TaskState.RUNNING, TaskEvent.CANCEL): TaskState.CANCELLED,
    (TaskState.SUCCEEDED, TaskEvent.RETRY): TaskState.READY,
    (TaskState.FAILED, TaskEvent.RETRY): TaskState.READY,
    (TaskState.CANCELLED, TaskEvent.RETRY): TaskState.READY,
    (TaskState.SKIPPED, TaskEvent.RETRY): TaskState.READY,
    (TaskState.BLOCKED, TaskEvent.SKIP): TaskState.SKIPPED,
    (TaskState.READY, TaskEvent.SKIP): TaskState.SKIPPED,
    (TaskState.RUNNING, TaskEvent.SKIP): TaskState.SKIPPED,
    (TaskState.FAILED, TaskEvent.SKIP): TaskState.SKIPPED,
    (TaskState.CANCELLED, TaskEvent.SKIP): TaskState.SKIPPED,
    (TaskState.READY, TaskEvent.HOLD): TaskState.BLOCKED,
    (TaskState.RUNNING, TaskEvent.HOLD): TaskState.BLOCKED,
    (TaskState.SUCCEEDED, TaskEvent.HOLD): TaskState.BLOCKED,
    (TaskState.FAILED, TaskEvent.HOLD): TaskState.BLOCKED,
    (TaskState.CANCELLED, TaskEvent.HOLD): TaskState.BLOCKED,
    (TaskState.SKIPPED, TaskEvent.HOLD): TaskState.BLOCKED,
}

JOB_TRANSITIONS: Mapping[tuple[JobState, JobEvent], JobState] = {
    (JobState.ACTIVE, JobEvent.PAUSE): JobState.PAUSED,
    (JobState.ACTIVE, JobEvent.SUCCEED): JobState.SUCCEEDED,
    (JobState.ACTIVE, JobEvent.FAIL): JobState.FAILED,
    (JobState.ACTIVE, JobEvent.CANCEL): JobState.CANCELLED,
    (JobState.ACTIVE, JobEvent.RETRY): JobState.ACTIVE,
    (JobState.PAUSED, JobEvent.RESUME): JobState.ACTIVE,
    (JobState.PAUSED, JobEvent.SUCCEED): JobState.SUCCEEDED,
    (JobState.PAUSED, JobEvent.FAIL): JobState.FAILED,
    (JobState.PAUSED, JobEvent.CANCEL): JobState.CANCELLED,
    (JobState.PAUSED, JobEvent.RETRY): JobState.PAUSED,
    (JobState.SUCCEEDED, JobEvent.RETRY): JobState.ACTIVE,
    (JobState.FAILED, JobEvent.RETRY): JobState.ACTIVE,
    (JobState.FAILED, JobEvent.SUCCEED): JobState.SUCCEEDED,
    (JobState.CANCELLED, JobEvent.RETRY): JobState.ACTIVE,
}

NODE_TRANSITIONS: Mapping[tuple[NodeState, NodeEvent], NodeState] = {
    (NodeState.OFFLINE, NodeEvent.REGISTER): NodeState.ONLINE,
    (NodeState.ONLINE, NodeEvent.REGISTER): NodeState.ONLINE,
    (NodeState.DRAINING, NodeEvent.REGISTER): NodeState.ONLINE,
    (NodeState.ONLINE, NodeEvent.DRAIN): NodeState.DRAINING,
    (NodeState.DRAINING, NodeEvent.UNDRAIN): NodeState.ONLINE,
    (NodeState.ONLINE, NodeEvent.SILENCE): NodeState.OFFLINE,
    (NodeState.DRAINING, NodeEvent.SILENCE): NodeState.OFFLINE,
    (NodeState.ONLINE, NodeEvent.LEAVE): NodeState.OFFLINE,
    (NodeState.DRAINING, NodeEvent.LEAVE): NodeState.OFFLINE,
}

#: A task in one of these may still change by itself; the others are its end.
OPEN_TASK_STATES = frozenset({TaskState.BLOCKED, TaskState.READY, TaskState.RUNNING})
#: A job in one of these still has work; the others are its end.
OPEN_JOB_STATES = frozenset({JobState.ACTIVE, JobState.PAUSED})


class Outcome(StrEnum):
    """How an attempt ended. Only `succeeded` is output; all others are waste."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"  #: no progress for too long, or too long in all
    LOST = "lost"  #: the node died, went silent, or gave the task back
    CANCELLED = "cancelled"  #: the job was cancelled while it ran
    SUPERSEDED = "superseded"  #: it reported after another attempt owned the task


#: What the reason of an attempt begins with that needed more memory than it had: neither its node's
#: fault nor its scene's, so it is tried again with more.
OUT_OF_MEMORY = "out of memory"

StateT = TypeVar("StateT", bound=StrEnum)
EventT = TypeVar("EventT", bound=StrEnum)


def next_state(
    table: Mapping[tuple[StateT, EventT], StateT], before: StateT, event: EventT
) -> StateT:
    """The state after `event`.

    Raises IllegalTransition when the table has no such move.
    """
    after = table.get((before, event))
    if after is None:
        raise IllegalTransition(f"cannot {event} while {before}")
    return after
