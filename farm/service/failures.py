"""Why frames of a job failed: the newest reason of each, grouped."""

from collections import defaultdict

from farm.model.job import Task
from farm.model.states import TaskState
from farm.service.schemas import FailureGroup
from farm.store import Store

FAILURES_LOOKED_AT = 50  #: failed frames whose story is read to group them by reason
_FRAMES_NAMED = 20


def failures_of(store: Store, job: str) -> tuple[list[FailureGroup], int]:
    """The newest reason of each failed frame, grouped; and how many frames were looked at."""
    failed = store.tasks.list(job, states={TaskState.FAILED}, limit=FAILURES_LOOKED_AT)
    by_reason: dict[str, list[Task]] = defaultdict(list)
    for task in failed:
        story = store.tasks.get(job, task.frame, layer=task.layer).failures
        by_reason[story[-1].reason if story else "no reason was kept"].append(task)
    groups = [
        FailureGroup(
            reason=reason,
            count=len(tasks),
            frames=[task.frame for task in tasks[:_FRAMES_NAMED]],
            nodes=sorted({task.node for task in tasks if task.node}),
        )
        for reason, tasks in by_reason.items()
    ]
    return sorted(groups, key=lambda group: -group.count), len(failed)
