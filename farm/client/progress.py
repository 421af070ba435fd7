"""How far a job is, for who watches it."""

from dataclasses import dataclass
from typing import Any

from farm.model.job import TaskCounts
from farm.model.states import OPEN_JOB_STATES, JobState, TaskState


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a job is, and when it will be done."""

    job: str
    name: str
    state: JobState
    counts: TaskCounts
    frames_per_minute: float
    eta_seconds: float | None  #: None while nothing tells
    eta_early_seconds: float | None = None  #: with `confidence` it is between this
    eta_late_seconds: float | None = None  #: and this
    confidence: float | None = None

    @property
    def is_over(self) -> bool:
        """Has the job ended, one way or the other?"""
        return self.state not in OPEN_JOB_STATES

    @classmethod
    def of(cls, answer: dict[str, Any]) -> "Progress":
        """From what the service says."""
        counts = answer["counts"]
        return cls(
            job=answer["id"],
            name=answer["name"],
            state=JobState(answer["state"]),
            counts=TaskCounts(**{state: counts[state] for state in TaskState}),
            frames_per_minute=answer["frames_per_minute"],
            eta_seconds=answer["eta_seconds"],
            eta_early_seconds=answer.get("eta_early_seconds"),
            eta_late_seconds=answer.get("eta_late_seconds"),
            confidence=answer.get("confidence"),
        )
