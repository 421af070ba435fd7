"""The files of one attempt while it runs: its folders, its log, and its image that is to be.

The promise: a log's first line is the exact command, and what a node's disk or mount does wrong
is told as the node's fault, not the task's.
"""

import contextlib
import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from workers.images import CHECKED
from workers.renderer import NodeUnfit, RenderRequest

TAIL_LINES = 20
_TAIL_BYTES = 16_384
_LONGEST_LINE = 400
_PROBE_BYTES = 65_536


class BadTask(Exception):
    """The task cannot be rendered as it was asked for, on any node; the message says why."""


class AttemptFiles:
    """Where an attempt writes, ready to be written to."""

    def __init__(self, request: RenderRequest) -> None:
        """Raises NodeUnfit when the attempt's folders cannot be used."""
        settings, job, attempt = request.settings, request.job, request.attempt
        self.image = Path(settings.attempt_path(request.frame, job=job, attempt=attempt))
        self.log = Path(settings.log_path(request.frame, job=job, attempt=attempt))
        self.begun_at = 0.0  #: by the clock of the storage, which also dates the image
        with _blame_node(self.image.parent):
            self.image.parent.mkdir(parents=True, exist_ok=True)
            self.image.unlink(missing_ok=True)
        with _blame_node(self.log.parent):
            self.log.parent.mkdir(parents=True, exist_ok=True)
            self.log.write_bytes(b"")

    def note(self, *lines: str) -> None:
        """Add lines to the log."""
        with _blame_node(self.log.parent), self.log.open("a", encoding="utf-8") as log:
            log.writelines(f"{line}\n" for line in lines)
            log.flush()
            self.begun_at = self.begun_at or os.fstat(log.fileno()).st_mtime

    def note_command(self, argv: list[str], *about: str) -> None:
        self.note(shlex.join(argv), *(f"# {line}" for line in about))

    def tail(self) -> tuple[str, ...]:
        """The log's last lines; of the renderer's running statistics only the last."""
        with contextlib.suppress(OSError), self.log.open("rb") as log:
            log.seek(-min(_TAIL_BYTES, os.fstat(log.fileno()).st_size), os.SEEK_END)
            lines = log.read().decode("utf-8", "replace").splitlines()
            kept = [
                line[:_LONGEST_LINE]
                for line, after in zip(lines, [*lines[1:], ""], strict=True)
                if line and not (line.startswith("Fra:") and after.startswith("Fra:"))
            ]
            return tuple(kept[-TAIL_LINES:])
        return ()

    def drop_image(self) -> None:
        with contextlib.suppress(OSError):
            self.image.unlink(missing_ok=True)

    def probe(self) -> None:
        """After a failure: can the node write here at all? Raises NodeUnfit when it cannot."""
        probe = self.image.with_name(self.image.name + ".probe")
        with _blame_node(self.image.parent):
            try:
                with probe.open("wb") as file:
                    file.write(bytes(_PROBE_BYTES))
                    file.flush()
                    os.fsync(file.fileno())
            finally:
                probe.unlink(missing_ok=True)


def check_inputs(request: RenderRequest) -> None:
    """Look before a minute is rendered. Raises BadTask, or NodeUnfit for a missing folder."""
    extension = request.settings.extension
    if extension.lower() not in CHECKED:
        raise BadTask(f"{extension} images cannot be checked; use one of: {', '.join(CHECKED)}")
    scene = Path(request.settings.scene)
    with _blame_node(scene.parent):
        if not scene.parent.is_dir():
            raise NodeUnfit(f"folder {scene.parent} is not on this node: is its storage mounted?")
        if not scene.is_file():
            raise BadTask(f"scene {scene} is not there")


@contextlib.contextmanager
def _blame_node(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = error.strerror or str(error)
        raise NodeUnfit(f"cannot use {folder}: {what}; mend the node's storage") from error
