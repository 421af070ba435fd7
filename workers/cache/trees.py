"""A project's files under their own paths, as Blender wants them: one tree per manifest.

A tree is made of links to files that were verified, so it costs next to nothing. Its marker, beside
it, is written last and dated with its last use; a tree without one was not finished.
"""

import contextlib
import os
import shutil
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from farm.files.placing import place
from farm.model.manifest import Manifest, ManifestEntry, check_digest
from workers.cache.blobs import is_untouched

_MARKER = ".complete"
_GOING = ".going"

#: Lays one file at a path, and looks whether the right one lies there.
Lay = Callable[[ManifestEntry, Path], None]
IsRight = Callable[[ManifestEntry, Path], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A tree in the cache, as eviction sees it."""

    manifest: str
    used_at: float  #: seconds since 1970


class Trees:
    """The folder of trees."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path_of(self, manifest: str) -> Path:
        """The project's root. Raises BadManifest for what is no digest."""
        return self.folder / check_digest(manifest)

    def wrong(self, digest: str, manifest: Manifest, *, is_right: IsRight) -> list[ManifestEntry]:
        """What of the tree is not there, or is not what it should be."""
        root = self.path_of(digest)
        if not self._marker(digest).exists() and not root.exists():
            return list(manifest.entries)
        return [one for one in manifest.entries if not is_right(one, root / one.path)]

    def lay(self, digest: str, entries: Iterable[ManifestEntry], lay: Lay) -> None:
        """Lay `entries` at their paths, which the manifest has checked. Raises OSError."""
        root = self.path_of(digest)
        self._marker(digest).unlink(missing_ok=True)
        made: set[str] = set()
        for entry in entries:
            folder = str(PurePosixPath(entry.path).parent)
            if folder not in made:
                _make_folders(root, folder)
                made.add(folder)
            target = root / entry.path
            if target.is_dir() and not target.is_symlink():
                shutil.rmtree(target)
            lay(entry, target)

    def mark(self, digest: str) -> None:
        """It is complete, and used now."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._marker(digest).touch()

    def all(self) -> list[Tree]:
        """Every tree; one that was not finished counts as unused for ever."""
        found = []
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            if path.is_dir() and not path.name.endswith(_GOING):
                used_at = 0.0
                with contextlib.suppress(FileNotFoundError):
                    used_at = self._marker(path.name).stat().st_mtime
                found.append(Tree(manifest=path.name, used_at=used_at))
        return found

    def remove(self, manifest: str) -> None:
        """Let it go; a worker killed over it leaves what `sweep` finds."""
        root = self.folder / manifest
        self._marker(manifest).unlink(missing_ok=True)
        going = root.with_name(manifest + _GOING)
        shutil.rmtree(going, ignore_errors=True)
        with contextlib.suppress(FileNotFoundError):
            root.rename(going)
        shutil.rmtree(going, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what was about to go when a worker was killed."""
        for path in self.folder.glob(f"*{_GOING}"):
            shutil.rmtree(path, ignore_errors=True)

    def _marker(self, manifest: str) -> Path:
        return self.folder / (manifest + _MARKER)


def is_placed(entry: ManifestEntry, path: Path) -> bool:
    """Is the file at `path` the verified one, as far as size and time tell?"""
    with contextlib.suppress(OSError):
        found = path.lstat()
        return (
            stat.S_ISREG(found.st_mode)
            and found.st_size == entry.size_bytes
            and is_untouched(found)
        )
    return False


def placed_from(path_of: Callable[[str], Path]) -> Lay:
    """Lays files by reflink, hard link or copy."""

    def lay(entry: ManifestEntry, target: Path) -> None:
        place(path_of(entry.digest), target)

    return lay


def is_linked_to(path_of: Callable[[str], Path]) -> IsRight:
    """Tells links to the right files, which are there, from all else."""

    def is_right(entry: ManifestEntry, path: Path) -> bool:
        with contextlib.suppress(OSError):
            there = path_of(entry.digest)
            return str(path.readlink()) == str(there) and there.stat().st_size == entry.size_bytes
        return False

    return is_right


def linked_to(path_of: Callable[[str], Path]) -> Lay:
    """Lays symbolic links to files that the node sees."""

    def lay(entry: ManifestEntry, target: Path) -> None:
        target.unlink(missing_ok=True)
        target.symlink_to(path_of(entry.digest))

    return lay


def _make_folders(root: Path, folder: str) -> None:
    """Folders from `root` down to `folder`; a link or file in the way makes room."""
    root.mkdir(parents=True, exist_ok=True)
    at = root
    for name in PurePosixPath(folder).parts:
        at /= name
        if at.is_symlink() or (at.exists() and not at.is_dir()):
            at.unlink()
        with contextlib.suppress(FileExistsError):
            os.mkdir(at)  # noqa: PTH102 - one level: what is above was looked at
