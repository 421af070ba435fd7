"""What goes over HTTP to submit a job. Types only: the rest is judged together with the scene."""

from pydantic import Field

from farm.model.dependencies import After, Match, Release
from farm.model.job import USUAL_PRIORITY, USUAL_RETRIES
from farm.model.resources import GIB
from farm.policy.layers import LayerRequest
from farm.policy.split import USUAL_PRODUCTION, USUAL_TASK_SECONDS
from farm.service.schemas import In


class AfterIn(In):
    """Something that must be there first."""

    layer: str = Field("", description="Name of a layer: of this job, or of the job named.")
    job: str = Field("", description="Number of another job; without a layer, all of it.")
    match: Match = Field(Match.ALL, description="All of it, frame by frame, or any frame.")
    offset: int = Field(0, description="Frames: with match frame, f waits for f + offset.")
    release: Release = Field(Release.SUCCESS, description="Success, or any end.")

    def meant(self) -> After:
        return After(**self.model_dump())


class LayerIn(In):
    """A layer of a job; what is left out is as the job has it."""

    name: str
    after: list[AfterIn] = Field(default=[], description="All of it must hold.")
    scene: str | None = None
    frames: str | None = None
    cores: float | None = None
    memory_bytes: int | None = None
    gpus: int | None = None
    gpu_memory_bytes: int | None = None
    whole_node: bool | None = None
    pool: str | None = None
    tags: tuple[str, ...] | None = None
    nodes: tuple[str, ...] | None = None
    not_nodes: tuple[str, ...] | None = None
    blender: str | None = None
    limits: tuple[str, ...] | None = None
    interruptible: bool | None = None
    learn_memory: bool | None = None
    output: str | None = None
    resolution_percentage: int | None = None
    engine: str | None = None
    camera: str | None = None
    chunk: int | None = None
    retries: int | None = None
    task_seconds: float | None = None

    def meant(self) -> LayerRequest:
        after = tuple(one.meant() for one in self.after)
        return LayerRequest(**self.model_dump() | {"after": after})


class SubmitIn(In):
    """A job to render. What is left out, the scene itself says."""

    scene: str = Field(
        description="Absolute path of the .blend on the shared storage; of a sent job, in the "
        "project, whose folder is /."
    )
    frames: str | None = Field(None, description="1-100, 1-100x5, 1,5,9 or one frame.")
    production: str = USUAL_PRODUCTION
    name: str | None = Field(None, description="The scene's file name when left out.")
    owner: str = ""
    priority: int = Field(USUAL_PRIORITY, description="0 to 100, higher first.")
    cores: float = Field(1, description="For each frame in work: whole ones or quarters.")
    memory_bytes: int = Field(GIB, description="For each frame in work.")
    gpus: int = 0
    gpu_memory_bytes: int = Field(0, description="That each of its GPUs must have.")
    whole_node: bool = Field(False, description="Takes all cores of its node; `cores` at least.")
    pool: str = Field("", description="Only nodes of this pool; empty is any.")
    tags: tuple[str, ...] = Field((), description="A node must have all of them.")
    nodes: tuple[str, ...] = Field((), description="Only these nodes; empty is any.")
    not_nodes: tuple[str, ...] = Field((), description="Never these nodes.")
    blender: str = Field("", description="Version that a node must have: 4.5 is any 4.5.x.")
    limits: tuple[str, ...] = Field((), description="Each frame in work holds one of each.")
    interruptible: bool = Field(False, description="May be stopped to serve a guarantee?")
    learn_memory: bool = Field(True, description="Book what frames were seen to need?")
    group: str = Field("", description="Sequence or shot, such as sq010/sh020.")
    most_tasks: int = Field(0, description="Slots at once; 0 is no bound.")
    most_cores: float = Field(0, description="Cores at once; 0 is no bound.")
    least_tasks: int = Field(0, description="Slots before others of its production get more.")
    output: str | None = Field(None, description="Path pattern with one run of #, no extension.")
    resolution_percentage: int | None = None
    engine: str | None = Field(None, description="Blender's identifier, such as CYCLES.")
    camera: str | None = None
    autoexec: bool = Field(False, description="May the scene run its own Python?")
    allow_missing: bool = Field(
        False, description="Render without textures, libraries and caches that are not there?"
    )
    chunk: int = Field(0, description="Frames in one call of a worker; 0 is automatic.")
    retries: int = USUAL_RETRIES
    task_seconds: float = Field(USUAL_TASK_SECONDS, description="Longest time for one frame.")
    manifest: str | None = Field(
        None, description="Digest of a sent project's manifest; scene and output are paths in it."
    )
    preview: bool = Field(False, description="A contact sheet and a small film too?")
    start_at: float = Field(0.0, description="Seconds since 1970: nothing begins earlier; 0: none.")
    deadline_at: float = Field(0.0, description="Seconds since 1970: wanted by then; 0 is none.")
    after: list[AfterIn] = Field(default=[], description="Other jobs that all of it waits for.")
    layers: list[LayerIn] = Field(default=[], description="Several layers; else the job is one.")
