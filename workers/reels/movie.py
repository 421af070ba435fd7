"""Has a Blender of its own join stills into a movie: started for it, killed after it."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farm.blender import BlenderCommand
from farm.model.render import RenderSettings
from farm.model.states import Outcome
from workers.attempt import AttemptFiles
from workers.blender.child import Child, ChildEnded, Spawner
from workers.renderer import NodeUnfit, Tell

_LOOK_SECONDS = 0.5
_WAIT_FOR_STATUS_SECONDS = 2.0


class MovieFailed(Exception):
    """There is no movie; the message says why."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieAsk:
    """What the movie is to be."""

    stills: Path  #: a folder with nothing else in it
    size: tuple[int, int]
    frames_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieMade:
    """What Blender says of it."""

    frames: int
    peak_memory_bytes: int


class Encoder:
    """One Blender for one movie; `cut` may be called from another thread."""

    def __init__(self, command: BlenderCommand, cores: tuple[int, ...]) -> None:
        """Ready to start, kept to the CPUs `cores`; none: to no certain ones."""
        self._cores = cores
        self._spawner = Spawner()
        self._child = Child(command)
        self._is_cut = False

    def cut(self) -> None:
        """Kill it now."""
        self._is_cut = True
        self._child.cut()

    def make(
        self, ask: MovieAsk, files: AttemptFiles, settings: RenderSettings, tell: Tell
    ) -> MovieMade:
        """Raises MovieFailed, NodeUnfit."""
        words = {
            "movie": str(ask.stills),
            "image": str(files.image),
            "log": str(files.log),
            "width": ask.size[0],
            "height": ask.size[1],
            "frames_per_second": ask.frames_per_second,
        }
        files.note_command(self._child.argv, f"asked: {words}")
        self._child.start(self._spawner, files.log)
        if self._is_cut:  # before there was anything to kill
            self._child.cut()
        self._child.pin(self._cores)
        self._child.ask(words)
        reply = self._follow(settings, tell)
        if reply["failed"]:
            raise MovieFailed(Outcome.FAILED, reply["failed"])
        return MovieMade(frames=reply["frames"], peak_memory_bytes=reply["peak_memory_bytes"])

    def close(self) -> None:
        """End it, however it does."""
        self._child.kill()
        self._spawner.close()

    def _follow(self, settings: RenderSettings, tell: Tell) -> dict[str, Any]:
        begun = heard = time.monotonic()
        while True:
            try:
                message = self._child.hear(_LOOK_SECONDS)
            except ChildEnded as ended:
                raise self._death() from ended
            now = time.monotonic()
            heard = now if message is not None else heard
            for since, most, what in (
                (begun, settings.task_seconds, "not done within"),
                (heard, settings.no_progress_seconds, "no progress for"),
            ):
                if now - since > most:
                    raise MovieFailed(Outcome.TIMED_OUT, f"{what} {most:g} s")
            if message is None:
                continue
            if "progress" in message:
                tell(message["progress"])
            elif "version" in message:
                self._child.is_up = True
            else:
                return message

    def _death(self) -> Exception:
        status = self._child.wait(_WAIT_FOR_STATUS_SECONDS)
        if status >= 0 and not self._child.is_up:
            return NodeUnfit(f"Blender does not start: exit code {status}, see the log")
        return MovieFailed(Outcome.FAILED, f"Blender ended with status {status} over the movie")
