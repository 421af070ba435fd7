"""The folder that pulled images come to. No path that the farm names leads out of it.

A name is given to a whole, checked file only; a file that is not the farm's is left as it is.
"""

import stat
from enum import StrEnum
from pathlib import Path, PurePosixPath

from farm.client.crew import Stop
from farm.client.hashes import HashCache
from farm.client.homes import Homes
from farm.client.reading import read_still, stamp_of
from farm.client.scratch import no_room
from farm.model.errors import BadRequest
from farm.model.manifest import check_path
from farm.model.scene import IMAGE_EXTENSIONS

EXTENSIONS = frozenset(IMAGE_EXTENSIONS.values()) | {".jpg", ".mp4"}  #: all that a job makes


class Fate(StrEnum):
    """What became of a finished image."""

    PULLED = "pulled"  #: brought just now
    THERE = "there"  #: it was there, the same byte for byte
    LEFT = "left"  #: another file, which no pull brought, or a folder has its name: that stays


def is_folder(path: Path) -> bool:
    """Is `path` itself a folder? None is ever overwritten; a link to one may be."""
    return path.is_dir() and not path.is_symlink()


class Landing:
    """`folder`, where images get the paths that they have in the project."""

    def __init__(self, folder: Path, *, homes: Homes, hashes: HashCache) -> None:
        self._homes = homes
        self._hashes = hashes
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.folder = folder.resolve(strict=True)
        except (OSError, RuntimeError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise BadRequest(f"folder {str(folder)!r:.200} cannot be used: {why}") from error

    def place(self, path: str) -> Path:
        """Where the image of `path` belongs; its folder is made. Raises BadRequest, StorageFull."""
        check_path(path)
        if PurePosixPath(path).suffix not in EXTENSIONS:
            raise BadRequest(f"the farm names {path!r:.200}, which is no image: it is not pulled")
        target = self.folder / path
        try:
            parent = target.parent.resolve()
            if not parent.is_relative_to(self.folder):
                raise BadRequest(
                    f"folder {target.parent} is a link that leads out of {self.folder}: give "
                    "another folder with --to"
                )
            parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise no_room(target.parent, error) from error
        except RuntimeError as error:  # links that lead in a circle
            raise no_room(target.parent, OSError(str(error))) from error
        return target

    def fate(self, target: Path, digest: str) -> Fate | None:
        """What to do without for `target`; None: nothing keeps the image from its place."""
        try:
            found = target.lstat()
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(found.st_mode):
            return Fate.LEFT
        now = self._digest_of(target)
        if now == digest:
            return Fate.THERE
        return None if self._homes.was_pulled(target, now) else Fate.LEFT

    def claim(self, target: Path, digest: str) -> None:
        """Remember that what will lie at `target` is the farm's."""
        self._homes.add_pulled(target, digest)

    def _digest_of(self, target: Path) -> str:
        stamp = stamp_of(target)
        known = self._hashes.known([(target, stamp)])
        if target in known:
            return known[target]
        found = read_still(target, Stop())
        self._hashes.remember([found])
        return found.digest
