"""Images on the shared storage: folders that can take them, and images that should be there."""

import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath

from farm.model.errors import BadRequest

_PROBE_BYTES = 4096  # enough to meet a full disk, which an empty file would not


@contextmanager
def prepared_folder(path: str | PurePath) -> Iterator[None]:
    """The folder `path` exists and can be written to. What was made for it goes again when the
    block fails, so that a refused job leaves nothing behind.

    Raises BadRequest.
    """
    folder = Path(path)
    made = _make(folder)
    try:
        _write_probe(folder)
        yield
    except BaseException:
        _remove(made)
        raise


def _make(folder: Path) -> list[Path]:
    """Create `folder` and its parents; returns the new ones, innermost first."""
    made: list[Path] = []
    try:
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        for one in reversed(missing):
            one.mkdir()
            made.insert(0, one)
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "it is a file")
    except FileExistsError:
        return made  # somebody else made it in the same moment
    except OSError as error:
        _remove(made)
        raise _cannot_write(folder, error) from error
    return made


def _remove(folders: list[Path]) -> None:
    with suppress(OSError):  # one that is not empty has become somebody else's
        for one in folders:
            one.rmdir()


def _write_probe(folder: Path) -> None:
    try:
        probe, name = tempfile.mkstemp(dir=folder, prefix=".farm-probe-")
        try:
            os.write(probe, bytes(_PROBE_BYTES))
        finally:
            os.close(probe)
            Path(name).unlink()
    except OSError as error:
        raise _cannot_write(folder, error) from error


def _cannot_write(folder: Path, error: OSError) -> BadRequest:
    why = (os.strerror(error.errno) if error.errno else str(error)).lower()
    mend = "make room there" if error.errno == errno.ENOSPC else "give another with --output"
    return BadRequest(f"output folder {folder} cannot be written to: {why}; {mend}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedImage:
    """An image that should lie on the shared storage, and whose it is."""

    where: str  #: "job 17, frame 42"
    path: PurePosixPath


def absent(images: Iterable[WantedImage]) -> list[WantedImage]:
    """Those of `images` that are missing or hold nothing."""
    return [image for image in images if not _has_content(Path(image.path))]


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False
