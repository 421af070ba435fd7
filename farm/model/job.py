"""Productions, jobs, layers and tasks: what a studio submits, and what it sees of it."""

from dataclasses import dataclass, field
from enum import StrEnum

from farm.model.dependencies import After, check_after, cycle
from farm.model.errors import BadRequest
from farm.model.frames import MAX_TASKS, Frames
from farm.model.names import check_group, check_name, check_title
from farm.model.render import ReelSettings, RenderSettings
from farm.model.resources import GIB, TIB, Cores, Resources
from farm.model.states import JobState, Outcome, TaskState
from farm.model.when import check_moment

USUAL_PRIORITY = 50
USUAL_RETRIES = 2
USUAL_FAIL_AFTER = 20
MOST_FAIL_AFTER = 1_000_000
MOST_RESOURCES = Resources(cores=16_384, memory_bytes=1024 * TIB, gpus=1024)
USUAL_RESOURCES = Resources(cores=1, memory_bytes=GIB)


class LayerKind(StrEnum):
    RENDER = "render"  #: a task is one frame, rendered by Blender
    SHEET = "sheet"  #: one task: a contact sheet of another layer's frames
    MOVIE = "movie"  #: one task: an mp4 of another layer's frames


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSpec:
    """A part of a job: same scene, settings and resources for all its tasks."""

    name: str
    frames: str  #: in the frame grammar; task i renders the i-th of them
    settings: RenderSettings
    resources: Resources = USUAL_RESOURCES  #: what one slot books for it
    pool: str = ""  #: only nodes of this pool; "" is any
    retries: int = USUAL_RETRIES  #: failed attempts a task may have beyond its first
    chunk: int = 0  #: tasks per call; 0 lets the farm choose from measured times
    whole_node: bool = False  #: takes all cores of its node; `resources` are the least it needs
    gpu_memory_bytes: int = 0  #: that each of its GPUs must have
    tags: tuple[str, ...] = ()  #: a node must have all of them
    nodes: tuple[str, ...] = ()  #: only these nodes; () is any
    not_nodes: tuple[str, ...] = ()  #: never these
    blender: str = ""  #: "4.5": a node must have a Blender of this version; "" is any
    limits: tuple[str, ...] = ()  #: named counts that each slot takes one of
    interruptible: bool = False  #: may be stopped within a task to serve a guarantee
    learn_memory: bool = True  #: book what its tasks were seen to need, not what was asked
    kind: LayerKind = LayerKind.RENDER
    after: tuple[After, ...] = ()  #: what its tasks wait for; they begin when all of it holds
    reel: ReelSettings | None = None  #: of a sheet or a movie only


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """What is submitted. `check` finds its faults before anything is stored."""

    production: str
    name: str
    layers: tuple[LayerSpec, ...]
    owner: str = ""
    priority: int = USUAL_PRIORITY  #: 0 to 100, higher first
    group: str = ""  #: sequence or shot inside the production, such as "sq010/sh020"
    most_tasks: int = 0  #: slots it may have at once; 0 is no bound
    most_cores: Cores = 0  #: cores it may have at once; 0 is no bound
    least_tasks: int = 0  #: slots it gets before others of its production get more
    start_at: float = 0.0  #: seconds since 1970: nothing of it begins earlier
    deadline_at: float = 0.0  #: seconds since 1970: wanted by then; 0 is no deadline
    after: tuple[After, ...] = ()  #: other jobs that all its layers wait for
    #: Failed frames after which the farm pauses it rather than go on in vain; 0: it never does.
    fail_after: int = USUAL_FAIL_AFTER

    def check(self) -> None:
        """Raise BadRequest (or a child of it) on the first fault."""
        check_name("production", self.production)
        check_title("job", self.name)
        if self.group:
            check_group(self.group)
        if not 0 <= self.priority <= 100:
            raise BadRequest(f"priority {self.priority}: give 0 to 100, 50 is usual")
        if not 0 <= self.fail_after <= MOST_FAIL_AFTER:
            raise BadRequest(
                f"fail_after {self.fail_after}: give a number of frames, 0 to go on whatever fails"
            )
        if not self.layers:
            raise BadRequest("the job has no layers")
        for number, layer in enumerate(self.layers):
            _check_layer(layer)
            _check_place(layer, [earlier.name for earlier in self.layers[:number]])
        check_moment("start time", self.start_at)
        check_moment("deadline", self.deadline_at)
        total = sum(len(Frames(layer.frames)) for layer in self.layers)
        if total > MAX_TASKS:
            raise BadRequest(f"the job has {total:,} tasks; {MAX_TASKS:,} is the most")
        self._check_after()

    def _check_after(self) -> None:
        """Raise BadRequest with all that is wrong with what is waited for."""
        frames = {layer.name: layer.frames for layer in self.layers}
        faults = [
            fault for one in self.layers for fault in check_after(one.name, one.after, frames)
        ]
        faults += [
            BadRequest(
                f"the job comes after {str(one) or 'nothing'}: name another job by its number"
            )
            for one in self.after
            if not one.job.isdigit()
        ]
        ring = cycle(
            {
                layer.name: {
                    one.layer for one in layer.after if not one.job and one.layer in frames
                }
                for layer in self.layers
            }
        )
        if ring:
            faults.append(BadRequest(f"layers wait for each other: {' → '.join(ring)}"))
        if faults:
            raise BadRequest("; ".join(str(fault) for fault in faults))


