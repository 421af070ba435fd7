"""What goes over HTTP. Requests check types only: ranges and names are judged together with the
scene, so that all faults are told at once.
"""

from typing import Self

from pydantic import BaseModel, Field

from farm import __version__
from farm.model.job import Job, Layer
from farm.model.resources import Cores
from farm.model.states import JobState, NodeState, TaskState
from farm.policy.forecast import Forecast
from farm.policy.learning import booked_for


class In(BaseModel, extra="forbid"): ...


class Out(BaseModel, from_attributes=True): ...


class ErrorBody(Out):
    kind: str = Field(description="Its name in the farm's error tree, such as BadFrames.")
    message: str = Field(description="What is wrong, where, and how to mend it, in one line.")


class ErrorOut(Out):
    error: ErrorBody


class RetryIn(In):
    states: list[TaskState] = Field(default=[TaskState.FAILED, TaskState.CANCELLED])
    frames: str | None = Field(None, description="Only these frames; all when left out.")
    layer: str | None = Field(
        None, description="Only the layer of this name; what comes after it is made again too."
    )


class PriorityIn(In):
    priority: int = Field(description="0 to 100, higher first.")


class ByIn(In):
    by: str = Field("", max_length=256, description="Who wants it, for the log of facts.")


class CountsOut(Out):
    blocked: int
    ready: int
    running: int
    succeeded: int
    failed: int
    cancelled: int
    skipped: int = 0
    total: int


class ResourcesOut(Out):
    cores: Cores = Field(description="Whole ones, or quarters.")
    memory_bytes: int
    gpus: int


class JobOut(Out):
    id: str
    production: str
    name: str
    owner: str
    priority: int
    state: JobState
    created_at: float
    ended_at: float | None
    counts: CountsOut
    reason: str = Field("", description="Why it waits, in a few words; empty when nothing does.")
    eta_seconds: float | None = Field(None, description="Until it is done; null: nothing tells.")
    group: str = ""
    start_at: float = Field(0.0, description="Nothing of it begins earlier; 0 is none.")
    deadline_at: float = Field(0.0, description="Wanted by then; 0 is none.")
    most_tasks: int = Field(0, description="Slots it may have at once; 0 is no bound.")
    most_cores: Cores = Field(0, description="Cores it may have at once; 0 is no bound.")
    least_tasks: int = Field(0, description="Slots before others of its production get more.")
    energy_joules: float = Field(0.0, description="Its part of what its nodes drew; 0: uncounted.")
    energy_modelled_joules: float = Field(0.0, description="The part that no meter measured.")


class LayerOut(Out):
    id: str
    name: str
    frames: str
    scene: str
    output: str = Field(description="Path pattern of its images, with extension.")
    manifest: str = Field(description="Of a sent job the digest of its manifest, else empty.")
    counts: CountsOut
    resources: ResourcesOut = Field(description="As asked, for each frame in work.")
    booked_memory_bytes: int = Field(description="What is booked: asked, or learnt.")
    out_of_memory: int = Field(description="Attempts that ran out of memory.")
    pool: str
    whole_node: bool
    gpu_memory_bytes: int
    tags: list[str]
    nodes: list[str] = Field(description="Only these; empty is any.")
    not_nodes: list[str]
    blender: str
    limits: list[str]
    interruptible: bool
    learn_memory: bool
    retries: int
    chunk: int
    leases: int = Field(description="Slots that serve it now.")
    render_seconds: float = Field(description="Sum over its succeeded frames.")

    @classmethod
    def of(cls, layer: Layer) -> Self:
        spec = layer.spec
        return cls(
            id=layer.id,
            name=spec.name,
            frames=spec.frames,
            scene=spec.settings.scene,
            output=spec.settings.output + spec.settings.extension,
            manifest=spec.settings.manifest,
            counts=CountsOut.model_validate(layer.counts),
            resources=ResourcesOut.model_validate(spec.resources),
            booked_memory_bytes=_booked(layer),
            out_of_memory=layer.out_of_memory,
            pool=spec.pool,
            whole_node=spec.whole_node,
            gpu_memory_bytes=spec.gpu_memory_bytes,
            tags=list(spec.tags),
            nodes=list(spec.nodes),
            not_nodes=list(spec.not_nodes),
            blender=spec.blender,
            limits=list(spec.limits),
            interruptible=spec.interruptible,
            learn_memory=spec.learn_memory,
            retries=spec.retries,
            chunk=spec.chunk,
            leases=layer.leases,
            render_seconds=layer.render_seconds,
        )


