"""Renderers that render nothing: what is left is the farm's own cost.

A worker takes them with `--renderers benchmarks.noop:make_pool`. BENCH_PLAY_SECONDS lets each task
sleep for so long; BENCH_RECORD names a file that gets a line per task: thread, start and end on the
monotonic clock in ns, job, frame. No image is made, so none is checked, confirmed or moved.
"""

import os
import threading
import time
from collections.abc import Callable

from farm.model.render import RenderSettings
from farm.model.states import Outcome
from workers.metrics.facts import RendererFacts
from workers.renderer import Rendered, Renderer, RendererPool, RenderRequest

PLAY = "BENCH_PLAY_SECONDS"
RECORD = "BENCH_RECORD"


class NoopRenderer:
    """Succeeds at once, or after the time it is to play."""

    def __init__(self, play_seconds: float, record: int | None) -> None:
        """`record` is the file descriptor that gets a line per task."""
        self._play_seconds = play_seconds
        self._record = record

    def render(
        self,
        request: RenderRequest,
        on_progress: Callable[[str], None],  # noqa: ARG002 - it has nothing to tell
    ) -> Rendered:
        started_at, begun = time.time(), time.monotonic_ns()
        if self._play_seconds:
            time.sleep(self._play_seconds)
        ended = time.monotonic_ns()
        if self._record is not None:
            # One write of a short line: threads do not mix theirs. It costs the gap some 10 µs.
            line = f"{threading.get_ident()} {begun} {ended} {request.job} {request.frame}\n"
            os.write(self._record, line.encode())
        return Rendered(
            outcome=Outcome.SUCCEEDED,
            started_at=started_at,
            elapsed_seconds=(ended - begun) / 1e9,
        )

    def stop(self) -> None:
        """Nothing runs that could be killed."""

    def close(self) -> None:
        """Nothing is held."""


class NoopPool:
    """Gives every lease the same renderer: it keeps nothing between tasks."""

    def __init__(self) -> None:
        path = os.environ.get(RECORD)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        record = os.open(path, flags, 0o600) if path else None
        self._renderer = NoopRenderer(float(os.environ.get(PLAY, "0")), record)

    def borrow(
        self,
        settings: RenderSettings,  # noqa: ARG002 - as the protocol has it
        *,
        cores: tuple[int, ...] = (),  # noqa: ARG002
        threads: int = 0,  # noqa: ARG002
    ) -> Renderer:
        return self._renderer

    def give_back(self, renderer: Renderer) -> None:
        """Nothing to keep warm."""

    def warm_scenes(self) -> tuple[str, ...]:
        return ()

    def facts(self) -> RendererFacts:
        return RendererFacts()

    def cool(self, idle_seconds: float = 0.0) -> None:
        """Nothing gets cold."""

    def close(self) -> None:
        """Nothing is held."""


def make_pool() -> tuple[tuple[str, ...], RendererPool]:
    """What the worker asks for: the Blenders found, and the pool."""
    return ("no-op",), NoopPool()
