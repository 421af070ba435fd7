"""One lease, from its start to its end, in the thread of its slot.

    start ─► render each task in hand ─► confirm ─► publish images ─► settle and take next ─┐
      │            ▲                                                                        │
      └────────────┴───────────────────────────── tasks ◄──────────────────────────────────┘

The store decides everything that counts; this loop only does what it was told, and tells what
happened until the store has heard it (docs/decisions/003)."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from farm.model.errors import LeaseLost, StoreUnavailable
from farm.model.frames import Frames
from farm.model.lease import Lease, TaskInHand, TaskResult
from farm.model.states import Outcome
from farm.store import Store
from farm.store.connection import new_id
from farm.store.leases import GIVE_UP, KEEP, Settled, how_many
from workers.outbox import Outbox, Told
from workers.publish import discard, publish
from workers.renderer import NodeUnfit, Rendered, Renderer, RenderRequest

log = logging.getLogger("karst.worker")

RETRY_SECONDS = 0.5
TELL_SECONDS = 1.0  #: results wait no longer than this and the task in hand


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """A task that was rendered, or tried, but not settled yet."""

    task: TaskInHand
    request: RenderRequest
    rendered: Rendered


class LeaseRun:
    """Serves one lease. `kill`, `leave` and `progress` may be called from other threads."""

    def __init__(
        self,
        lease: Lease,
        renderer: Renderer,
        *,
        store: Store,
        outbox: Outbox,
        on_unfit: Callable[[str], None],
    ) -> None:
        """Serve `lease` with `renderer`; `on_unfit` hears why the node cannot render."""
        self.lease = lease
        self._renderer = renderer
        self._store = store
        self._outbox = outbox
        self._on_unfit = on_unfit
        self._frames = Frames(lease.spec.frames)
        self._leaving = threading.Event()
        self._killed = threading.Event()
        self._rendering = threading.Lock()
        self._progress = ""

    def run(self, tasks: tuple[TaskInHand, ...]) -> str:
        """Render `tasks` and all that follow; returns why the lease ended."""
        while True:
            done, rest = self._render_some(tasks)
            results = self._publish(done)
            settled = self._settle(results, self._want(results, rest))
            self._report(results, settled)
            if settled.ended:
                return settled.ended
            tasks = rest or settled.tasks

    def progress(self) -> str:
        """What the task in hand is and says: "index:attempt text"; "" between tasks."""
        return self._progress

    def leave(self) -> None:
        """Finish the task in hand, give back the rest."""
        self._leaving.set()

    def kill(self) -> None:
        """Stop the renderer now; what is in hand is given back, if it still counts."""
        self._killed.set()
        self._leaving.set()
        if self._rendering.locked():
            self._renderer.stop()

    def _render_some(
        self, tasks: tuple[TaskInHand, ...]
    ) -> tuple[list[_Done], tuple[TaskInHand, ...]]:
        """Render tasks until it is time to tell the store, or to leave: those done, and the rest.

        A chunk is sized by the last frames; when these take longer, results must not wait for it.
        """
        done: list[_Done] = []
        tell_at = time.monotonic() + TELL_SECONDS
        while len(done) < len(tasks) and not self._leaving.is_set():
            one = self._render(tasks[len(done)])
            if one is None:
                break
            done.append(one)
            if time.monotonic() > tell_at:
                break
        self._progress = ""
        return done, tasks[len(done) :]

    def _want(self, results: list[TaskResult], rest: tuple[TaskInHand, ...]) -> int:
        if self._leaving.is_set():
            return GIVE_UP
        return KEEP if rest else how_many(results)

    def _render(self, task: TaskInHand) -> _Done | None:
        mark = f"{task.index}:{task.attempt}"
        request = RenderRequest(
            job=self.lease.job,
            frame=self._frames[task.index],
            attempt=task.attempt,
            settings=self.lease.spec.settings,
            lease=self.lease.id,
        )
        self._progress = mark
        try:
            with self._rendering:
                if self._killed.is_set():
                    return None
                rendered = self._renderer.render(request, lambda text: self._note(mark, text))
        except NodeUnfit as error:
            log.warning("node unfit: %s", error)
            self._on_unfit(str(error))
            self._leaving.set()
            return None
        return _Done(task=task, request=request, rendered=rendered)

    def _note(self, mark: str, text: str) -> None:
        self._progress = f"{mark} {text}"

    def _publish(self, done: list[_Done]) -> list[TaskResult]:
        """Move images that still count to their final names; the results to settle."""
        with_image = [one for one in done if _has_image(one)]
        owned = dict(zip(map(id, with_image), self._confirm(with_image), strict=True))
        results = []
        for one in done:
            rendered = one.rendered
            if id(one) in owned:
                if owned[id(one)]:
                    rendered = self._move(one)
                else:
                    discard(one.request)
            results.append(_result(one.task, rendered))
        return results

    def _confirm(self, done: list[_Done]) -> list[bool]:
        """Ask the store which attempts still own their task; waits while it is away."""
        while done:
            try:
                return self._store.leases.confirm(self.lease, [one.task for one in done])
            except StoreUnavailable:
                if self._killed.wait(RETRY_SECONDS):
                    return [False] * len(done)
        return []

    @staticmethod
    def _move(one: _Done) -> Rendered:
        """Publish one image; what became of its attempt by that."""
        try:
            publish(one.request)
        except LeaseLost as error:
            return replace(one.rendered, outcome=Outcome.SUPERSEDED, reason=str(error))
        except OSError as error:
            final = one.request.settings.image_path(one.request.frame)
            reason = f"the image cannot be moved to {final}: {error.strerror or error}"
            return replace(one.rendered, outcome=Outcome.FAILED, reason=reason)
        return one.rendered

    def _settle(self, results: list[TaskResult], want: int) -> Settled:
        """Tell the store until it has heard; results wait on disk while it is away."""
        told = Told(lease=self.lease, results=tuple(results), request=new_id())
        path = None
        while True:
            try:
                settled = self._store.leases.settle(
                    self.lease, results, want=want, request=told.request
                )
            except StoreUnavailable as error:
                if path is None and results:
                    log.warning("%s; keeping %d results", error, len(results))
                    path = self._keep(told)
                if self._killed.wait(RETRY_SECONDS):
                    return Settled(counted=(), tasks=(), ended="killed while the store was away")
            else:
                self._outbox.delivered(told, path)
                return settled

    def _keep(self, told: Told) -> Path | None:
        """Write results to disk; a full one costs only what a death of this worker would."""
        try:
            return self._outbox.keep(told)
        except OSError as error:
            log.warning("results are kept in memory only: %s", error)
            return None

    def _report(self, results: list[TaskResult], settled: Settled) -> None:
        for result, counted in zip(results, settled.counted, strict=False):
            if not counted and result.outcome is not Outcome.CANCELLED:
                log.warning(
                    "job %s frame %d attempt %d came too late and does not count",
                    self.lease.job,
                    self._frames[result.index],
                    result.attempt,
                )


def _has_image(one: _Done) -> bool:
    return one.rendered.outcome is Outcome.SUCCEEDED and one.rendered.image_bytes > 0


def _result(task: TaskInHand, rendered: Rendered) -> TaskResult:
    return TaskResult(
        index=task.index,
        attempt=task.attempt,
        failures_before=task.failures,
        outcome=rendered.outcome,
        started_at=rendered.started_at,
        elapsed_seconds=rendered.elapsed_seconds,
        peak_memory_bytes=rendered.peak_memory_bytes,
        image_bytes=rendered.image_bytes,
        reason=rendered.reason,
        log_tail=rendered.log_tail,
    )
