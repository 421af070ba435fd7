"""What a new job waits for, as the step that stores it takes it: words, and maps of tasks.

The forms are those of lua/_edges.lua and lua/_linking.lua.
"""

import struct
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from farm.model.dependencies import NOBODY, After, Match, Release, fault_of_offset, frame_sources
from farm.model.errors import BadRequest, NotFound
from farm.model.frames import Frames
from farm.model.job import Job, JobSpec, LayerSpec
from farm.model.states import JobState

_NOBODY = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Links:
    """Of a whole job: the edges of each layer, and the maps of those that need one."""

    edges: tuple[list[dict[str, str]], ...]
    maps: list[str | int | bytes] = field(default_factory=list)


def complete(spec: JobSpec, job_of: Callable[[str], Job]) -> tuple[JobSpec, Links]:
    """`spec` with what its job waits for told to each layer, and its links.

    `job_of` finds other jobs, of any production. Raises BadRequest with all that is wrong: an
    unknown job, or another production's, in the same words.
    """
    layers = tuple(replace(one, after=(*one.after, *spec.after)) for one in spec.layers)
    others: dict[str, Job] = {}
    faults = []
    for name in dict.fromkeys(one.job for layer in layers for one in layer.after if one.job):
        try:
            others[name] = _own_job(job_of, name, spec.production)
        except NotFound as error:
            faults.append(str(error))
    faults += [
        f"layer {layer.name} comes after {one}: {told}"
        for layer in layers
        for one in layer.after
        if one.job in others and (told := _fault(layer, one, others[one.job]))
    ]
    if faults:
        raise BadRequest("; ".join(dict.fromkeys(faults)))
    return replace(spec, layers=layers), _links(layers, others)


def _own_job(job_of: Callable[[str], Job], name: str, production: str) -> Job:
    job = job_of(name)
    if job.production != production:
        raise NotFound(f"no job {name}; `farm jobs ls` shows the jobs there are")
    return job


def _fault(layer: LayerSpec, one: After, job: Job) -> str:
    if not one.layer:
        broken = job.state in {JobState.FAILED, JobState.CANCELLED}
        if not broken or one.release is Release.END:
            return ""
        mend = f"retry it first (farm jobs retry {job.id}), or wait for its end only"
        return f"it is {job.state}: {mend}"
    found = {other.spec.name: other.spec.frames for other in job.layers}
    if one.layer not in found:
        return f"that job has no such layer; it has: {', '.join(found)}"
    if one.match is not Match.FRAME:
        return ""
    return fault_of_offset(one, layer.frames, found[one.layer], own=False)


def _links(layers: Sequence[LayerSpec], others: Mapping[str, Job]) -> Links:
    own = {layer.name: (str(number), layer.frames) for number, layer in enumerate(layers, 1)}
    links = Links(tuple([] for _ in layers))
    for number, layer in enumerate(layers, 1):
        for place, one in enumerate(layer.after, 1):
            source, frames = _source(one, own, others)
            shift = ""
            if one.match is Match.FRAME:
                same = source == str(number)
                found = frame_sources(Frames(layer.frames), Frames(frames), one.offset, own=same)
                count = len(Frames(frames))
                step = shift_of(found, count, own=same)
                if step is None:
                    links.maps.extend((number, place, *packed(found, count)))
                else:
                    shift = str(step)
            links.edges[number - 1].append(
                {
                    "source": source,
                    "match": str(one.match),
                    "release": str(one.release),
                    "shift": shift,
                }
            )
    return links


def _source(
    one: After, own: Mapping[str, tuple[str, str]], others: Mapping[str, Job]
) -> tuple[str, str]:
    """The layer or job at the other end, as lua/_linking.lua names it, and its frames."""
    if not one.job:
        return own[one.layer]
    if not one.layer:
        return f"j{one.job}", ""
    return next(
        (it.id, it.spec.frames) for it in others[one.job].layers if it.spec.name == one.layer
    )


def shift_of(sources: "array[int]", count: int, *, own: bool) -> int | None:
    """How far `sources` are from their tasks where that is the same for all; None where not.

    Before the first of `count` sources there is none; behind the last one it stands in.
    """
    first = next((task for task, at in enumerate(sources) if at != NOBODY), None)
    if first is None:
        return None
    step = sources[first] - first
    last = NOBODY if own else count - 1
    expected = array(
        "i",
        (
            NOBODY if at < 0 else at if at < count else last
            for at in range(step, step + len(sources))
        ),
    )
    return step if expected == sources else None


def packed(sources: "array[int]", count: int) -> tuple[bytes, bytes]:
    """`sources`, and where the users of each of `count` sources begin, with the users behind."""
    users: list[list[int]] = [[] for _ in range(count)]
    for task, at in enumerate(sources):
        if at != NOBODY:
            users[at].append(task)
    begins = [0]
    for some in users:
        begins.append(begins[-1] + len(some))
    flat = [user for some in users for user in some]
    return _u32(_NOBODY if at == NOBODY else at for at in sources), _u32([*begins, *flat])


def _u32(numbers: Iterable[int]) -> bytes:
    found = list(numbers)
    return struct.pack(f"<{len(found)}I", *found)
