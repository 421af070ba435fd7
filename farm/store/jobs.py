"""Jobs in the store: submit, ask, and steer them."""

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from farm.model.errors import BadRequest, Conflict, NotFound
from farm.model.frames import Frames
from farm.model.job import Job, JobSpec, Layer, TaskCounts
from farm.model.resources import Cores
from farm.model.states import JobState, TaskState
from farm.store import keys
from farm.store.bounds import bound_word
from farm.store.chosen import chosen_layers, slices
from farm.store.connection import Connection, new_id
from farm.store.dependencies import complete
from farm.store.energy import job_energy
from farm.store.images import all_images
from farm.store.records import read_cores, read_layer_spec
from farm.store.submitting import job_document, unknown_limit

KEY_SECONDS = 86_400  #: how long a submit's idempotency key is remembered
RETRYABLE = frozenset({TaskState.FAILED, TaskState.CANCELLED})
_PAGE = 256


class JobStore:
    """One method per step on jobs."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`."""
        self._connection = connection

    def submit(self, spec: JobSpec, *, key: str) -> str:
        """Store a job, all of it or nothing, and return its id.

        The same `key` within a day returns the same id and stores nothing.
        Raises BadRequest for a faulty spec, and for a limit that nobody has set;
        StoreUnavailable.
        """
        spec.check()
        try:
            spec, links = complete(spec, self.get)
        except BadRequest:
            if first := self._remembered(key):  # other jobs may have ended since
                return first
            raise
        document = job_document(spec, links)
        reply = self._connection.call("farm_submit", key, document, KEY_SECONDS, *links.maps)
        if reply[0] != "ok":
            raise unknown_limit(spec, *reply[1:])
        return str(reply[1])

    def _remembered(self, key: str) -> str:
        """The id of the job that was submitted under `key`; "" without one."""
        with self._connection.guard():
            found = self._connection.client.get(keys.request(key))
        return str(json.loads(found)[1]) if found else ""

    def get(self, job_id: str) -> Job:
        """The job with its layers. Raises NotFound."""
        for job in self._read([job_id]):
            return job
        raise NotFound(f"no job {job_id}; `farm jobs ls` shows the jobs there are")

    def some(self, ids: Sequence[str]) -> list[Job]:
        """Those of these jobs that are there, with their layers."""
        pages = (ids[first : first + _PAGE] for first in range(0, len(ids), _PAGE))
        return [job for page in pages for job in self._read(page)]

    def _read(self, ids: Sequence[str]) -> Iterator[Job]:
        """The jobs called `ids` with their layers, as far as they are there."""
        client = self._connection.client
        with self._connection.guard():
            pipeline = client.pipeline(transaction=False)
            for job_id in ids:
                pipeline.hgetall(keys.job(job_id))
            jobs = [fields for fields in pipeline.execute() if fields]
            pipeline = client.pipeline(transaction=False)
            for fields in jobs:
                for number in range(1, int(fields["layers"]) + 1):
                    layer_id = f"{fields['id']}.{number}"
                    pipeline.hgetall(keys.layer(layer_id))
                    pipeline.scard(keys.layer(layer_id, "leases"))
            found = iter(pipeline.execute() if jobs else ())
        for fields in jobs:
            pairs = [(next(found), next(found)) for _ in range(int(fields["layers"]))]
            yield _job(fields, tuple(_layer(layer, leases) for layer, leases in pairs))

    def production(self, job_id: str) -> str:
        """The production of the job. Raises NotFound."""
        found = self.productions([job_id])
        if job_id not in found:
            raise no_job(job_id)
        return found[job_id]

    def productions(self, ids: Collection[str]) -> dict[str, str]:
        """The production of each of these jobs that there is."""
        with self._connection.guard():
            pipeline = self._connection.client.pipeline(transaction=False)
            for job_id in ids:
                pipeline.hget(keys.job(job_id), "production")
            found = zip(ids, pipeline.execute() if ids else (), strict=True)
        return {job_id: str(production) for job_id, production in found if production is not None}

    def list(
        self,
        *,
        production: str | None = None,
        states: Collection[JobState] | None = None,
        limit: int = 100,
    ) -> list[Job]:
        """Jobs, newest first, without their layers; at most `limit` of those that match."""
        client, start, jobs = self._connection.client, 0, list[Job]()
        with self._connection.guard():
            while len(jobs) < limit:
                ids = client.zrevrange(keys.JOBS, start, start + _PAGE - 1)
                if not ids:
                    break
                start += len(ids)
                pipeline = client.pipeline(transaction=False)
                for job_id in ids:
                    pipeline.hgetall(keys.job(job_id))
                found = [_job(fields, ()) for fields in pipeline.execute() if fields]
                jobs += [
                    job
                    for job in found
                    if production in (None, job.production) and (not states or job.state in states)
                ]
        return jobs[:limit]

    def all(self) -> Iterator[Job]:
        """Every job there is with its layers, oldest first; a job may come twice."""
        start = 0
        while True:
            with self._connection.guard():
                ids = self._connection.client.zrange(keys.JOBS, start, start + _PAGE - 1)
            if not ids:
                return
            start += len(ids)
            yield from self._read(ids)

    def image_digests(self, job_id: str) -> Iterator[tuple[str, Sequence[str]]]:
        """Every image recorded for the job, whatever became of its task since.

        As (layer name, digests), many at a time. Raises NotFound.
        """
        for layer in self.get(job_id).layers:
            for digests in all_images(self._connection, layer.id):
                yield layer.spec.name, digests

    def pause(self, job_id: str, *, by: str = "") -> JobState:
        """Let tasks in hand finish and begin no others. Raises NotFound, Conflict when it ended."""
        return self._steer("pause", job_id, by)

    def resume(self, job_id: str, *, by: str = "") -> JobState:
        """Take back a pause. Raises NotFound, Conflict when the job ended."""
        return self._steer("resume", job_id, by)

    def cancel(self, job_id: str, *, by: str = "") -> int:
        """Cancel all open tasks, running ones too; returns how many. Raises NotFound, Conflict."""
        reply = self._connection.call("farm_cancel", new_id(), job_id, by)
        _check(reply, job_id, "cancel")
        return int(reply[1])

    def set_priority(self, job_id: str, priority: int) -> None:
        """Set the priority, 0 to 100. Raises NotFound."""
        if not self._connection.call("farm_priority", job_id, priority):
            raise NotFound(f"no job {job_id}; `farm jobs ls` shows the jobs there are")

    def set_bounds(
        self,
        job_id: str,
        *,
        most_tasks: int | None = None,
        most_cores: Cores | None = None,
        least_tasks: int | None = None,
    ) -> None:
        """Bound what the job may have at once; 0 is no bound, None leaves it as it is.

        What it has beyond a lowered bound goes at the next task boundaries.
        Raises NotFound, BadRequest.
        """
        words = [bound_word(most_tasks), bound_word(most_cores), bound_word(least_tasks)]
        if not self._connection.call("farm_bounds", "job", job_id, "", *words):
            raise no_job(job_id)

    def retry(
        self,
        job_id: str,
        *,
        states: Collection[TaskState] = RETRYABLE,
        frames: Frames | None = None,
        layer: str | None = None,
        request: str = "",
    ) -> int:
        """Make tasks in `states` ready again; returns how many.

        Only those of `frames` and of the layer called `layer`, if given; frames alone mean those
        of the layers that render. What comes after a layer is held until it is done again, and
        is not among those counted. A repeated `request` returns the first answer.
        Raises NotFound, BadFrames.
        """
        request = request or new_id()
        wanted = ",".join(sorted(states))
        calls = [
            (f"{request}:{one.id}:{number}", one.id, wanted, *words)
            for one in chosen_layers(self.get(job_id), frames, layer)
            for number, words in enumerate(slices(one, frames))
        ]
        return sum(int(self._connection.call("farm_retry", *words)[0]) for words in calls)

    def _steer(self, event: str, job_id: str, by: str) -> JobState:
        reply = self._connection.call("farm_pause", job_id, event, by)
        _check(reply, job_id, event)
        return JobState(reply[1])


