"""A renderer with a warm Blender: task after task in one process.

The promise: a render ends, one way or another. A Blender that crashes, hangs, fills the memory or
is no longer wanted is killed with all it started, the failure is told in plain words, and the next
task gets a fresh one.
"""

import contextlib
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from farm.blender import BlenderCommand
from farm.model.states import Outcome
from workers.attempt import AttemptFiles, BadTask, check_inputs
from workers.blender.asked import asked
from workers.blender.child import Child, ChildEnded, Spawner
from workers.blender.tally import Tally
from workers.blender.watch import Watch, how_it_died, kernel_kills
from workers.images import BadImage, ImageFacts, check_image
from workers.renderer import NodeUnfit, Rendered, RenderRequest

TASKS_PER_CHILD = 200  #: then a fresh one, against leaks of Blender's and its add-ons'
_LOOK_SECONDS = 0.5  #: how often limits and memory are looked at
_WAIT_FOR_STATUS_SECONDS = 2.0  #: between a closed line and the exit status behind it


class _Unsuccessful(Exception):
    """The attempt has ended without an image."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason


class BlenderSession:
    """A renderer with a Blender of its own, started when first needed."""

    def __init__(
        self,
        command: BlenderCommand,
        spawner: Spawner,
        *,
        tasks_per_child: int = TASKS_PER_CHILD,
        memory_limit_bytes: int | None = None,
        tally: Tally | None = None,
    ) -> None:
        """`memory_limit_bytes`: a Blender that has more than this after a task is replaced.

        `tally` counts what Blenders are started for.
        """
        self.cores: tuple[int, ...] = ()
        self.threads = 0
        self._command = command
        self._spawner = spawner
        self._tasks_per_child = tasks_per_child
        self._memory_limit_bytes = memory_limit_bytes
        self._tally = tally or Tally()
        self._lock = threading.Lock()  #: of the four below, which `stop` and `close` meet
        self._child: Child | None = None
        self._busy = False
        self._stopped = False
        self._closed = False
        self._scene: tuple[str, bool] | None = None  #: what the child has open, and its rights
        self._tasks = 0
        self._memory_bytes = 0

    @property
    def scene(self) -> tuple[str, bool] | None:
        """The scene that is open, and whether its own Python may run."""
        return self._scene

    @property
    def is_closed(self) -> bool:
        return self._closed

    @property
    def pid(self) -> int:
        """The process id of its Blender; 0: none runs."""
        child = self._child
        return child.pid if child else 0

    def render(self, request: RenderRequest, on_progress: Callable[[str], None]) -> Rendered:
        with self._lock:
            if self._closed:
                raise NodeUnfit("the renderer is closed: this worker is about to end")
            self._busy, self._stopped = True, False
        try:
            return self._render(request, on_progress)
        finally:
            with self._lock:
                self._busy = False
            if self.is_closed:
                self._end_child()

    def stop(self) -> None:
        with self._lock:
            if self._busy:
                self._stopped = True
                if self._child:
                    self._child.cut()

    def close(self) -> None:
        self.stop()
        with self._lock:
            self._closed = True
            busy = self._busy
        if not busy:
            self._end_child()

    def _render(self, request: RenderRequest, on_progress: Callable[[str], None]) -> Rendered:
        now = time.monotonic()
        watch = Watch(
            settings=request.settings,
            booked_bytes=request.memory_bytes,
            started_at=time.time(),
            begun=now,
            heard=now,
            kernel_kills=kernel_kills(),
        )
        try:
            files = AttemptFiles(request)
        except BadTask as error:
            return Rendered(
                outcome=Outcome.FAILED,
                started_at=watch.started_at,
                elapsed_seconds=0.0,
                reason=str(error),
            )
        try:
            check_inputs(request)
            reply = self._converse(request, files, watch, on_progress)
            image = self._check(request, reply, files, watch)
        except (_Unsuccessful, BadTask, BadImage) as error:
            return self._unsuccessful(error, files, watch)
        return _succeeded(reply, image, watch)

    def _check(
        self, request: RenderRequest, reply: dict[str, Any], files: AttemptFiles, watch: Watch
    ) -> ImageFacts:
        if quick := watch.too_quick(time.monotonic()):
            raise _Unsuccessful(Outcome.FAILED, quick)
        size = {"width": reply["width"], "height": reply["height"]}
        try:
            thumbnail = None if request.settings.extension.lower() == ".exr" else request.thumbnail
            return check_image(files.image, since=files.begun_at, thumbnail=thumbnail, **size)
        except OSError as error:
            raise NodeUnfit(f"cannot read {files.image}: {error.strerror or error}") from error

    def _unsuccessful(self, error: Exception, files: AttemptFiles, watch: Watch) -> Rendered:
        outcome = error.outcome if isinstance(error, _Unsuccessful) else Outcome.FAILED
        reason = str(error)
        if self._stopped:
            outcome, reason = Outcome.CANCELLED, "stopped while it rendered"
        files.drop_image()
        with contextlib.suppress(BadTask):  # the reason is told all the same
            if outcome is Outcome.FAILED:
                files.probe()
            files.note(f"# {outcome}: {reason}")
        return Rendered(
            outcome=outcome,
            started_at=watch.started_at,
            elapsed_seconds=time.monotonic() - watch.begun,
            peak_memory_bytes=watch.peak_memory_bytes,
            reason=reason,
            log_tail=files.tail(),
        )

    def _converse(
        self,
        request: RenderRequest,
        files: AttemptFiles,
        watch: Watch,
        on_progress: Callable[[str], None],
    ) -> dict[str, Any]:
        """Have it rendered. Returns the child's answer, raises _Unsuccessful."""
        ask = asked(request, files, threads=self.threads or len(self.cores))
        try:
            child = self._warm_child(request, files, ask)
            child.pin(self.cores)
            child.ask(ask)
            reply = self._follow(child, watch, files, on_progress)
        except BaseException:
            self._end_child()
            raise
        self._tally.opened(warm=self._tasks > 0)
        self._tasks += 1
        self._memory_bytes = reply["memory_bytes"]
        watch.peak_memory_bytes = max(watch.peak_memory_bytes, reply["peak_memory_bytes"])
        if reply["failed"]:
            raise _Unsuccessful(Outcome.FAILED, reply["failed"])
        return reply

    def _warm_child(
        self, request: RenderRequest, files: AttemptFiles, ask: dict[str, Any]
    ) -> Child:
        """The child in use, if it may go on; else a fresh one. The log gets its first lines."""
        scene = (request.settings.scene, request.settings.autoexec)
        about = (f"job {request.job}, attempt {request.attempt}", f"asked: {json.dumps(ask)}")
        child = self._child
        if child and self._may_go_on(scene):
            warm = f"{self._command}, process {child.pid}, warm since {self._tasks} tasks"
            files.note_command(child.argv, *about, warm)
            return child
        self._end_child()
        self._child = child = Child(self._command)
        files.note_command(child.argv, *about, f"{self._command}, started afresh")
        self._tally.started()
        child.start(self._spawner, files.log)
        self._scene = scene
        with self._lock:  # a stop before the start has found nothing to kill
            if self._stopped:
                child.cut()
        return child

    def _may_go_on(self, scene: tuple[str, bool]) -> bool:
        too_large = self._memory_limit_bytes and self._memory_bytes > self._memory_limit_bytes
        return self._scene == scene and self._tasks < self._tasks_per_child and not too_large

    def _follow(
        self,
        child: Child,
        watch: Watch,
        files: AttemptFiles,
        on_progress: Callable[[str], None],
    ) -> dict[str, Any]:
        """Listen until the answer comes, a limit is passed, or the child ends."""
        while True:
            try:
                message = child.hear(_LOOK_SECONDS)
            except ChildEnded as ended:
                raise _Unsuccessful(Outcome.FAILED, self._death(child, watch)) from ended
            now = time.monotonic()
            if message is not None:
                watch.heard = now
            if message is None:
                watch.look(child.tree, now)
            self._judge(child, watch, now, files)
            if message is None:
                continue
            if "progress" in message:
                watch.last_words = message["progress"]
                on_progress(message["progress"])
            elif "version" in message:
                child.is_up = True
            else:
                return message

    @staticmethod
    def _judge(child: Child, watch: Watch, now: float, files: AttemptFiles) -> None:
        """Raises _Unsuccessful when it has hung, takes too long or is too large."""
        overdue, large = watch.overdue(now), watch.too_large(child.tree)
        if not overdue and not large:
            return
        doing = child.doing()
        with contextlib.suppress(BadTask):  # the reason is told all the same
            files.note(*(f"# {line}" for line in child.tell_all()))
        if large:
            raise _Unsuccessful(Outcome.FAILED, large)
        evidence = f"last heard: {watch.last_words}; Blender was {doing}"
        raise _Unsuccessful(Outcome.TIMED_OUT, f"{overdue} ({evidence})")

    def _death(self, child: Child, watch: Watch) -> str:
        """Why the child ended, in plain words. Raises NodeUnfit when it never came up."""
        status = child.wait(_WAIT_FOR_STATUS_SECONDS)
        if status >= 0 and not child.is_up and not self._stopped:
            raise NodeUnfit(f"{self._command} does not start: exit code {status}, see the log")
        return how_it_died(status, watch)

    def _end_child(self) -> None:
        with self._lock:
            child, self._child = self._child, None
        self._scene, self._tasks, self._memory_bytes = None, 0, 0
        if child:
            child.kill()


def _succeeded(reply: dict[str, Any], image: ImageFacts, watch: Watch) -> Rendered:
    black = ["the image is all black"] if image.all_black else []
    return Rendered(
        outcome=Outcome.SUCCEEDED,
        started_at=watch.started_at,
        elapsed_seconds=time.monotonic() - watch.begun,
        peak_memory_bytes=watch.peak_memory_bytes,
        image_bytes=image.size_bytes,
        warnings=(*reply["warnings"], *black),
    )
