"""What a scene needs, by whoever can tell: Blender, blender-asset-tracer, or both.

Both is the default, for each finds what the other does not (docs/assets.md has the table). Never
less than everything: where nobody here can read a scene fully, it is refused."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from farm.assets.tracing.bat import FIRST_UNPROVEN, READER, trace_blends, version_text
from farm.assets.tracing.blender_map import ask_blender
from farm.assets.tracing.model import Mention, Trace
from farm.blender import BlenderCommand, find_blender
from farm.model.errors import BadRequest, BadScene, NodeUnfit

OnBlend = Callable[[str], None]


class Tracer(StrEnum):
    """Who looks for a scene's files."""

    AUTO = "auto"  #: Blender and blender-asset-tracer; the latter alone where no Blender fits
    BLENDER = "blender"
    BAT = "bat"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What blender-asset-tracer's reader found."""

    mentions: list[Mention]
    versions: dict[str, int]

    def newest(self) -> tuple[str, int]:
        """The file that the newest Blender saved, and which."""
        return max(self.versions.items(), key=lambda one: one[1])


def trace_scene(
    scene: str | Path, *, tracer: str = Tracer.AUTO, on_blend: OnBlend | None = None
) -> Trace:
    """Every mention of a file in the .blend `scene` and its libraries.

    `on_blend` hears the path of each .blend before it is read. Raises BadRequest for
    an unknown tracer, BadScene for what cannot be read fully, NodeUnfit when Blender is asked for
    and there is none.
    """
    if tracer not in set(Tracer):
        raise BadRequest(f"no tracer {tracer!r}; there are: {', '.join(Tracer)}")
    path, tell = os.path.abspath(scene), on_blend or (lambda _: None)
    if tracer == Tracer.BAT:
        return _by_bat(path, tell)
    read = _read(path, tell, unproven=True)
    try:
        blender = find_blender()
    except NodeUnfit:
        if tracer == Tracer.BLENDER:
            raise
        return _by_bat(path, tell)
    too_old = _too_old(blender, read)
    if too_old and (tracer == Tracer.BLENDER or read.newest()[1] >= FIRST_UNPROVEN):
        raise BadScene(too_old)
    if too_old:
        return _trace(path, READER, read.mentions, f"{too_old}; traced without it")
    asked = ask_blender(path, blender)
    if tracer == Tracer.BLENDER:
        return _trace(path, _called(blender), asked, _LIMITS)
    return _trace(path, f"{_called(blender)} and {READER}", [*read.mentions, *asked])


_LIMITS = (
    "Blender's own list leaves out disk caches of simulations and bakes of geometry nodes, and "
    "before 5.0 what these import: --tracer auto finds them too"
)


def _by_bat(scene: str, tell: OnBlend) -> Trace:
    return _trace(scene, READER, _read(scene, tell, unproven=False).mentions)


def _read(scene: str, tell: OnBlend, *, unproven: bool) -> _Read:
    mentions, versions = trace_blends(scene, tell, unproven=unproven)
    return _Read(mentions=mentions, versions=versions)


def _too_old(blender: BlenderCommand, read: _Read) -> str:
    """Why this Blender may not be asked, if so."""
    file, saved_by = read.newest()
    if _number(blender) >= saved_by:
        return ""
    return (
        f"{file} was saved by Blender {version_text(saved_by)}, which {blender} is too old to "
        f"read: have Blender {version_text(saved_by)} or newer on the PATH or in FARM_BLENDER"
    )


def _number(blender: BlenderCommand) -> int:
    """405 for 4.5.15, as files have it."""
    version = re.match(r"(\d+)\.(\d+)", blender.version)
    return int(version[1]) * 100 + int(version[2]) if version else 0


def _called(blender: BlenderCommand) -> str:
    return f"Blender {blender.version}"


def _trace(scene: str, tracer: str, mentions: list[Mention], *notes: str) -> Trace:
    return Trace(scene=scene, tracer=tracer, mentions=tuple(_united(mentions)), notes=notes)


def _united(mentions: list[Mention]) -> list[Mention]:
    """Each once: the first of those that say the same, however they write it."""
    found: dict[tuple[str, ...], Mention] = {}
    for one in mentions:
        found.setdefault((one.path, one.spread, one.blend, one.block), one)
    return list(found.values())
