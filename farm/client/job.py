"""A job on the farm: watch it, bring its images, steer it."""

import contextlib
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from farm.client.client import Client
from farm.client.hashes import HashCache
from farm.client.homes import Homes, SentProject
from farm.client.inbound import Inbound, PulledFrame
from farm.client.landing import Landing
from farm.client.patience import Patience, Tell, tell_nobody
from farm.client.progress import Progress
from farm.client.pulling import LOOK_SECONDS, Pulling, Wanted
from farm.client.transfer import OnTransfer, show_nobody
from farm.model.resources import Cores
from farm.model.states import JobState
from farm.wire import Answer


class Job:
    """One job of a farm. Nothing is asked before it is needed."""

    def __init__(self, client: Client, number: str, *, tell: Tell = tell_nobody) -> None:
        self.id = number
        self._client = client
        self._tell = tell

    def __repr__(self) -> str:
        return f"Job({self.id!r})"

    @property
    def state(self) -> JobState:
        """What it is at this moment."""
        return JobState(self._client.progress(self.id)["state"])

    def details(self) -> Answer:
        """All that the farm knows of it, as the service's OpenAPI page describes it."""
        return self._client.job(self.id)

    def why(self, *, frame: int | None = None, layer: str | None = None) -> str:
        """Why it waits, or what has become of it: one plain sentence, or two."""
        return str(self._client.why(self.id, frame=frame, layer=layer)["sentence"])

    def progress(self) -> Progress:
        """How far it is at this moment."""
        return Progress.of(self._client.progress(self.id))

    def watch(self, *, every_seconds: float = LOOK_SECONDS) -> Iterator[Progress]:
        """How far it is, again and again until it is over; the last one says so.

        A farm that is away for a while is waited for. Raises NotFound, ServiceUnavailable.
        """
        patience = Patience(self._tell)
        while True:
            progress = patience.ask(self.progress)
            yield progress
            if progress.is_over:
                return
            time.sleep(every_seconds)

    def wait(self) -> JobState:
        """Wait until it is over; how it ended."""
        *_, last = self.watch()
        return last.state

    def project(self) -> SentProject | None:
        """Where it came from, if it was sent from this machine."""
        found = self.details()
        with contextlib.closing(Homes()) as homes:
            return homes.project_of(
                self._client.url, self.id, production=found["production"], name=found["name"]
            )

    def pull(
        self,
        to: str | Path | None = None,
        *,
        follow: bool = False,
        frames: str | None = None,
        layer: str | None = None,
        overwrite: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
        on_transfer: OnTransfer = show_nobody,
    ) -> Iterator[PulledFrame]:
        """Bring finished images to `to`, each under its path inside the project, as they come.

        `to` is the project's own folder where it was sent from this machine, else the working
        folder. With `follow` it goes on until the job is over. An image that is there already is
        not brought again; another file of its name, which no pull brought, is left unless
        `overwrite`. Raises NotFound, BadRequest, StorageFull, ServiceUnavailable.
        """
        patience = Patience(self._tell, url=self._client.url)
        found = patience.ask(self.details)
        wanted = Wanted(found["layers"], frames=frames, layer=layer)
        folder = Path(to) if to is not None else self.folder()
        with contextlib.closing(Homes()) as homes, contextlib.closing(HashCache()) as hashes:
            inbound = Inbound(
                self._client,
                self.id,
                Landing(folder, homes=homes, hashes=hashes),
                overwrite=overwrite,
                patience=patience,
                on_transfer=on_transfer,
            )
            pulling = Pulling(
                self._client, self.id, inbound=inbound, wanted=wanted, patience=patience
            )
            yield from pulling.follow(self.watch(), on_progress) if follow else pulling.once()

    def folder(self) -> Path:
        """Where `pull` brings images when it is not told."""
        project = self.project()
        return project.root if project is not None and project.root.is_dir() else Path.cwd()

    def pause(self, *, by: str = "") -> Answer:
        """Begin no more frames."""
        return self._client.pause(self.id, by=by)

    def resume(self, *, by: str = "") -> Answer:
        """Take back a pause."""
        return self._client.resume(self.id, by=by)

    def cancel(self, *, by: str = "") -> Answer:
        """Stop all frames; finished images stay."""
        return self._client.cancel(self.id, by=by)

    def retry(
        self,
        *,
        states: Collection[str] = (),
        frames: str | None = None,
        layer: str | None = None,
    ) -> Answer:
        """Render failed and cancelled frames again, or those in other `states`."""
        return self._client.retry(self.id, states=states, frames=frames, layer=layer)

    def skip(self, frames: str, *, layer: str | None = None, by: str = "") -> Answer:
        """Take `frames` as done without an image; what waits for them goes on."""
        return self._client.skip(self.id, frames=frames, layer=layer, by=by)

    def move(self, *, pool: str | None = None, group: str | None = None) -> Answer:
        """Move it to another pool ("" is any) or group; None leaves it as it is."""
        return self._client.move(self.id, pool=pool, group=group)

    def set_start(self, at: float) -> Answer:
        """Let nothing of it begin before `at`, seconds since 1970; 0 is at once."""
        return self._client.set_start(self.id, at)

    def set_deadline(self, at: float) -> Answer:
        """Want it by `at`, seconds since 1970; 0 is no deadline."""
        return self._client.set_deadline(self.id, at)

    def set_bounds(
        self,
        *,
        most_tasks: int | None = None,
        most_cores: Cores | None = None,
        least_tasks: int | None = None,
    ) -> Answer:
        """Bound what it has at once; 0 is no bound, None leaves it as it is."""
        return self._client.set_bounds(
            self.id, most_tasks=most_tasks, most_cores=most_cores, least_tasks=least_tasks
        )

    def set_priority(self, priority: int) -> Answer:
        """Set the priority, 0 to 100."""
        return self._client.set_priority(self.id, priority)
