"""One part of a farm as a process: started, watched, started again with growing patience."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from farm.model.errors import BadRequest
from farm.up.child import end_child, log_tail, start_child

_LOG_BYTES = 16 * 1024 * 1024  #: a log that has grown beyond this is set aside at the next start
_BACKOFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_STEADY_SECONDS = 60.0  #: having run this long, a part is given a fresh start


class Backoff:
    """How long to wait before starting something again: longer with each quick death."""

    def __init__(self) -> None:
        self._deaths = 0
        self._started_at = 0.0

    def started(self, now: float) -> None:
        self._started_at = now

    def died(self, now: float) -> float:
        """Seconds to wait from now."""
        if now - self._started_at > _STEADY_SECONDS:
            self._deaths = 0
        wait = _BACKOFF_SECONDS[min(self._deaths, len(_BACKOFF_SECONDS) - 1)]
        self._deaths += 1
        return wait


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSpec:
    """What to run: `python -m MODULE ARGUMENTS` with these variables added to ours."""

    name: str  #: "scheduler"; also the name of its log
    module: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    grace_seconds: float = 5.0  #: to end by itself once asked to


class Part:
    """A part that runs, or is about to run again."""

    def __init__(self, spec: PartSpec, *, logs: Path) -> None:
        self.spec = spec
        self.log = logs / f"{spec.name}.log"
        self.child: subprocess.Popen[bytes] | None = None
        self.start_at = 0.0  #: on the monotonic clock: when a dead part is to run again
        self._backoff = Backoff()

    def start(self) -> None:
        """Raises BadRequest when its log cannot be written."""
        # -P: a folder named `farm` or `workers` where the user stands must not be taken for ours.
        command = [sys.executable, "-P", "-m", self.spec.module, *self.spec.arguments]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **self.spec.environment}
        try:
            _set_aside(self.log)
            self.child = start_child(command, log=self.log, environment=environment)
        except OSError as error:
            raise BadRequest(
                f"the {self.spec.name} cannot start: {error.strerror or error} (log: {self.log})"
            ) from error
        self._backoff.started(time.monotonic())

    def is_dead(self) -> bool:
        """Whether it has run and ended."""
        return self.child is not None and self.child.poll() is not None

    def bury(self) -> str:
        """Note a death, plan the next start, and tell of both in one line."""
        assert self.child is not None
        ending = how_it_ended(self.child)
        self.child = None
        wait = self._backoff.died(time.monotonic())
        self.start_at = time.monotonic() + wait
        return f"the {self.spec.name} {ending}; starting it again in {wait:g} s"

    def last_words(self, lines: int = 5) -> list[str]:
        return log_tail(self.log, lines)

    def end(self, *, hurry: bool = False) -> None:
        """Ask it to end; once its grace is over (there is none in a hurry), kill it."""
        if self.child is not None:
            end_child(self.child, grace_seconds=0.0 if hurry else self.spec.grace_seconds)


def how_it_ended(child: subprocess.Popen[bytes]) -> str:
    code = child.returncode
    return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"


def _set_aside(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
