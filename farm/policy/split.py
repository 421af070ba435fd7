"""From a request and a scene to a job: what is asked wins, what is left out the scene fills in.

Pure. Every fault of a request is found and told at once, so that nobody mends one line only to
meet the next. A job has a layer `render`, and with a preview two small ones after it.
"""

import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from farm.model.dependencies import After
from farm.model.errors import BadScene
from farm.model.frames import Frames
from farm.model.job import USUAL_PRIORITY, USUAL_RETRIES, JobSpec, LayerSpec
from farm.model.manifest import check_digest, check_path
from farm.model.names import check_name, check_title
from farm.model.render import RenderSettings
from farm.model.resources import GIB, Cores, exact_cores
from farm.model.scene import IMAGE_EXTENSIONS, SceneFacts
from farm.policy.faults import Faults
from farm.policy.needs import check_bounds, check_needs, slot_resources
from farm.policy.outputs import note_on_output, output_in_place, output_of_sent
from farm.policy.preview import preview_layers

LAYER = "render"
USUAL_PRODUCTION = "main"
USUAL_TASK_SECONDS = 86_400.0

_ENGINE = re.compile(r"[A-Z][A-Z0-9_]{0,63}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """What somebody asks for. None means: as the scene has it."""

    scene: str  #: absolute; of a sent job, from the project's folder: "/shots/010/shot.blend"
    frames: str | None = None
    production: str = USUAL_PRODUCTION
    name: str | None = None  #: None: the file's name
    owner: str = ""
    priority: int = USUAL_PRIORITY
    cores: Cores = 1
    memory_bytes: int = GIB
    gpus: int = 0
    gpu_memory_bytes: int = 0  #: that each of its GPUs must have
    whole_node: bool = False
    pool: str = ""
    tags: tuple[str, ...] = ()  #: a node must have all of them
    nodes: tuple[str, ...] = ()  #: only these; () is any
    not_nodes: tuple[str, ...] = ()
    blender: str = ""  #: "4.5": a node must have one of this version; "" is any
    limits: tuple[str, ...] = ()  #: named counts that each frame in work takes one of
    interruptible: bool = False
    learn_memory: bool = True
    group: str = ""
    most_tasks: int = 0  #: at once; 0 is no bound, and so for the next two
    most_cores: Cores = 0
    least_tasks: int = 0
    output: str | None = None
    resolution_percentage: int | None = None
    engine: str | None = None
    camera: str | None = None
    autoexec: bool = False
    allow_missing: bool = False
    chunk: int = 0
    retries: int = USUAL_RETRIES
    task_seconds: float = USUAL_TASK_SECONDS
    manifest: str = ""  #: digest of the manifest of a sent job, "" of one in place
    preview: bool = False  #: a contact sheet and a small film too?
    start_at: float = 0.0  #: seconds since 1970: nothing of it begins earlier
    deadline_at: float = 0.0  #: seconds since 1970: wanted by then; 0 is no deadline
    after: tuple[After, ...] = ()  #: other jobs that all of it waits for


def build_job(request: JobRequest, scene: SceneFacts | BadScene) -> JobSpec:
    """The job that `request` asks for. A scene that could not be read is one fault among others.

    Raises BadRequest, or a child of it when there is one fault only.
    """
    faults = Faults()
    if isinstance(scene, BadScene):
        faults.add(scene)
        facts = None
    else:
        facts = replace(scene, path=request.scene)  # a sent one was read from another place
        _check_camera(request, facts, faults)
    layer = _render(request, facts, faults)
    none: Cores = 0
    job = JobSpec(
        production=request.production,
        name=_name(request),
        layers=(layer, *_preview(request, layer, facts)),
        owner=request.owner,
        priority=request.priority,
        group=request.group,
        most_tasks=request.most_tasks,
        most_cores=faults.catch(lambda: exact_cores(request.most_cores), none),
        least_tasks=request.least_tasks,
        start_at=request.start_at,
        deadline_at=request.deadline_at,
        after=request.after,
    )
    _check_rest(job, faults)
    check_needs(layer, faults)
    check_bounds(job, [layer], faults)
    faults.tell()
    job.check()  # the model has the last word
    return job


def _render(request: JobRequest, scene: SceneFacts | None, faults: Faults) -> LayerSpec:
    return LayerSpec(
        name=LAYER,
        frames=faults.catch(lambda: _frames(request, scene), "1"),
        settings=_settings(request, scene, faults),
        resources=slot_resources(request.cores, request.memory_bytes, request.gpus, faults),
        gpu_memory_bytes=request.gpu_memory_bytes,
        whole_node=request.whole_node,
        pool=request.pool,
        tags=_once(request.tags),
        nodes=_once(request.nodes),
        not_nodes=_once(request.not_nodes),
        blender=request.blender,
        limits=_once(request.limits),
        interruptible=request.interruptible,
        learn_memory=request.learn_memory,
        retries=request.retries,
        chunk=request.chunk,
    )


def notes(request: JobRequest, scene: SceneFacts) -> list[str]:
    """What the submitter of a good request should know of how it and the scene were read."""
    told = []
    if scene.makes_movies:
        told.append(
            f"the scene writes a film ({scene.file_format}): the farm renders its frames as PNG "
            "images; make the film of them afterwards"
        )
    if request.manifest and request.output is None:
        told.append(note_on_output(request.scene, scene))
    if request.preview and len(Frames(_frames(request, scene))) == 1:
        told.append("a single frame gets no contact sheet and no preview film")
    return [note for note in told if note]


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _preview(
    request: JobRequest, render: LayerSpec, scene: SceneFacts | None
) -> tuple[LayerSpec, ...]:
    if scene is None or not request.preview or len(Frames(render.frames)) == 1:
        return ()
    return preview_layers(render, frames_per_second=scene.frames_per_second)


def _name(request: JobRequest) -> str:
    return PurePosixPath(request.scene).stem if request.name is None else request.name


def _frames(request: JobRequest, scene: SceneFacts | None) -> str:
    if request.frames is not None:
        return Frames(request.frames).spec
    if scene is None:
        return "1"
    if scene.frame_end < scene.frame_start:
        raise BadScene(
            f"scene {scene.path} ends at frame {scene.frame_end}, before it begins at "
            f"{scene.frame_start}: give --frames"
        )
    return Frames(scene.frames).spec


def _check_camera(request: JobRequest, scene: SceneFacts, faults: Faults) -> None:
    if request.camera is None:
        faults.check(
            scene.camera is not None or not scene.needs_camera,
            f"scene {scene.path} has no camera: set one in Blender"
            + (f", or give --camera with one of: {_some(scene.cameras)}" if scene.cameras else ""),
        )
    elif request.camera not in (*scene.cameras, *scene.linked_objects):
        has = f"it has: {_some(scene.cameras)}" if scene.cameras else "it has none"
        faults.check(False, f"scene {scene.path} has no camera {request.camera!r}; {has}")


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:8]) + (" …" if len(names) > 8 else "")


def _check_rest(job: JobSpec, faults: Faults) -> None:
    """Note what is wrong with names and numbers, each by itself."""
    layer = job.layers[0]
    faults.catch(lambda: check_name("production", job.production), "")
    faults.catch(lambda: check_title("job", job.name), "")
    if layer.pool:
        faults.catch(lambda: check_name("pool", layer.pool), "")
    if job.owner:
        faults.catch(lambda: check_title("owner", job.owner), "")
    faults.check(0 <= job.priority <= 100, f"priority {job.priority}: give 0 to 100, 50 is usual")
    faults.check(0 <= layer.retries <= 100, f"retries {layer.retries}: give 0 to 100")
    faults.check(0 <= layer.chunk <= 10_000, f"chunk {layer.chunk}: give 0 (automatic) to 10000")


def _settings(request: JobRequest, scene: SceneFacts | None, faults: Faults) -> RenderSettings:
    percentage, engine = request.resolution_percentage, request.engine
    faults.check(
        percentage is None or 1 <= percentage <= 1000,
        f"resolution percentage {percentage}: give 1 to 1000",
    )
    faults.check(
        engine is None or _ENGINE.match(engine) is not None,
        f"engine {engine!r}: give Blender's identifier, such as CYCLES or BLENDER_EEVEE_NEXT",
    )
    faults.check(
        1 <= request.task_seconds <= 30 * 86_400,
        f"time limit of {request.task_seconds / 60:g} minutes: give 1 second to 30 days",
    )
    faults.check(request.scene.startswith("/"), f"scene {request.scene!r} is not an absolute path")
    if request.manifest:
        faults.catch(lambda: check_digest(request.manifest), "")
        faults.catch(lambda: check_path(request.scene.removeprefix("/")), "")
    extension = _extension(scene, faults)
    place = output_of_sent if request.manifest else output_in_place
    return RenderSettings(
        scene=request.scene,
        output=faults.catch(lambda: place(request.output, request.scene, scene, extension), ""),
        extension=extension,
        resolution_percentage=percentage,
        engine=engine,
        camera=request.camera,
        autoexec=request.autoexec,
        allow_missing=request.allow_missing,
        task_seconds=request.task_seconds,
        manifest=request.manifest,
    )


def _extension(scene: SceneFacts | None, faults: Faults) -> str:
    if scene is None or scene.makes_movies:
        return ".png"
    faults.check(
        scene.file_format in IMAGE_EXTENSIONS,
        f"scene {scene.path} writes {scene.file_format} images, which the farm cannot check: "
        "set the output format to PNG, OpenEXR, JPEG or TIFF in Blender",
    )
    return scene.extension
