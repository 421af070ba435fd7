"""What a scene refers to: each mention of a file, and the files that these mentions come to.

A path is text as Python's file functions take it: bytes that are no UTF-8 ride along as surrogates.
"""

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from farm.assets.telling import printable


class Kind(StrEnum):
    """What a file is to the scene."""

    SCENE = "scene"  #: the .blend that is rendered
    LIBRARY = "library"  #: a .blend that data is linked from
    IMAGE = "image"
    TILES = "udim"  #: the tiles of one image, UDIM or UV
    SEQUENCE = "sequence"  #: images, one for each frame
    MOVIE = "movie"
    CLIP = "clip"  #: a movie or images that are tracked
    SOUND = "sound"
    FONT = "font"
    CACHE = "cache"  #: Alembic, USD, mesh caches, baked simulations
    VOLUME = "volume"  #: OpenVDB
    IES = "ies"  #: how a lamp throws its light
    OSL = "osl"  #: a shader's source
    GEOMETRY = "geometry"  #: what geometry nodes import


NO_MATTER = "-"  #: of a mention: nobody needs to know that there is nothing
UNUSED = "is not there, but no scene uses it"


class Spread(StrEnum):
    """How many files a mention comes to."""

    FILE = "file"  #: the one it names
    SEQUENCE = "sequence"  #: all whose names differ from it in one number only
    TILES = "tiles"  #: all that its <UDIM> or <UVTILE> can stand for
    FOLDER = "folder"  #: all below it, or what begins as the mention's parts do


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One place in a .blend that names a file, or files."""

    kind: Kind
    written: str  #: the path as it is written there
    path: str  #: that, absolute; with its <UDIM> if it has one
    blend: str  #: the .blend that it is written in, absolute
    block: str  #: the data-block: "image wood.png"
    spread: Spread = Spread.FILE
    tiles: tuple[int, ...] = ()  #: their numbers, where it is known which there must be
    parts: tuple[str, ...] = ()  #: of a folder: what the names begin with that count; (): all do
    #: What to say where there is nothing; "" when that is a fault. A simulation may not be baked.
    absent: str = ""

    @property
    def is_relative(self) -> bool:
        """Is it written from the .blend's own folder?"""
        return self.written.startswith("//")

    @property
    def folder(self) -> str:
        """The folder that its files lie in."""
        return self.path if self.spread is Spread.FOLDER else os.path.dirname(self.path)

    @property
    def user(self) -> str:
        """Who refers to it, for people."""
        return f"{self.block} in {self.blend}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthField:
    """Where and how the length of a block is written."""

    start: int
    form: str  #: as `struct` has it

    def written(self, length: int) -> bytes:
        return struct.pack(self.form, length)


@dataclass(frozen=True, slots=True, kw_only=True)
class PathText:
    """A text that may be a path. Places are in the unpacked file."""

    value: bytes
    start: int
    room: int  #: bytes that are its own, with the zeros after it
    length: LengthField | None  #: where its block's length stands, if it may grow
    is_folder: bool  #: of files that are named elsewhere, as strips do


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What a tracer found in a scene and its libraries."""

    scene: str  #: absolute
    tracer: str  #: who looked: "Blender 4.5.15 and blender-asset-tracer 1.23"
    mentions: tuple[Mention, ...]
    output: str = ""  #: where the scene's images go, as it is written there
    notes: tuple[str, ...] = ()  #: what the person should know
    #: What may be a path in each .blend that was read, for those who write it anew.
    texts: Mapping[str, tuple[PathText, ...]] = field(default_factory=dict, repr=False)

    @property
    def blends(self) -> tuple[str, ...]:
        """The scene and all its libraries, those that are missing too."""
        libraries = {one.path for one in self.mentions if one.kind is Kind.LIBRARY}
        return (self.scene, *sorted(libraries - {self.scene}))


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A file that the scene needs, and that is there."""

    path: str  #: absolute, links in it not resolved
    kind: Kind
    size_bytes: int
    used_by: tuple[str, ...]  #: "image wood.png in /film/props.blend"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingFile:
    """A file that the scene needs, and that cannot be read."""

    path: str
    kind: Kind
    why: str  #: "does not exist"
    used_by: tuple[str, ...]

    def __str__(self) -> str:
        return printable(f"{self.kind} {self.path} {self.why} ({', '.join(self.used_by)})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The files that the mentions of a trace come to."""

    files: tuple[FoundFile, ...] = ()
    missing: tuple[MissingFile, ...] = ()
    reached: tuple[Mention, ...] = ()  #: the mentions that came to something
    notes: tuple[str, ...] = ()
