"""Where the files of one lease lie, and how its images become the farm's.

There are two ways (docs/decisions/003): on storage that the nodes share, where an image becomes the
frame's by a rename; or sent, where it becomes the frame's by the settle that names its digest.
"""

import contextlib
import logging
import secrets
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from farm.model.errors import LeaseLost
from farm.model.frames import Frames
from farm.model.job import LayerKind
from farm.model.lease import Lease, TaskInHand
from farm.model.render import RenderSettings
from farm.model.states import Outcome
from workers.publish import discard, publish
from workers.renderer import Rendered, RenderRequest, Tell

log = logging.getLogger("karst.worker")


class Place(Protocol):
    """Of one lease, used by the thread of its slot."""

    settings: RenderSettings  #: of the layer, with paths of this node

    def request(self, task: TaskInHand) -> RenderRequest:
        """The attempt at `task`, with paths of this node."""
        ...

    def prepare(self, tell: Tell) -> None:
        """Have there what the renderer reads. Cheap once it is.

        Raises Stopped when the lease is to leave meanwhile, BadTask, NodeUnfit.
        """
        ...

    def thumbnails(self, frames: Iterable[int], tell: Tell) -> Mapping[int, Path]:
        """The thumbnails of the layer that the reel shows, by frame; those that there are.

        Raises Stopped when killed meanwhile, NodeUnfit.
        """
        ...

    def publish(self, request: RenderRequest, rendered: Rendered, tell: Tell) -> Rendered:
        """Give the farm the checked image of an attempt that has just been confirmed.

        Answers what became of the attempt. Raises Stopped when killed meanwhile, NodeUnfit.
        """
        ...

    def discard(self, request: RenderRequest) -> None:
        """The attempt does not count: its image goes."""
        ...

    def plain(self, rendered: Rendered) -> Rendered:
        """The same, told in words that mean something elsewhere, too."""
        ...

    def end_attempt(self, request: RenderRequest) -> None:
        """Whatever came of it, the attempt is over."""
        ...

    def close(self) -> None:
        """The lease has ended."""
        ...


class SharedPlace:
    """On storage that the nodes share: everything lies where the settings say."""

    def __init__(self, lease: Lease, *, temporary: Path) -> None:
        """`temporary` is a folder of the node's own, for thumbnails until they count."""
        self.settings = lease.spec.settings
        self._lease = lease
        self._temporary = temporary
        self._frames = Frames(lease.spec.frames)

    def request(self, task: TaskInHand) -> RenderRequest:
        return RenderRequest(
            job=self._lease.job,
            frame=self._frames[task.index],
            attempt=task.attempt,
            settings=self.settings,
            lease=self._lease.id,
            thumbnail=thumbnail_of(self._temporary, self._lease, task),
        )

    def prepare(self, tell: Tell) -> None:
        """All is there already, or it is not for us to bring."""

    def thumbnails(
        self,
        frames: Iterable[int],
        tell: Tell,  # noqa: ARG002 - it does not take long
    ) -> Mapping[int, Path]:
        reel = self._lease.spec.reel
        assert reel is not None, f"layer {self._lease.layer} has no reel"
        images = reel.render_settings(self.settings.scene, self.settings.manifest)
        paths = {frame: Path(images.thumbnail_path(frame)) for frame in frames}
        return {frame: path for frame, path in paths.items() if path.is_file()}

    def publish(
        self,
        request: RenderRequest,
        rendered: Rendered,
        tell: Tell,  # noqa: ARG002 - a rename does not take long
    ) -> Rendered:
        try:
            publish(request)
        except LeaseLost as error:
            return replace(rendered, outcome=Outcome.SUPERSEDED, reason=str(error))
        except OSError as error:
            final = request.settings.image_path(request.frame)
            reason = f"the image cannot be moved to {final}: {error.strerror or error}"
            return replace(rendered, outcome=Outcome.FAILED, reason=reason)
        self._show(request)
        return rendered

    @staticmethod
    def _show(request: RenderRequest) -> None:
        """Put the thumbnail beside the image; without one, a frame is a frame all the same."""
        if request.thumbnail is None or not request.thumbnail.exists():
            return
        final = Path(request.settings.thumbnail_path(request.frame))
        draft = final.with_name(f".{secrets.token_hex(8)}.draft")
        try:
            final.parent.mkdir(exist_ok=True)
            shutil.copyfile(request.thumbnail, draft)
            draft.replace(final)
        except OSError as error:
            log.warning("no thumbnail for %s: %s", final, error)
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)

    def discard(self, request: RenderRequest) -> None:
        discard(request)

    def plain(self, rendered: Rendered) -> Rendered:
        return rendered

    def end_attempt(self, request: RenderRequest) -> None:
        if request.thumbnail is not None:
            request.thumbnail.unlink(missing_ok=True)

    def close(self) -> None:
        """Nothing was brought, nothing is to be cleared."""


def thumbnail_of(folder: Path, lease: Lease, task: TaskInHand) -> Path | None:
    """Where a renderer leaves the thumbnail of an attempt; a movie has none."""
    if lease.spec.kind is LayerKind.MOVIE:
        return None
    return folder / f"{lease.id}.{task.index}.{task.attempt}.jpg"


def all_of(frames: str) -> list[int]:
    """Every frame that the text tells, in its order."""
    told = Frames(frames)
    return [told[index] for index in range(len(told))]
