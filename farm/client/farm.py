"""The farm for pipeline programs: submit a scene, watch the job, bring its images.

with Farm() as farm:
    job = farm.submit("shots/010/shot.blend", frames="1-24")
    for frame in job.pull(follow=True):
        print(frame.path)
"""

import getpass
import os
from collections.abc import Collection
from pathlib import Path
from typing import Unpack

from farm.client.client import Client
from farm.client.job import Job
from farm.client.patience import Tell, tell_nobody
from farm.client.studio import Cargo, Gathering
from farm.client.submit import Submitted, Submitter, Wishes
from farm.client.transfer import OnTransfer, show_nobody
from farm.settings import service_address


class Farm:
    """A farm, by its service. What is not given comes from FARM_URL, farm.toml and so on."""

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        ca: str | None = None,
        client: Client | None = None,
        tell: Tell = tell_nobody,
    ) -> None:
        """Prepare; nothing is sent yet. `tell` hears notes, and why something takes long."""
        self.client = client or _client(url, token, ca)
        self._tell = tell

    def __enter__(self) -> "Farm":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def job(self, number: str | int) -> Job:
        """The job of that number. Nothing is asked yet."""
        return Job(self.client, str(number), tell=self._tell)

    def jobs(
        self, *, production: str | None = None, states: Collection[str] = (), limit: int = 100
    ) -> list[Job]:
        """Jobs, newest first."""
        found = self.client.jobs(production=production, states=states, limit=limit)
        return [self.job(one["id"]) for one in found]

    def submit(
        self,
        scene: str | Path,
        *,
        in_place: bool | None = None,
        project: str | Path | None = None,
        tracer: str = "auto",
        allow_missing: bool = False,
        on_transfer: OnTransfer = show_nobody,
        **wishes: Unpack[Wishes],
    ) -> Job:
        """Submit `scene` with `wishes`; its job. What the farm does not have is sent first.

        `in_place` says whether the farm reads the files where they lie; None: when it does on this
        machine. `project` is the folder that all files belong to, `tracer` how they are found,
        and with `allow_missing` those that are not there are done without, on the nodes too.

        Raises BadRequest and its children for what has to be mended first (BadScene,
        MissingAssets, BadFrames …), NotAllowed, StorageFull, ServiceUnavailable. Given again after
        it was broken off, it sends only the rest and makes no second job.
        """
        how = Gathering(project=_path(project), tracer=tracer, allow_missing=allow_missing)
        done = self.submitted(scene, wishes, in_place=in_place, how=how, on_transfer=on_transfer)
        for warning in done.answer["warnings"]:
            self._tell(f"note: {warning}")
        return self.job(done.answer["id"])

    def submitted(
        self,
        scene: str | Path,
        wishes: Wishes,
        *,
        in_place: bool | None,
        how: Gathering,
        on_transfer: OnTransfer = show_nobody,
    ) -> Submitted:
        """As `submit`, with all that the service answered and what was sent."""
        asked: Wishes = {"owner": user(), **wishes}
        submitter = Submitter(self.client, tell=self._tell, on_transfer=on_transfer)
        return submitter.submit(absolute(scene), asked, in_place=in_place, how=how)

    def would_send(
        self,
        scene: str | Path,
        wishes: Wishes,
        *,
        in_place: bool | None,
        how: Gathering,
        on_transfer: OnTransfer = show_nobody,
    ) -> Cargo | None:
        """What `submit` would send; None where nothing has to travel. Sends nothing."""
        submitter = Submitter(self.client, tell=self._tell, on_transfer=on_transfer)
        return submitter.look(absolute(scene), wishes, in_place=in_place, how=how)


def _client(url: str | None, token: str | None, ca: str | None) -> Client:
    to = service_address(url, token=token, ca=ca)
    return Client(to.url, token=to.token, ca=to.ca)


def absolute(path: str | Path) -> Path:
    """`path` from the working folder, its links unresolved, as farm and scene may see them."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.resolve follows links


def user() -> str:
    """Who runs this."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        return str(os.getuid())


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else absolute(path)
