"""The files of one attempt while it runs: its folders, its log, and its image that is to be.

The promise: a log's first line is the exact command, and what a node's disk or mount does wrong
is told as the node's fault, not the task's.
"""

import contextlib
import errno
import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from workers.images import CHECKED
from workers.renderer import NodeUnfit, RenderRequest

TAIL_LINES = 20
_NODE_FAULTS = frozenset(
    {
        errno.EHOSTDOWN,
        errno.EIO,
        errno.ENODEV,
        errno.ENOSPC,
        errno.ENOTCONN,
        errno.EROFS,
        errno.ESTALE,
        errno.ETIMEDOUT,
    }
)
_TAIL_BYTES = 16_384
_LONGEST_LINE = 400
_PROBE_BYTES = 65_536


class BadTask(Exception):
    """The task cannot be rendered as it was asked for, on any node; the message says why."""


class AttemptFiles:
    """Where an attempt writes, ready to be written to."""

    def __init__(self, request: RenderRequest) -> None:
        """Raises BadTask when the attempt's folders cannot be used, NodeUnfit when no disk can."""
        settings, job, attempt = request.settings, request.job, request.attempt
        self.image = Path(
            settings.attempt_path(request.frame, job=job, attempt=attempt, lease=request.lease)
        )
        self.log = Path(settings.log_path(request.frame, job=job, attempt=attempt))
        self.begun_at = 0.0  #: by the clock of the storage, which also dates the image
        with _blame(self.image.parent):
            self.image.parent.mkdir(parents=True, exist_ok=True)
            self.image.unlink(missing_ok=True)
        with _blame(self.log.parent):
            self.log.parent.mkdir(parents=True, exist_ok=True)
            self.log.write_bytes(b"")

    def note(self, *lines: str) -> None:
        """Add lines to the log."""
        with _blame(self.log.parent), self.log.open("a", encoding="utf-8") as log:
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
        """After a failure: is it the node's disk? Raises NodeUnfit when it is."""
        probe = self.image.with_name(self.image.name + ".probe")
        with _blame(self.image.parent):
            try:
                with probe.open("wb") as file:
                    file.write(bytes(_PROBE_BYTES))
                    file.flush()
                    os.fsync(file.fileno())
            finally:
                probe.unlink(missing_ok=True)


def check_inputs(request: RenderRequest) -> None:
    """Look before a minute is rendered. Raises BadTask, or NodeUnfit for a dead disk."""
    extension = request.settings.extension
    if extension.lower() not in CHECKED:
        raise BadTask(f"{extension} images cannot be checked; use one of: {', '.join(CHECKED)}")
    scene = Path(request.settings.scene)
    with _blame(scene.parent):
        if not scene.parent.is_dir():
            raise BadTask(f"folder {scene.parent} is not on this node: is its storage mounted?")
        if not scene.is_file():
            raise BadTask(f"scene {scene} is not there")


@contextlib.contextmanager
def _blame(folder: Path) -> Iterator[None]:
    """A full or dead disk is the node's fault; a folder that may not be used is the job's.

    Were both the node's, one job with a bad output folder would idle node after node.
    """
    try:
        yield
    except OSError as error:
        what = error.strerror or str(error)
        if error.errno in _NODE_FAULTS:
            raise NodeUnfit(f"cannot use {folder}: {what}; mend the node's storage") from error
        raise BadTask(f"cannot use {folder}: {what}; mend it, or give another output") from error
