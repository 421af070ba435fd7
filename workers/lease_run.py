"""One lease, from its start to its end, in the thread of its slot.

    start ─► have its files ─► render each task in hand ─► confirm ─► publish images ─► settle and
                                  ▲                                                  take next ─┐
                                  └──────────────────── tasks ◄───────────────────────────────┘

The store decides everything that counts; this loop only does what it was told, and tells what
happened until the store has heard it (docs/decisions/003)."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from farm.model.errors import StoreUnavailable
from farm.model.frames import Frames
from farm.model.lease import Lease, TaskInHand, TaskResult
from farm.model.states import Outcome
from farm.store import Store
from farm.store.connection import new_id
from farm.store.leases import GIVE_UP, KEEP, Settled, how_many
from workers.attempt import BadTask
from workers.orders import Orders, Stopped
from workers.outbox import Outbox, Told
from workers.place import Place
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
        place: Place,
        *,
        orders: Orders,
        store: Store,
        outbox: Outbox,
        on_unfit: Callable[[str], None],
    ) -> None:
        """Serve `lease` with `renderer`, its files in `place`, which hears the same `orders`.

        `on_unfit` hears why the node cannot render.
        """
        self.lease = lease
        self._renderer = renderer
        self._place = place
        self._orders = orders
        self._store = store
        self._outbox = outbox
        self._on_unfit = on_unfit
        self._frames = Frames(lease.spec.frames)
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
        self._orders.leave()

    def kill(self) -> None:
        """Stop the renderer now; what is in hand is given back, if it still counts."""
        self._orders.kill()
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
        while len(done) < len(tasks) and not self._orders.leaving.is_set():
            one = self._render(tasks[len(done)])
            if one is None:
                break
            done.append(one)
            if time.monotonic() > tell_at:
                break
        self._progress = ""
        return done, tasks[len(done) :]

    def _want(self, results: list[TaskResult], rest: tuple[TaskInHand, ...]) -> int:
        if self._orders.leaving.is_set():
            return GIVE_UP
        return KEEP if rest else how_many(results)

    def _render(self, task: TaskInHand) -> _Done | None:
        """One attempt; None when it did not come to an end."""
        mark = f"{task.index}:{task.attempt}"
        booked = self.lease.resources.memory_bytes
        request = replace(self._place.request(task), memory_bytes=booked)
        self._progress = mark
        try:
            rendered = self._attempt(request, lambda text: self._note(mark, text))
        except NodeUnfit as error:
            self._be_unfit(error)
            self._place.end_attempt(request)
            return None
        return _Done(task=task, request=request, rendered=rendered) if rendered else None

    def _attempt(self, request: RenderRequest, tell: Callable[[str], None]) -> Rendered | None:
        started_at, begun = time.time(), time.monotonic()
        try:
            self._place.prepare(tell)
            with self._rendering:
                if self._orders.killed.is_set():
                    return None
                return self._renderer.render(request, tell)
        except Stopped:
            return None
        except BadTask as error:
            return Rendered(
                outcome=Outcome.FAILED,
                started_at=started_at,
                elapsed_seconds=time.monotonic() - begun,
                reason=str(error),
            )

    def _be_unfit(self, error: NodeUnfit) -> None:
        log.warning("node unfit: %s", error)
        self._on_unfit(str(error))
        self._orders.leave()

    def _note(self, mark: str, text: str) -> None:
        self._progress = f"{mark} {text}"

    def _publish(self, done: list[_Done]) -> list[TaskResult]:
        """Publish images that still count; the results to settle."""
        with_image = [one for one in done if _has_image(one)]
        owned = dict(zip(map(id, with_image), self._confirm(with_image), strict=True))
        results = []
        for one in done:
            rendered = one.rendered
            if id(one) in owned:
                if owned[id(one)]:
                    rendered = self._publish_one(one)
                else:
                    self._place.discard(one.request)
            results.append(_result(one.task, self._place.plain(rendered)))
            self._place.end_attempt(one.request)
        self._progress = ""
        return results

    def _publish_one(self, one: _Done) -> Rendered:
        """What became of an attempt whose image counts as long as the lease lives."""
        mark = f"{one.task.index}:{one.task.attempt}"
        try:
            return self._place.publish(
                one.request, one.rendered, lambda text: self._note(mark, text)
            )
        except Stopped:
            reason = "stopped before its image was sent"
        except NodeUnfit as error:
            self._be_unfit(error)
            reason = str(error)
        return replace(one.rendered, outcome=Outcome.CANCELLED, reason=reason)

    def _confirm(self, done: list[_Done]) -> list[bool]:
        """Ask the store which attempts still own their task; waits while it is away."""
        while done:
            try:
                return self._store.leases.confirm(self.lease, [one.task for one in done])
            except StoreUnavailable:
                if self._orders.killed.wait(RETRY_SECONDS):
                    return [False] * len(done)
        return []

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
                if self._orders.killed.wait(RETRY_SECONDS):
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
        image_digest=rendered.image_digest,
        reason=rendered.reason,
        log_tail=rendered.log_tail,
    )
