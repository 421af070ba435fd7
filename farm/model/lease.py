"""Leases, and the attempts made inside them."""

from dataclasses import dataclass
from enum import StrEnum

from farm.model.job import LayerSpec
from farm.model.resources import Resources
from farm.model.states import OUT_OF_MEMORY, Outcome


class LeaseState(StrEnum):
    GRANTED = "granted"  #: booked on the node, its message is on the way
    STARTED = "started"  #: the worker pulls tasks inside it
    RECALLED = "recalled"  #: ends at the next task boundary


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A started lease, as the worker that serves it sees it."""

    id: str
    node: str
    epoch: int  #: of the node; a newer one fences this lease off
    job: str
    layer: str
    spec: LayerSpec
    booked: Resources | None = None  #: None: as the layer asks

    @property
    def resources(self) -> Resources:
        """What it books on its node: what its tasks may use."""
        return self.booked or self.spec.resources


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskInHand:
    """A task that a lease has taken: the attempt that may end it, and what went before."""

    index: int
    attempt: int
    failures: int = 0  #: failed attempts so far; lost ones do not count


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """How one attempt ended, as its worker tells it."""

    index: int
    attempt: int
    outcome: Outcome
    failures_before: int = 0  #: as in the TaskInHand it answers
    started_at: float = 0.0  #: seconds since 1970, the node's clock
    elapsed_seconds: float = 0.0
    peak_memory_bytes: int = 0
    image_bytes: int = 0
    image_digest: str = ""  #: of a sent job's image, which is in the content store
    reason: str = ""  #: plain words, when it did not succeed
    log_tail: tuple[str, ...] = ()

    @property
    def ran_out_of_memory(self) -> bool:
        """Did it need more memory than it had?"""
        return self.outcome is Outcome.FAILED and self.reason.startswith(OUT_OF_MEMORY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A decision: this node gives these resources to this layer."""

    node: str
    epoch: int
    layer: str
    resources: Resources
    anywhere: bool = False  #: may also take tasks that should rather run elsewhere
    tasks: int = 0  #: ends after so many: what fills a gap before reserved work; 0 is no bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """A decision: this lease ends at its next task boundary."""

    lease: str
    reason: str
    reserve_for: str = ""  #: layer that the lease's node is being cleared for, if it is
    now: bool = False  #: do not wait for the task boundary: the task in hand is lost, not failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the store wants of a lease the node holds, told in the heartbeat's answer."""

    lease: str
    layer: str
    state: LeaseState
    kill: bool  #: stop the renderer now; the tasks in hand are cancelled
