"""What is said of a whole job, and of one frame: one or two plain sentences. Pure."""

from collections.abc import Sequence

from farm.model.job import Task, TaskCounts
from farm.model.sizes import format_span
from farm.model.states import OPEN_JOB_STATES, JobState, TaskState
from farm.policy.why import Cause, Part, chief
from farm.policy.wording import Around, frames, sentence


def of_job(
    job: str, state: JobState, counts: TaskCounts, *, why: str = "", failed_by: str = ""
) -> str:
    """Of a job in `state`; `why` is the sentence on what of it waits, `failed_by` its failures."""
    if state in OPEN_JOB_STATES:
        return " ".join([_busy(job, counts), *filter(None, [why])])
    if state is JobState.SUCCEEDED:
        skipped = f", {counts.skipped:,} of them without an image" if counts.skipped else ""
        return f"Job {job} is done: all {frames(counts.total)}{skipped}."
    if state is JobState.CANCELLED:
        done = f"{counts.done:,} of {frames(counts.total)} were done"
        return f"Job {job} was cancelled when {done}; take it up again: farm jobs retry {job}."
    by = f": {failed_by}" if failed_by else ""
    return f"Job {job} failed with {counts.failed:,} of {frames(counts.total)}{by}."


def _busy(job: str, counts: TaskCounts) -> str:
    waiting = counts.blocked + counts.ready
    if not counts.running:
        verb = "waits" if waiting == 1 else "wait"
        return f"Job {job}: {frames(waiting)} {verb}."
    verb = "runs" if counts.running == 1 else "run"
    rest = f"{waiting:,} wait" + ("s" if waiting == 1 else "") if waiting else "none waits"
    return f"Job {job}: {frames(counts.running)} {verb}, {rest}."


def of_frame(task: Task, job: str, *, at: float, why: str = "") -> str:
    """Of one frame of `job`; `why` is the sentence on what it waits for."""
    again = f"render it: farm jobs retry {job} --frames {task.frame}"
    told = {
        TaskState.RUNNING: _running(task, at),
        TaskState.SUCCEEDED: f"is done: {task.node} made it in {_span(task.elapsed_seconds)}.",
        TaskState.FAILED: _failed(task),
        TaskState.CANCELLED: f"was cancelled; {again}.",
        TaskState.SKIPPED: f"was taken as done, without an image; {again}.",
    }
    return f"Frame {task.frame} {told.get(task.state, f'waits. {why}')}"


def _span(seconds: float | None) -> str:
    return format_span(max(0.0, seconds or 0.0))


def _running(task: Task, at: float) -> str:
    since = f" for {_span(at - task.started_at)}" if task.started_at else ""
    progress = f", {task.progress}" if task.progress else ""
    return f"runs on {task.node}{since}{progress}."


def _failed(task: Task) -> str:
    attempts = f"{task.attempt} attempt" + ("" if task.attempt == 1 else "s")
    last = task.failures[-1] if task.failures else None
    told = f", the last on {last.node}: {last.reason}" if last else ""
    return f"failed in {attempts}{told}".rstrip(".") + "."


def part_of(task: Task, found: Sequence[Part]) -> Part | None:
    """The part among `found` that `task`, which waits, belongs to."""
    blocked = task.state is TaskState.BLOCKED
    return chief(
        part
        for part in found
        if part.layer.id == task.layer and (part.cause is Cause.BLOCKED) == blocked
    )


def why(part: Part | None, around: Around) -> str:
    """The sentence on `part`, nothing when there is none."""
    return sentence(part, around) if part else ""
