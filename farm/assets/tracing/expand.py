"""The files that a mention comes to: tiles, sequences and whole folders spelt out.

Each folder is listed once, however many mentions lead into it."""

import errno
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from farm.assets.telling import printable
from farm.assets.tracing.model import (
    NO_MATTER,
    Found,
    FoundFile,
    Kind,
    Mention,
    MissingFile,
    Spread,
)

_TILE_MARK = re.compile("<UDIM>|<UVTILE>")
_NUMBER = re.compile(r"(.*?)(-?\d+)(\D*)\Z", re.DOTALL)
_FIRST_TILE = 1001


@dataclass(slots=True, kw_only=True)
class _Gathered:
    """Who needs which file, as it comes in."""

    kinds: dict[str, Kind] = field(default_factory=dict)
    users: dict[str, dict[str, None]] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    def add(self, path: str, kind: Kind, user: str) -> None:
        self.kinds.setdefault(path, kind)
        self.users.setdefault(path, {})[user] = None


def find_files(scene: str, mentions: Iterable[Mention]) -> Found:
    """All files that `mentions` come to, those that are missing, and what to know of it."""
    gathered = _Gathered()
    gathered.add(scene, Kind.SCENE, "you")
    folders = _Folders()
    expanded = [(mention, folders.expand(mention)) for mention in mentions]
    for mention, paths in expanded:
        if not paths and mention.absent:
            if mention.absent != NO_MATTER:
                gathered.notes[printable(f"{mention.user}: {mention.path} {mention.absent}")] = None
            continue
        if not paths and os.path.isdir(mention.path):
            folders.hollow.add(mention.path)
        for path in paths or [mention.path]:
            gathered.add(path, mention.kind, mention.user)
    found: dict[str, FoundFile] = {}
    missing = []
    for path, kind in sorted(gathered.kinds.items()):
        users = tuple(gathered.users[path])
        why, size = folders.look_at(path)
        if why:
            missing.append(MissingFile(path=path, kind=kind, why=why, used_by=users))
        else:
            found[path] = FoundFile(path=path, kind=kind, size_bytes=size, used_by=users)
    return Found(
        files=tuple(found.values()),
        missing=tuple(missing),
        reached=tuple(one for one, paths in expanded if any(path in found for path in paths)),
        notes=(*gathered.notes, *folders.notes),
    )


class _Folders:
    """Folders as they are on disk, each listed once."""

    def __init__(self) -> None:
        self.notes: dict[str, None] = {}
        self.hollow: set[str] = set()  #: folders that hold nothing of what they should
        self._names: dict[str, list[str]] = {}

    def expand(self, mention: Mention) -> list[str]:
        """The paths that `mention` comes to; none where nothing fits."""
        paths = list(_SPREADS[mention.spread](self, mention))
        may_be_absent = mention.absent and paths == [mention.path]
        return [] if may_be_absent and not os.path.lexists(mention.path) else paths

    def look_at(self, path: str) -> tuple[str, int]:
        """What keeps the file at `path` from being read ("" when nothing does), and its size."""
        try:
            found = os.stat(path)
            if stat.S_ISDIR(found.st_mode):
                return "has none of its files" if path in self.hollow else "is a folder", 0
            if not stat.S_ISREG(found.st_mode):
                return "is no ordinary file", 0
        except (OSError, ValueError) as error:
            return _why(error), 0
        return ("" if os.access(path, os.R_OK) else "may not be read"), found.st_size

    def names(self, folder: str) -> list[str]:
        if folder not in self._names:
            try:
                self._names[folder] = sorted(os.listdir(folder))
            except (OSError, ValueError):
                self._names[folder] = []
        return self._names[folder]

    def matching(self, folder: str, shape: re.Pattern[str]) -> Iterator[str]:
        return (os.path.join(folder, name) for name in self.names(folder) if shape.fullmatch(name))

    def file(self, mention: Mention) -> Iterator[str]:
        yield mention.path

    def sequence(self, mention: Mention) -> Iterator[str]:
        """Blender counts with the last number before the extension."""
        folder, name = os.path.split(mention.path)
        stem, extension = os.path.splitext(name)
        counted = _NUMBER.match(stem)
        if not counted:
            yield mention.path
            return
        shape = f"{re.escape(counted[1])}-?\\d+{re.escape(counted[3] + extension)}"
        yield from self.matching(folder, re.compile(shape))

    def tiles(self, mention: Mention) -> Iterator[str]:
        folder, name = os.path.split(mention.path)
        mark = _TILE_MARK.search(name)
        if not mark:
            yield mention.path
            return
        number = r"\d{4}" if mark[0] == "<UDIM>" else r"u\d+_v\d+"
        head, tail = name[: mark.start()], name[mark.end() :]
        shape = re.compile(f"{re.escape(head)}{number}{re.escape(tail)}")
        needed = [os.path.join(folder, head + _tile(one, mark[0]) + tail) for one in mention.tiles]
        yield from dict.fromkeys([*needed, *self.matching(folder, shape)])

    def folder(self, mention: Mention) -> Iterator[str]:
        if not os.path.isdir(mention.path):
            if os.path.lexists(mention.path):
                yield mention.path
            return
        for name in self.names(mention.path):
            if name.startswith(mention.parts or ""):
                above = (os.path.realpath(mention.path),)
                yield from self._at(os.path.join(mention.path, name), above)

    def _at(self, path: str, above: tuple[str, ...]) -> Iterator[str]:
        """The file at `path`, or all below it; `above` are the folders that led there."""
        if not os.path.isdir(path):
            yield path
            return
        real = os.path.realpath(path)
        if real in above:
            said = f"{path} is a link that leads back above itself: not followed"
            self.notes[printable(said)] = None
            return
        for name in self.names(path):
            yield from self._at(os.path.join(path, name), (*above, real))


_SPREADS: dict[Spread, Callable[[_Folders, Mention], Iterator[str]]] = {
    Spread.FILE: _Folders.file,
    Spread.SEQUENCE: _Folders.sequence,
    Spread.TILES: _Folders.tiles,
    Spread.FOLDER: _Folders.folder,
}


def _tile(number: int, mark: str) -> str:
    if mark == "<UDIM>":
        return str(number)
    row, column = divmod(number - _FIRST_TILE, 10)
    return f"u{column + 1}_v{row + 1}"


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        told = {
            errno.ENOENT: "does not exist",
            errno.ELOOP: "is a link that leads in a circle",
            errno.EACCES: "lies in a folder that may not be read",
            errno.ENOTDIR: "lies under a file, not a folder",
        }
        return told.get(error.errno or 0, f"cannot be read: {error.strerror}")
    return f"cannot be read: {error}"
