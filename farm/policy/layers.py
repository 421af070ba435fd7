"""Jobs of several layers: each is asked for like a job of its own, and takes from the job what it
does not say itself. Pure.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from farm.model.dependencies import After
from farm.model.errors import BadRequest, BadScene
from farm.model.job import JobSpec, LayerSpec
from farm.model.resources import Cores
from farm.model.scene import SceneFacts
from farm.policy.faults import Faults
from farm.policy.split import JobRequest, build_job

Scenes = Mapping[str, SceneFacts | BadScene]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRequest:
    """A layer that somebody asks for. None means: as the job has it."""

    name: str
    after: tuple[After, ...] = ()
    scene: str | None = None
    frames: str | None = None
    cores: Cores | None = None
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


def request_of(layer: LayerRequest, job: JobRequest) -> JobRequest:
    """`layer` as a job of its own."""
    own = {
        field.name: value
        for field in fields(layer)
        if field.name not in {"name", "after"} and (value := getattr(layer, field.name)) is not None
    }
    return replace(job, name=job.name or layer.name, preview=False, after=(), **own)


def build_layers(job: JobRequest, layers: tuple[LayerRequest, ...], scenes: Scenes) -> JobSpec:
    """The job that `job` asks for, made of `layers`; `scenes` has each scene that they name.

    Raises BadRequest with all faults, each with its layer's name.
    """
    faults, built = Faults(), list[JobSpec]()
    faults.check(not job.preview, "a preview is made of a job of one layer only")
    for layer in layers:
        asked = request_of(layer, job)
        try:
            built.append(build_job(asked, scenes[asked.scene]))
        except BadRequest as error:
            faults.add(BadRequest(f"layer {layer.name}: {error}"))
    faults.tell()
    specs = tuple(
        replace(one.layers[0], name=layer.name, after=layer.after)
        for one, layer in zip(built, layers, strict=True)
    )
    _check_outputs(specs)
    spec = replace(built[0], layers=specs, after=job.after)
    spec.check()
    return spec


def _check_outputs(layers: tuple[LayerSpec, ...]) -> None:
    """Raise BadRequest where two layers would write the same images."""
    outputs = [layer.settings.output + layer.settings.extension for layer in layers]
    for output, times in Counter(outputs).items():
        if times > 1:
            names = [one.name for one, path in zip(layers, outputs, strict=True) if path == output]
            raise BadRequest(
                f"layers {' and '.join(names)} write the same images, {output}: "
                "give each an output of its own"
            )
