"""What a person changes in a job that is there: its frames, place and times."""

from dataclasses import replace

from farm.model.errors import Conflict
from farm.model.frames import Frames
from farm.model.names import check_group, check_name
from farm.model.when import check_moment
from farm.store.chosen import chosen_layers, slices
from farm.store.connection import Connection, new_id
from farm.store.jobs import JobStore, no_job
from farm.store.records import write_layer_spec
from farm.store.still import write_layer_view


class Steering:
    """One method per verb; all may be said while the job runs."""

    def __init__(self, connection: Connection, jobs: JobStore) -> None:
        """Use `connection`, and `jobs` to find a job's layers."""
        self._connection = connection
        self._jobs = jobs

    def skip(
        self,
        job_id: str,
        frames: Frames,
        *,
        layer: str | None = None,
        by: str = "",
        request: str = "",
    ) -> int:
        """Take `frames` as done without an image, but those that succeeded; returns how many.

        Attempts in hand are stopped. Frames alone mean those of the layers that render. A repeated
        `request` returns the first answer. Raises NotFound, BadFrames.
        """
        request = request or new_id()
        calls = [
            (f"{request}:{one.id}:{number}", one.id, by, indices)
            for one in chosen_layers(self._jobs.get(job_id), frames, layer)
            for number, (_, _, indices) in enumerate(slices(one, frames))
        ]
        return sum(int(self._connection.call("farm_skip", *words)[0]) for words in calls)

    def move(self, job_id: str, *, pool: str | None = None, group: str | None = None) -> None:
        """Let `pool` serve the job ("" is any), or count it in `group`; None leaves it as it is.

        What runs finishes where it is, and the rest goes there. Raises NotFound, BadRequest.
        """
        if pool:
            check_name("pool", pool)
        if group:
            check_group(group)
        moved = [replace(one.spec, pool=pool or "") for one in self._jobs.get(job_id).layers]
        words = [word for one in moved for word in (write_layer_spec(one), write_layer_view(one))]
        words[:0] = ["1" if group is not None else "", group or ""]
        words[2:2] = ["1" if pool is not None else "", pool or ""]
        if not self._connection.call("farm_move", job_id, *words):
            raise no_job(job_id)

    def set_start(self, job_id: str, at: float) -> None:
        """Let nothing of the job begin before `at`, seconds since 1970; 0 is at once.

        What runs finishes. Raises NotFound, Conflict when it has ended, BadRequest.
        """
        ms = int(check_moment("start time", at) * 1000)
        reply = self._connection.call("farm_start_at", job_id, ms)
        if reply[0] == "no job":
            raise no_job(job_id)
        if reply[0] == "no":
            raise Conflict(f"cannot set the start of job {job_id}: it is {reply[1]}")

    def set_deadline(self, job_id: str, at: float) -> None:
        """Want the job by `at`, seconds since 1970; 0 is no deadline.

        Raises NotFound, BadRequest.
        """
        ms = int(check_moment("deadline", at) * 1000)
        if not self._connection.call("farm_deadline", job_id, ms):
            raise no_job(job_id)
