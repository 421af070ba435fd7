"""Takes a job in: reads its scene, checks all, makes its folder, stores it, waits for the disk.

A refused job leaves nothing behind; an accepted one survives any crash from the moment its id is
given out.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import PurePosixPath

from farm.assets.images import prepared_folder
from farm.assets.scene import read_scene
from farm.files.content import ContentStore
from farm.model.errors import BadScene, StoreUnavailable
from farm.model.frames import Frames
from farm.model.job import JobSpec
from farm.model.node import Node
from farm.model.scene import SceneFacts
from farm.policy.filters import filtered_job
from farm.policy.layers import LayerRequest, build_layers, request_of
from farm.policy.outputs import check_harmless
from farm.policy.split import JobRequest, build_job, notes
from farm.service.newcomer import waits
from farm.service.schemas import SubmittedOut
from farm.service.sent import scene_of, sent_project
from farm.service.shared import check_shared
from farm.service.submit_schemas import SubmitIn
from farm.store import Store


def submit(
    store: Store, files: ContentStore, asked: SubmitIn, *, key: str, shared: Sequence[str]
) -> SubmittedOut:
    """Check and store the job, and answer once it is on disk.

    A sent one is made of `files`; of another, scene and images lie under the folders `shared`.
    Raises BadRequest with all faults, NotAllowed, StoreUnavailable.
    """
    after = tuple(one.meant() for one in asked.after)
    plain = asked.model_dump(exclude={"layers"})
    request = JobRequest(**plain | {"manifest": asked.manifest or "", "after": after})
    layers = tuple(layer.meant() for layer in asked.layers)
    if request.manifest:
        job_id, spec, scene, changes = _submit_sent(store, files, request, layers, key=key)
    else:
        job_id, spec, scene, changes = _submit_in_place(
            store, request, layers, key=key, shared=shared
        )
    if not store.wait_durable():
        raise StoreUnavailable(
            f"job {job_id} is stored, but the store has not confirmed that it is on disk: set "
            "`appendonly yes` in the store if it is off, and send the same request again with "
            "the same Idempotency-Key; it makes no second job"
        )
    said = notes(request, scene) if isinstance(scene, SceneFacts) else []
    return _submitted(job_id, spec, changes + said + _all_wait(spec, store.nodes.list()))


#: The job's id, the job, the scene that its first layer renders, and what filters changed.
_Stored = tuple[str, JobSpec, SceneFacts | BadScene, list[str]]


_Layers = tuple[LayerRequest, ...]


def _submit_sent(
    store: Store, files: ContentStore, request: JobRequest, layers: _Layers, *, key: str
) -> _Stored:
    with sent_project(files, request.production, request.manifest) as project:
        spec, scene = _built(request, layers, lambda path: scene_of(files, project, path))
        check_harmless(spec.layers, {f"/{entry.path}" for entry in project.entries})
        spec, changes = _filtered(store, spec)
        return store.jobs.submit(spec, key=key), spec, scene, changes


def _submit_in_place(
    store: Store, request: JobRequest, layers: _Layers, *, key: str, shared: Sequence[str]
) -> _Stored:
    def read(path: str) -> SceneFacts | BadScene:
        if path.startswith("/"):
            check_shared(path, shared, what="scene")
        return _scene(path)

    spec, scene = _built(request, layers, read)
    for layer in spec.layers:
        check_shared(layer.settings.output, shared, what="output")
    check_harmless(spec.layers, {layer.settings.scene for layer in spec.layers})
    spec, changes = _filtered(store, spec)
    with ExitStack() as folders:
        for folder in {PurePosixPath(layer.settings.output).parent for layer in spec.layers}:
            folders.enter_context(prepared_folder(folder))
        return store.jobs.submit(spec, key=key), spec, scene, changes


def _filtered(store: Store, spec: JobSpec) -> tuple[JobSpec, list[str]]:
    """`spec` as the farm's filters make it, and what they changed."""
    filters = store.filters.list()
    if not filters:
        return spec, []
    adds = any(one.add_limits for one in filters)
    return filtered_job(spec, filters, {one.name for one in store.limits.list()} if adds else ())


def _built(
    request: JobRequest, layers: _Layers, read: Callable[[str], SceneFacts | BadScene]
) -> tuple[JobSpec, SceneFacts | BadScene]:
    """The job, and the scene that its first layer renders."""
    if not layers:
        scene = read(request.scene)
        return build_job(request, scene), scene
    paths = [request_of(layer, request).scene for layer in layers]
    scenes = {path: read(path) for path in dict.fromkeys(paths)}
    return build_layers(request, layers, scenes), scenes[paths[0]]


def _all_wait(spec: JobSpec, nodes: Sequence[Node]) -> list[str]:
    """What keeps any of the layers, each thing once."""
    return list(dict.fromkeys(told for layer in spec.layers for told in waits(layer, nodes)))


def _scene(path: str) -> SceneFacts | BadScene:
    if not path.startswith("/"):  # told by build_job; never looked up in our own folder
        return BadScene(f"scene {path!r}: only an absolute path means the same here and on nodes")
    try:
        return read_scene(path)
    except BadScene as error:
        return error


def _submitted(job_id: str, spec: JobSpec, warnings: list[str]) -> SubmittedOut:
    layer = spec.layers[0]
    return SubmittedOut(
        id=job_id,
        production=spec.production,
        name=spec.name,
        frames=layer.frames,
        tasks=sum(len(Frames(one.frames)) for one in spec.layers if not one.reel),
        output=layer.settings.output + layer.settings.extension,
        sent=layer.settings.is_sent,
        warnings=warnings,
    )
