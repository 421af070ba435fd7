"""Where jobs stand: read without their specs, so that thousands can be looked at at once."""

from collections.abc import Iterator, Mapping, Sequence

from farm.model.names import job_of_layer
from farm.model.standing import JobStanding, LayerStanding, Source
from farm.model.states import JobState
from farm.store import keys
from farm.store.connection import Connection

Fields = Mapping[str, str | None]

_JOB = ("production", "state", "priority", "created_ms", "layers", "group", "start_ms")
_PAUSE = ("paused_by", "paused_ms", "paused_why")
_LAYER = ("name", "blocked", "ready", "running", "unstarted", "limits", "after")
_SOURCE = ("name", "open", "succeeded", "skipped", "failed", "cancelled")
_PAGE = 256  #: jobs in one go


class StandingQuestions:
    """Reads where jobs stand."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`."""
        self._connection = connection

    def of(self, ids: Sequence[str]) -> list[JobStanding]:
        """Where these jobs stand, as far as they are there."""
        pages = (ids[first : first + _PAGE] for first in range(0, len(ids), _PAGE))
        return [job for page in pages for job in self._page(page)]

    def open_jobs(self) -> list[JobStanding]:
        """Where every job stands that has work left, by number."""
        with self._connection.guard():
            ids = self._connection.client.smembers(keys.OPEN_JOBS)
        return self.of(sorted(ids, key=int))

    def _page(self, ids: Sequence[str]) -> Iterator[JobStanding]:
        found = self._hashes([keys.job(one) for one in ids], (*_JOB, *_PAUSE))
        jobs = {one: job for one, job in zip(ids, found, strict=True) if job["production"]}
        layer_ids = [
            f"{one}.{number}"
            for one, job in jobs.items()
            for number in range(1, int(job["layers"] or 0) + 1)
        ]
        hashes = self._hashes([keys.layer(one) for one in layer_ids], _LAYER)
        layers = dict(zip(layer_ids, hashes, strict=True))
        sources, leases = self._sources(layers), self._leases(layers)
        standing: dict[str, list[LayerStanding]] = {one: [] for one in jobs}
        for one, layer in layers.items():
            job_id = job_of_layer(one)
            waits = tuple(sources[job_id, word] for word in _waits(layer))
            standing[job_id].append(_layer(one, layer, waits, leases.get(one, 0)))
        for one, job in jobs.items():
            yield _job(one, job, tuple(standing[one]))

    def _sources(self, layers: Mapping[str, Fields]) -> dict[tuple[str, str], Source]:
        """What blocked layers wait for, by their job and the word that names it in `after`."""
        waits = sorted(
            {(job_of_layer(one), word) for one, f in layers.items() for word in _waits(f)}
        )
        others = [_other(word) for _, word in waits]
        at = [keys.job(other[1:]) if other[0] == "j" else keys.layer(other) for other in others]
        found = self._hashes(at, _SOURCE)
        return {
            (job, word): _source(word, fields, job)
            for (job, word), fields in zip(waits, found, strict=True)
        }

    def _leases(self, layers: Mapping[str, Fields]) -> dict[str, int]:
        """How many leases those layers have that may have any."""
        ids = [one for one, f in layers.items() if f["running"] != "0" or f["unstarted"] != "0"]
        pipeline = self._connection.client.pipeline(transaction=False)
        for one in ids:
            pipeline.scard(keys.layer(one, "leases"))
        with self._connection.guard():
            return dict(zip(ids, pipeline.execute() if ids else (), strict=True))

    def _hashes(self, at: Sequence[str], fields: Sequence[str]) -> list[Fields]:
        """These fields of the hashes at these keys."""
        pipeline = self._connection.client.pipeline(transaction=False)
        for key in at:
            pipeline.hmget(key, *fields)
        with self._connection.guard():
            found = pipeline.execute() if at else []
        return [dict(zip(fields, values, strict=True)) for values in found]


def _waits(layer: Fields) -> list[str]:
    """What blocked tasks of `layer` wait for, a word for each; the layer's id or j and a job's."""
    return (layer["after"] or "").split() if layer["blocked"] != "0" else []


def _other(word: str) -> str:
    return word.partition(":")[0]


def _source(word: str, fields: Fields, home: str) -> Source:
    other = _other(word)
    succeeded, skipped, failed, cancelled, left = (
        int(fields[name] or 0) for name in ("succeeded", "skipped", "failed", "cancelled", "open")
    )
    ended = failed + cancelled
    job = job_of_layer(other)
    if other[0] == "j":
        what = f"job {other[1:]}"
    else:
        what = f"layer {fields['name']}" + ("" if job == home else f" of job {job}")
    return Source(
        what=what,
        done=succeeded + skipped + (ended if ":end:" in word else 0),
        total=succeeded + skipped + ended + left,
    )


def _layer(
    layer_id: str, fields: Fields, sources: tuple[Source, ...], leases: int
) -> LayerStanding:
    blocked, ready, running, unstarted = (
        int(fields[name] or 0) for name in ("blocked", "ready", "running", "unstarted")
    )
    return LayerStanding(
        id=layer_id,
        name=fields["name"] or "",
        blocked=blocked,
        ready=ready,
        running=running,
        unstarted=unstarted,
        leases=leases,
        limits=tuple((fields["limits"] or "").split()),
        sources=sources,
    )


def _job(job_id: str, fields: Fields, layers: tuple[LayerStanding, ...]) -> JobStanding:
    paused = fields["paused_ms"]
    return JobStanding(
        id=job_id,
        production=fields["production"] or "",
        state=JobState(fields["state"] or ""),
        priority=int(fields["priority"] or 0),
        created_at=int(fields["created_ms"] or 0) / 1000,
        group=fields["group"] or "",
        start_at=float(fields["start_ms"] or 0) / 1000,
        paused_by=fields["paused_by"] or "",
        paused_why=fields["paused_why"] or "",
        paused_at=int(paused) / 1000 if paused else None,
        layers=layers,
    )
