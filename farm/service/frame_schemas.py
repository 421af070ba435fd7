"""What goes over HTTP about single frames, their failures and their logs."""

from pydantic import Field

from farm.model.states import Outcome, TaskState
from farm.service.schemas import Out


class FailedAttemptOut(Out):
    attempt: int
    node: str
    outcome: Outcome
    reason: str
    log_tail: list[str]


class FrameOut(Out):
    layer: str
    index: int
    frame: int
    state: TaskState
    attempt: int
    node: str
    started_at: float | None
    elapsed_seconds: float | None
    peak_memory_bytes: int | None
    image_bytes: int | None
    image_digest: str = Field(description="Of a sent job's image; empty when there is none.")
    progress: str


class FrameDetail(FrameOut):
    failures: list[FailedAttemptOut]


class LogOut(Out):
    job: str
    frame: int
    attempt: int
    path: str
    lines: list[str]
    whole: bool = Field(description="False when earlier lines were left out.")
