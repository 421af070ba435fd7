"""The place of a lease whose job was sent: files come from the content store, images go there.

The project's root "/" is a tree in the node's cache, and that of its results a folder of the
lease's own. The promise: an image is the frame's only when the fenced settle names its digest;
until then nobody sees it, so a late attempt can do no harm, and a killed worker leaves nothing but
a file that nothing names, which is collected some day.
"""

import contextlib
import logging
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from farm.model.errors import (
    BadManifest,
    BadRequest,
    FarmError,
    FilesNotSent,
    NotFound,
    WrongDigest,
)
from farm.model.frames import Frames
from farm.model.job import LayerKind
from farm.model.lease import Lease, TaskInHand
from farm.model.manifest import Manifest
from farm.model.render import RenderSettings
from farm.model.states import Outcome
from workers.attempt import BadTask
from workers.cache.cache import NodeCache, is_full
from workers.gather import gather
from workers.job_files import JobFiles
from workers.orders import Orders
from workers.place import thumbnail_of
from workers.renderer import NodeUnfit, Rendered, RenderRequest, Tell

log = logging.getLogger("karst.worker")

MOST_LOG_BYTES = 4 * 1024 * 1024  #: what the service takes
_HEAD_BYTES = 64 * 1024  #: of a longer log: the command and how it began
_LEFT_OUT = "\n# … the middle of this log was left out …\n".encode()
QUIET_SECONDS = 30.0  #: after a log that could not be sent, others do not wait for the same


class SentPlace:
    """Of one lease."""

    def __init__(
        self, lease: Lease, *, cache: NodeCache, files: JobFiles, results: Path, orders: Orders
    ) -> None:
        """`results` is a folder for what the lease makes; it is removed in the end.

        Raises BadManifest for a manifest that is none.
        """
        self._lease = lease
        self._sent = lease.spec.settings
        self._cache = cache
        self._files = files
        self._results = results
        self._orders = orders
        self._frames = Frames(lease.spec.frames)
        self._tree = cache.tree(self._sent.manifest)
        self._no_logs_until = 0.0
        self._is_prepared = False
        cache.hold(self._sent.manifest)
        self.settings: RenderSettings = replace(
            self._sent,
            scene=f"{self._tree}{self._sent.scene}",
            output=f"{results}{self._sent.output}",
            manifest="",
        )

    def request(self, task: TaskInHand) -> RenderRequest:
        return RenderRequest(
            job=self._lease.job,
            frame=self._frames[task.index],
            attempt=task.attempt,
            settings=self.settings,
            lease=self._lease.id,
            thumbnail=thumbnail_of(self._results, self._lease, task),
            fixed=str(self._tree),
        )

    def prepare(self, tell: Tell) -> None:
        """Have the project's tree; a sheet or a movie needs none."""
        if self._is_prepared:
            return
        if not all(_stays_inside(one) for one in (self._sent.scene, self._sent.output)):
            raise BadTask("scene and output must be paths inside the project: submit the job again")
        try:
            self._results.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = error.strerror or str(error)
            raise NodeUnfit(f"folder {self._results} cannot be made: {why}") from error
        if self._lease.spec.kind is LayerKind.RENDER:
            manifest = self._bring(tell)
            if manifest.get(self._sent.scene[1:]) is None:
                raise BadTask(f"scene {self._sent.scene[1:]} is not among the files that were sent")
        self._is_prepared = True

    def _bring(self, tell: Tell) -> Manifest:
        for is_last in (False, True):
            try:
                return self._cache.bring(self._sent.manifest, self._files, self._orders, tell)
            except OSError as error:
                if is_last or not is_full(error):
                    why = error.strerror or str(error)
                    raise NodeUnfit(f"cannot keep the job's files in the cache: {why}") from error
                self._cache.empty()
            except (BadManifest, FilesNotSent, NotFound, WrongDigest) as error:
                raise BadTask(str(error)) from error
            except FarmError as error:
                raise NodeUnfit(f"cannot fetch the job's files: {error}") from error
        raise AssertionError("the last try ends the loop")

    def thumbnails(self, frames: Iterable[int], tell: Tell) -> Mapping[int, Path]:
        reel = self._lease.spec.reel
        assert reel is not None, f"layer {self._lease.layer} has no reel"
        return gather(
            self._files,
            reel.layer,
            frames,
            folder=self._results / "reel",
            orders=self._orders,
            tell=tell,
        )

    def publish(self, request: RenderRequest, rendered: Rendered, tell: Tell) -> Rendered:
        image = _image(request)
        try:
            digest = self._files.keep(image, self._orders, tell)
        except (BadRequest, NotFound) as error:
            reason = f"the image cannot be sent: {error}"
            return replace(rendered, outcome=Outcome.FAILED, reason=reason)
        except FarmError as error:
            raise NodeUnfit(f"cannot send an image: {error}") from error
        except OSError as error:
            raise NodeUnfit(f"cannot read {image}: {error.strerror or error}") from error
        self._show(request)
        return replace(rendered, image_digest=digest)

    def _show(self, request: RenderRequest) -> None:
        """Send the thumbnail; without one, a frame is a frame all the same."""
        try:
            if request.thumbnail is not None and request.thumbnail.exists():
                data = request.thumbnail.read_bytes()
                self._files.put_thumbnail(self._lease.spec.name, request.frame, data)
        except (FarmError, OSError) as error:
            log.warning("no thumbnail for job %s frame %d: %s", request.job, request.frame, error)

    def discard(self, request: RenderRequest) -> None:
        _image(request).unlink(missing_ok=True)

    def plain(self, rendered: Rendered) -> Rendered:
        """What is told of files is told with the project's paths."""

        def plain(text: str) -> str:
            return text.replace(str(self._tree), "").replace(str(self._results), "")

        return replace(
            rendered,
            reason=plain(rendered.reason),
            log_tail=tuple(plain(line) for line in rendered.log_tail),
        )

    def end_attempt(self, request: RenderRequest) -> None:
        """Send the log, if that is easily done, and clear away what the attempt has left."""
        written = _log(request)
        try:
            if written.exists() and time.monotonic() > self._no_logs_until:
                self._files.put_log(
                    self._lease.spec.name, request.frame, request.attempt, _shortened(written)
                )
        except (FarmError, OSError) as error:
            self._no_logs_until = time.monotonic() + QUIET_SECONDS
            log.warning("no log for job %s frame %d: %s", request.job, request.frame, error)
        with contextlib.suppress(OSError):
            for path in (_image(request), written, request.thumbnail):
                if path is not None:
                    path.unlink(missing_ok=True)

    def close(self) -> None:
        shutil.rmtree(self._results, ignore_errors=True)
        self._cache.release(self._sent.manifest)


def _stays_inside(path: str) -> bool:
    return path.startswith("/") and ".." not in path.split("/")


def _image(request: RenderRequest) -> Path:
    return Path(
        request.settings.attempt_path(
            request.frame, job=request.job, attempt=request.attempt, lease=request.lease
        )
    )


def _log(request: RenderRequest) -> Path:
    return Path(request.settings.log_path(request.frame, job=request.job, attempt=request.attempt))


def _shortened(path: Path) -> bytes:
    """A log without its middle, where it is longer than the service takes."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size <= MOST_LOG_BYTES:
            return file.read()
        head = file.read(_HEAD_BYTES)
        file.seek(size - (MOST_LOG_BYTES - _HEAD_BYTES - len(_LEFT_OUT)))
        return head + _LEFT_OUT + file.read(MOST_LOG_BYTES - _HEAD_BYTES - len(_LEFT_OUT))