def _check_layer(layer: LayerSpec) -> None:
    check_name("layer", layer.name)
    if layer.pool:
        check_name("pool", layer.pool)
    if not layer.resources.cores:
        raise BadRequest(f"layer {layer.name}: ask for at least a quarter of a core")
    if not layer.resources.fits_in(MOST_RESOURCES):
        raise BadRequest(
            f"layer {layer.name}: no machine is that large; the most are {MOST_RESOURCES.cores:,} "
            f"cores, {MOST_RESOURCES.memory_bytes // TIB} TiB and {MOST_RESOURCES.gpus:,} GPUs"
        )
    if not 0 <= layer.retries <= 100:
        raise BadRequest(f"layer {layer.name}: retries are 0 to 100, not {layer.retries}")
    if not 0 <= layer.chunk <= 10_000:
        raise BadRequest(f"layer {layer.name}: chunk is 0 (automatic) to 10000, not {layer.chunk}")


def _check_place(layer: LayerSpec, earlier: list[str]) -> None:
    """Raise BadRequest when `layer` does not fit in behind the `earlier` ones."""
    if layer.name in earlier:
        raise BadRequest(f"layer {layer.name}: another layer of the job has this name")
    if (layer.reel is None) != (layer.kind is LayerKind.RENDER):
        needs = "takes no reel" if layer.reel else "needs a reel: what it is made from"
        raise BadRequest(f"layer {layer.name}: a layer of kind {layer.kind} {needs}")
    if layer.reel is not None and layer.reel.layer not in earlier:
        raise BadRequest(
            f"layer {layer.name} shows {layer.reel.layer!r}: name a layer that stands before it"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCounts:
    """How many tasks are in each state. The fields are the values of `TaskState`."""

    blocked: int = 0
    ready: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    skipped: int = 0

    @property
    def done(self) -> int:
        """Tasks that nobody has to render any more: succeeded, or skipped by a person."""
        return self.succeeded + self.skipped

    @property
    def open(self) -> int:
        return self.blocked + self.ready + self.running

    @property
    def total(self) -> int:
        return self.open + self.done + self.failed + self.cancelled

    def __add__(self, other: "TaskCounts") -> "TaskCounts":
        return TaskCounts(**{s: getattr(self, s) + getattr(other, s) for s in TaskState})


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer as the store knows it."""

    id: str  #: "<job>.<number>"
    spec: LayerSpec
    counts: TaskCounts
    leases: int = 0  #: slots that serve it now
    render_seconds: float = 0.0  #: sum over every attempt of it that succeeded
    render_squares: float = 0.0  #: sum of their squares, seconds²
    rendered: int = 0  #: how many attempts these sums are of
    peak_memory_bytes: int = 0  #: the most that one of those attempts had in use
    out_of_memory: int = 0  #: attempts that ran out of memory
    out_of_memory_bytes: int = 0  #: the most that one of them booked or used


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as the store knows it. Times are seconds since 1970 on the store's clock."""

    id: str
    production: str
    name: str
    owner: str
    priority: int
    state: JobState
    created_at: float
    ended_at: float | None
    counts: TaskCounts
    layers: tuple[Layer, ...] = ()  #: empty where only the summary was asked for
    group: str = ""
    most_tasks: int = 0  #: slots it may have at once; 0 is no bound
    most_cores: Cores = 0  #: cores it may have at once; 0 is no bound
    least_tasks: int = 0
    start_at: float = 0.0
    deadline_at: float = 0.0
    paused_why: str = ""  #: of a job that the farm itself has paused
    fail_after: int = USUAL_FAIL_AFTER
    energy_joules: float = 0.0  #: of its slots' part of their nodes
    energy_modelled_joules: float = 0.0  #: the part of it that no meter measured


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedAttempt:
    """What is kept of an attempt that did not succeed."""

    attempt: int
    node: str
    outcome: Outcome
    reason: str
    log_tail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One frame of a layer, as the store knows it."""

    layer: str
    index: int
    frame: int
    state: TaskState
    attempt: int  #: number of the last attempt, 0 before the first
    node: str = ""  #: of the last attempt
    started_at: float | None = None
    elapsed_seconds: float | None = None  #: of the last ended attempt
    peak_memory_bytes: int | None = None
    image_bytes: int | None = None
    image_digest: str = ""  #: of a succeeded task of a sent job: its image in the content store
    progress: str = ""  #: of a running attempt, as its renderer told it
    failures: tuple[FailedAttempt, ...] = field(default=())
