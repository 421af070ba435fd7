"""Where a job stands: what of it waits, and for what. An explanation looks at it."""

from dataclasses import dataclass

from farm.model.states import JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something that a layer waits for."""

    what: str  #: "layer sim", "job 11", "layer sim of job 11"
    done: int  #: of its tasks
    total: int

    @property
    def is_done(self) -> bool:
        return self.done >= self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerStanding:
    """A layer's open tasks, and who is on the way to them."""

    id: str
    name: str
    blocked: int = 0
    ready: int = 0
    running: int = 0
    unstarted: int = 0  #: granted leases whose node has not begun yet
    leases: int = 0  #: all of them
    limits: tuple[str, ...] = ()  #: named counts that each of its slots takes one of
    sources: tuple[Source, ...] = ()  #: what its blocked tasks wait for

    @property
    def waiting(self) -> int:
        return self.blocked + self.ready


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStanding:
    """A job and its layers. Times are seconds since 1970 on the store's clock."""

    id: str
    production: str
    state: JobState
    priority: int
    created_at: float
    group: str = ""
    start_at: float = 0.0  #: nothing of it begins earlier
    paused_by: str = ""
    paused_at: float | None = None
    paused_why: str = ""  #: where the farm itself has paused it
    layers: tuple[LayerStanding, ...] = ()

    @property
    def waiting(self) -> int:
        return sum(layer.waiting for layer in self.layers)
