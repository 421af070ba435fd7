"""What a person changes in a job that is there: frames skipped."""

from farm.model.frames import Frames
from farm.store.chosen import chosen_layers, slices
from farm.store.connection import Connection, new_id
from farm.store.jobs import JobStore


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
