"""The Blenders of a node, kept warm between leases.

The promise: a lease gets the session that has its scene open, if one is free; there are never more
Blenders than there were leases at one time; and `close` leaves none.
"""

import threading
import time

from farm.blender import BlenderCommand, find_blender
from farm.model.render import RenderSettings
from workers.blender.child import Spawner
from workers.blender.session import TASKS_PER_CHILD, BlenderSession
from workers.blender.tally import Tally
from workers.metrics.facts import RendererFacts
from workers.renderer import IDLE_SECONDS, NodeUnfit, Renderer


class BlenderPool:
    """Lends sessions. Make it after any fork, in the process that uses it."""

    def __init__(
        self,
        command: BlenderCommand | None = None,
        *,
        tasks_per_child: int = TASKS_PER_CHILD,
        memory_limit_bytes: int | None = None,
    ) -> None:
        """Without a `command`, the first borrower has the node's Blender looked for."""
        self._command = command
        self._tasks_per_child = tasks_per_child
        self._memory_limit_bytes = memory_limit_bytes
        self._lock = threading.Lock()
        self._spawner = Spawner()
        self._lent: list[BlenderSession] = []
        self._idle: list[tuple[float, BlenderSession]] = []  #: with when it came back, oldest first
        self._closed = False
        self._tally = Tally()

    def borrow(
        self, settings: RenderSettings, *, cores: tuple[int, ...] = (), threads: int = 0
    ) -> BlenderSession:
        with self._lock:
            if self._closed:
                raise NodeUnfit("the renderers are closed: this worker is about to end")
            session = self._take_idle((settings.scene, settings.autoexec)) or self._new()
            self._lent.append(session)
        session.cores, session.threads = cores, threads
        return session

    def give_back(self, renderer: Renderer) -> None:
        with self._lock:
            session = next((one for one in self._lent if one is renderer), None)
            if session is None:
                return
            self._lent.remove(session)
            if not self._closed:
                self._idle.append((time.monotonic(), session))

    def warm_scenes(self) -> tuple[str, ...]:
        with self._lock:
            sessions = [*self._lent, *(one for _, one in self._idle)]
        return tuple(sorted({scene[0] for one in sessions if (scene := one.scene)}))

    def facts(self) -> RendererFacts:
        with self._lock:
            busy, idle = len(self._lent), len(self._idle)
            warm = sum(1 for _, session in self._idle if session.scene)
        return RendererFacts(
            busy=busy,
            warm=warm,
            cold=idle - warm,
            starts=self._tally.starts,
            warm_opens=self._tally.warm_opens,
            cold_opens=self._tally.cold_opens,
        )

    def cool(self, idle_seconds: float = IDLE_SECONDS) -> None:
        """End the Blenders that nobody has wanted for so long; 0 ends all that are not lent."""
        before = time.monotonic() - idle_seconds
        with self._lock:
            cold = [session for since, session in self._idle if since <= before]
            self._idle = [(since, one) for since, one in self._idle if since > before]
        for session in cold:
            session.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            sessions = [*self._lent, *(one for _, one in self._idle)]
            self._idle.clear()
        for session in sessions:
            session.close()
        self._spawner.close()

    def _take_idle(self, scene: tuple[str, bool]) -> BlenderSession | None:
        """The one with this scene; else the one idle for longest, which will get a fresh Blender.

        Its old one would hold memory that the lease has booked.
        """
        if not self._idle:
            return None
        best = next((entry for entry in self._idle if entry[1].scene == scene), self._idle[0])
        self._idle.remove(best)
        return best[1]

    def _new(self) -> BlenderSession:
        self._command = self._command or find_blender()
        return BlenderSession(
            self._command,
            self._spawner,
            tasks_per_child=self._tasks_per_child,
            memory_limit_bytes=self._memory_limit_bytes,
            tally=self._tally,
        )
