"""Traces a scene without Blender, on blender-asset-tracer's reader of .blend files.

Its own list of what a scene needs has gaps (docs/assets.md shows them), so the walk is ours: from
all data of the scene to all that it points to, in libraries only what is linked from them, as
Blender does. For scenes of a Blender that this was not proven with it refuses, for what it then
does not find would be lost without a word."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from blender_asset_tracer import __version__ as reader_version
from blender_asset_tracer.blendfile import BlendFile

from farm.assets.blend import opened_blend
from farm.assets.scene import facts_of
from farm.assets.tracing.groups import Group, Groups
from farm.assets.tracing.mentions import said_in
from farm.assets.tracing.model import UNUSED, Mention, PathText
from farm.assets.tracing.paths import resolve
from farm.assets.tracing.texts import path_texts
from farm.model.errors import BadScene

READER = f"blender-asset-tracer {reader_version}"
FIRST_UNPROVEN = 500  #: 5.0: from here on only Blender itself knows
_BRUSH = b"BR"  # brushes come from Blender's own libraries, and do not render
_SKIPPED = {b"GLOB", b"REND", b"TEST", b"DNA1", b"USER", b"ENDB", b"WM", b"TX", _BRUSH}
_NO_START = {*_SKIPPED, b"ID", b"LI"}  # libraries are reached through what is linked from them
_CODES = {
    "AR": "armature", "CA": "camera", "CF": "cachefile", "CU": "curve", "CV": "curves",
    "GR": "collection", "IM": "image", "LA": "light", "LI": "library", "LT": "lattice",
    "MA": "material", "MB": "meta", "MC": "movieclip", "ME": "mesh", "NT": "nodetree",
    "OB": "object", "PA": "particle", "SC": "scene", "SK": "speaker", "SO": "sound",
    "SR": "screen", "TE": "texture", "VF": "font", "VO": "volume", "WO": "world",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBlend:
    """What was read of one .blend, whatever part of it is needed."""

    version: int  #: of the Blender that saved it: 405
    texts: tuple[PathText, ...]


@dataclass(slots=True)
class Walked:
    """What was found on the way through a scene and its libraries."""

    mentions: dict[Mention, None] = field(default_factory=dict)
    blends: dict[str, ReadBlend] = field(default_factory=dict)
    output: str = ""  #: where the scene's images go, as it is written

    def newest(self) -> tuple[str, int]:
        """The file that the newest Blender saved, and which."""
        found = {path: one.version for path, one in self.blends.items()}
        return max(found.items(), key=lambda one: one[1])


def trace_blends(scene: str, on_file: Callable[[str], None], *, unproven: bool = False) -> Walked:
    """All that `scene` and its libraries say about files.

    `on_file` hears each .blend before it is opened. Raises BadScene, also for a file that a
    Blender after 4.5 saved, unless `unproven`.
    """
    walk = _Walk(unproven)
    walk.wanted[scene] = None
    while walk.wanted:
        path = next(iter(walk.wanted))
        names = walk.wanted.pop(path)
        if os.path.exists(path) or path == scene:  # what is missing is told with its users
            on_file(path)
            with _opened(path, scene) as blend:
                walk.read(path, blend, names)
                if path == scene:
                    walk.found.output = facts_of(blend, Path(path)).output
    return walk.found


def texts_in(path: str) -> tuple[PathText, ...]:
    """Those in the .blend at `path`. Raises BadScene."""
    with opened_blend(Path(path)) as blend:
        return tuple(path_texts(Groups(blend)))


@contextmanager
def _opened(path: str, scene: str) -> Iterator[BlendFile]:
    try:
        with opened_blend(Path(path)) as blend:
            yield blend
    except BadScene as error:
        if path == scene:
            raise
        raise BadScene(str(error).replace("scene ", "library ", 1)) from error


@dataclass(slots=True)
class _Walk:
    unproven: bool
    wanted: dict[str, set[bytes] | None] = field(default_factory=dict)  #: None: all that is in it
    seen: dict[str, set[bytes]] = field(default_factory=dict)
    found: Walked = field(default_factory=Walked)

    def read(self, path: str, blend: BlendFile, names: set[bytes] | None) -> None:
        """Walk through the .blend at `path`, from its data-blocks called `names`."""
        if blend.header.version >= FIRST_UNPROVEN and not self.unproven:
            raise BadScene(unproven_file(path, blend.header.version))
        groups = Groups(blend)
        if path not in self.found.blends:
            self.found.blends[path] = ReadBlend(
                version=blend.header.version, texts=tuple(path_texts(groups))
            )
        if names is None:
            self._follow(path, groups, [one for one in groups.all if one.head.code == b"SC"])
            rest = [one for one in groups.all if one.head.code not in _NO_START]
            self._follow(path, groups, rest, absent=UNUSED)
        else:
            self._follow(path, groups, [one for one in groups.all if _is_named(one, names)])

    def _follow(self, path: str, groups: Groups, ahead: list[Group], *, absent: str = "") -> None:
        """Note what `ahead`, and all that it leads to, say about files."""
        seen = self.seen.setdefault(path, set())
        while ahead:
            group = ahead.pop()
            name = _name(group)
            if name in seen:
                continue
            seen.add(name)
            if group.head.code == b"ID":
                ahead += self._linked(path, group, name, groups)
            elif group.head.code not in _SKIPPED:
                self._note(path, group, absent)
                ahead += groups.targets(group)

    def _linked(self, path: str, group: Group, name: bytes, groups: Groups) -> list[Group]:
        """A data-block of another .blend: look for it there, and tell of its library."""
        library = groups.by_address.get(group.head[b"lib"])
        if library is None or name.startswith(_BRUSH):
            return []
        for said in said_in(library, b""):
            there = resolve(os.fsdecode(said.written), os.path.dirname(path))
            if name not in self.seen.get(there, set()):
                self.wanted.setdefault(there, set())
                names = self.wanted[there]
                if names is not None:
                    names.add(name)
        return [library]

    def _note(self, path: str, group: Group, absent: str) -> None:
        folder, file = os.path.split(path)
        for said in said_in(group, os.fsencode(os.path.splitext(file)[0])):
            written = os.fsdecode(said.written)
            mention = Mention(
                kind=said.kind,
                written=written,
                path=resolve(written, folder),
                blend=path,
                block=describe(_name(group)),
                spread=said.spread,
                tiles=said.tiles,
                parts=tuple(os.fsdecode(part) for part in said.parts),
                absent=said.absent or absent,
            )
            self.found.mentions[mention] = None


def _is_named(group: Group, names: set[bytes]) -> bool:
    return group.head.code not in _SKIPPED and _name(group) in names


def _name(group: Group) -> bytes:
    """The name of a data-block, with the two letters of its type."""
    if group.head.code == b"ID":  # one of another .blend
        return bytes(group.head[b"name"])
    return bytes(group.head.id_name or group.head.code)


def describe(name: bytes) -> str:
    """As people call it: b"IMwood.png" is "image wood.png"."""
    code = os.fsdecode(name[:2])
    return f"{_CODES.get(code, code)} {os.fsdecode(name[2:])}"


def version_text(version: int) -> str:
    """As people write it: 405 is "4.5"."""
    return f"{version // 100}.{version % 100}"


def unproven_file(path: str, version: int) -> str:
    """Why `path` cannot be traced here, in one line."""
    return (
        f"{path} was saved by Blender {version_text(version)}, and without Blender only files up "
        f"to 4.5 can be traced with nothing lost: put a Blender {version_text(version)} or newer "
        "on the PATH, or set FARM_BLENDER to it"
    )
