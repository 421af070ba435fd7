"""What a lease runner asks of a renderer, and what it gets back.

The promise: `render` answers for every render, good or bad, with a `Rendered`; only a fault of
the node itself is raised. After a success a whole, checked image lies under the attempt's name
and nowhere else, so that `workers.publish` alone decides what gets the final name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from farm.model.errors import NodeUnfit
from farm.model.render import RenderSettings
from farm.model.states import Outcome
from workers.metrics.facts import RendererFacts

IDLE_SECONDS = 600.0  #: a warm renderer that nobody wants for so long gives its memory back

Tell = Callable[[str], None]  #: takes short lines on how far something is


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderRequest:
    """One attempt at one frame."""

    job: str
    frame: int
    attempt: int
    settings: RenderSettings
    lease: str = ""  #: in whose hand the attempt is
    thumbnail: Path | None = None  #: where to leave a small JPEG of the image; None: nowhere
    memory_bytes: int = 0  #: that its lease has booked; 0: unknown
    fixed: str = ""  #: a folder whose files never change while they are there; "": none


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """How an attempt went."""

    outcome: Outcome
    started_at: float  #: seconds since 1970, the node's clock
    elapsed_seconds: float
    peak_memory_bytes: int = 0
    image_bytes: int = 0
    image_digest: str = ""  #: once the image is in the farm's content store
    reason: str = ""  #: plain words, when it did not succeed
    log_tail: tuple[str, ...] = ()  #: last lines of the attempt's log, when it did not succeed
    warnings: tuple[str, ...] = ()  #: what a person should look at, though it succeeded


__all__ = [
    "IDLE_SECONDS",
    "NodeUnfit",
    "RenderRequest",
    "Rendered",
    "Renderer",
    "RendererPool",
    "Tell",
]


class Renderer(Protocol):
    """Renders one task at a time; used by one thread, save for `stop` and `close`."""

    def render(self, request: RenderRequest, on_progress: Tell) -> Rendered:
        """Render one frame and leave its checked image under `settings.attempt_path(...)`.

        `on_progress` gets short lines such as "sample 129 of 512, 1:29 left", at most a few a
        second, in the calling thread. Raises NodeUnfit when the node is at fault.
        """
        ...

    def stop(self) -> None:
        """Kill the render in hand at once, from any thread; its outcome is `cancelled`.

        Without a render in hand it does nothing. The next render starts afresh.
        """
        ...

    def close(self) -> None:
        """Kill what runs and end for good, from any thread. May be repeated."""
        ...


class RendererPool(Protocol):
    """The renderers of a node, kept warm between leases. Safe to use from several threads."""

    def borrow(
        self, settings: RenderSettings, *, cores: tuple[int, ...] = (), threads: int = 0
    ) -> Renderer:
        """A renderer for these settings, best one that has the scene open already.

        `cores` are the CPUs it is pinned to; none: not pinned. `threads` is how many threads
        it renders with; 0: one per core given, else what Blender chooses.
        Raises NodeUnfit when the node has no Blender.
        """
        ...

    def give_back(self, renderer: Renderer) -> None:
        """The lease has ended; the renderer stays warm for the next one."""
        ...

    def warm_scenes(self) -> tuple[str, ...]:
        """The scenes that are open in a renderer now."""
        ...

    def facts(self) -> RendererFacts:
        """How many there are, and what they have done."""
        ...

    def cool(self, idle_seconds: float = IDLE_SECONDS) -> None:
        """End renderers that nobody has wanted for so long; 0 ends all that are not lent."""
        ...

    def close(self) -> None:
        """Kill every renderer, lent ones too. May be repeated."""
        ...