def no_job(job_id: str) -> NotFound:
    """What everybody is told who names a job that is not, or not theirs to see."""
    return NotFound(f"no job {job_id}; `farm jobs ls` shows the jobs there are")


def _check(reply: Sequence[Any], job_id: str, verb: str) -> None:
    if reply[0] == "no job":
        raise NotFound(f"no job {job_id}; `farm jobs ls` shows the jobs there are")
    if reply[0] == "no":
        raise Conflict(f"cannot {verb} job {job_id}: it is {reply[1]}")


def counts_of(fields: dict[str, str]) -> TaskCounts:
    """The counters in the hash of a layer or a job."""
    return TaskCounts(**{state: int(fields.get(state, 0)) for state in TaskState})


def _layer(fields: dict[str, str], leases: int) -> Layer:
    return Layer(
        id=fields["id"],
        spec=read_layer_spec(fields["spec"]),
        counts=counts_of(fields),
        leases=leases,
        render_seconds=int(fields["render_ms"]) / 1000,
        render_squares=float(fields.get("render_squares", 0)),
        rendered=int(fields.get("rendered", 0)),
        peak_memory_bytes=int(fields.get("peak_kib", 0)) * 1024,
        out_of_memory=int(fields.get("oom", 0)),
        out_of_memory_bytes=int(fields.get("oom_kib", 0)) * 1024,
    )


def _job(fields: dict[str, str], layers: tuple[Layer, ...]) -> Job:
    ended = fields.get("ended_ms")
    return Job(
        id=fields["id"],
        production=fields["production"],
        name=fields["name"],
        owner=fields["owner"],
        priority=int(fields["priority"]),
        state=JobState(fields["state"]),
        created_at=int(fields["created_ms"]) / 1000,
        ended_at=int(ended) / 1000 if ended else None,
        counts=counts_of(fields),
        layers=layers,
        group=fields.get("group", ""),
        most_tasks=int(fields.get("most_tasks", 0)),
        most_cores=read_cores(fields.get("most_cores", "0")),
        least_tasks=int(fields.get("least_tasks", 0)),
        start_at=int(fields.get("start_ms", 0)) / 1000,
        deadline_at=int(fields.get("deadline_ms", 0)) / 1000,
        paused_why=fields.get("paused_why", ""),
        fail_after=int(fields.get("fail_after", 0)),
        energy_joules=job_energy(fields).joules,
        energy_modelled_joules=job_energy(fields).modelled_joules,
    )