def _booked(layer: Layer) -> int:
    return booked_for(
        layer.spec.resources,
        peak_memory_bytes=layer.peak_memory_bytes,
        finished=layer.rendered,
        out_of_memory=layer.out_of_memory_bytes,
        learn=layer.spec.learn_memory,
    ).memory_bytes


class FailureGroup(Out):
    reason: str
    count: int
    frames: list[int]
    nodes: list[str]


class ForecastOut(Out):
    """When it will be done. Null while nothing tells."""

    frames_per_minute: float = Field(description="At the slots that serve it now.")
    eta_seconds: float | None = Field(description="As often sooner as later.")
    eta_early_seconds: float | None
    eta_late_seconds: float | None
    confidence: float | None = Field(description="How often it is between early and late.")


class ProductionForecastOut(Out):
    """When the last open job of a production will be done. Null while nothing tells."""

    production: str
    jobs: int = Field(description="Open ones.")
    unknown: int = Field(description="Of those that nothing tells the end of, paused ones too.")
    eta_seconds: float | None = Field(description="As often sooner as later, of the others.")
    eta_early_seconds: float | None
    eta_late_seconds: float | None
    confidence: float | None = Field(description="How often it is between early and late.")


class ProgressOut(ForecastOut):
    """How far a job is, and when it will be done."""

    id: str
    name: str
    state: JobState
    counts: CountsOut

    @classmethod
    def of(cls, job: Job, ahead: Forecast) -> Self:
        return cls(
            id=job.id,
            name=job.name,
            state=job.state,
            counts=CountsOut.model_validate(job.counts),
            **ForecastOut.model_validate(ahead).model_dump(),
        )


class JobDetail(JobOut, ForecastOut):
    """A job with all that is known of it."""

    why: str = Field(description="Why it waits, or what has become of it, in a sentence or two.")
    layers: list[LayerOut]
    failures: list[FailureGroup] = Field(description="The commonest reason first.")
    failures_looked_at: int = Field(description="How many failed frames the groups are made from.")


class SubmittedOut(Out):
    id: str
    production: str
    name: str
    frames: str
    tasks: int
    output: str = Field(description="Path pattern of the images, with extension.")
    sent: bool = Field(description="Was the project sent, and are its images to be fetched?")
    warnings: list[str]


class ChangedOut(Out):
    id: str
    state: JobState
    priority: int
    group: str = ""
    start_at: float = Field(0.0, description="Seconds since 1970; 0 is none.")
    deadline_at: float = Field(0.0, description="Seconds since 1970; 0 is none.")
    most_tasks: int = Field(0, description="Slots it may have at once; 0 is no bound.")
    most_cores: Cores = Field(0, description="Cores it may have at once; 0 is no bound.")
    least_tasks: int = Field(0, description="Slots before others of its production get more.")
    tasks: int | None = Field(None, description="How many tasks the change moved, where it counts.")


class HealthOut(Out):
    """The name of the leading scheduler, and how many nodes are online."""

    status: str = Field(description='"ok", or "waiting" while the store cannot be reached.')
    store: str = Field(description='"ok", or what is wrong.')
    scheduler: str = ""
    nodes: int = 0
    version: str = __version__


class FarmOut(HealthOut):
    """What `farm doctor` looks at."""

    nodes_by_state: dict[NodeState, int]
    blenders: list[str] = Field(description="Versions on nodes that are online.")
    store_facts: dict[str, str] = Field(description="What the store says of itself.")


class BreachOut(Out):
    rule: str
    where: str
    expected: str
    found: str


class AuditOut(Out):
    breaches: list[BreachOut]
    images_checked: int
    images_due: int = Field(description="One for each succeeded frame; not all may be checked.")
