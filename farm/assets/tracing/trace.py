"""What a scene needs, by whoever can tell: Blender, blender-asset-tracer, or both.

Both is the default, for each finds what the other does not (docs/assets.md has the table). Never
less than everything: where nobody here can read a scene fully, it is refused."""

import os
import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path

from farm.assets.tracing.bat import (
    FIRST_UNPROVEN,
    READER,
    Walked,
    trace_blends,
    unproven_file,
    version_text,
)
from farm.assets.tracing.blender_map import ask_blender
from farm.assets.tracing.model import Mention, Trace
from farm.blender import BlenderCommand, find_blender
from farm.model.errors import BadRequest, BadScene, NodeUnfit

Hear = Callable[[str], None]


class Tracer(StrEnum):
    """Who looks for a scene's files."""

    AUTO = "auto"  #: Blender and blender-asset-tracer; the latter alone where no Blender fits
    BLENDER = "blender"
    BAT = "bat"


def trace_scene(
    scene: str | Path,
    *,
    tracer: str = Tracer.AUTO,
    on_blend: Hear | None = None,
    on_blender: Hear | None = None,
) -> Trace:
    """Every mention of a file in the .blend `scene` and its libraries.

    `on_blend` hears the path of each .blend before it is read, `on_blender` which Blender is
    asked. Raises BadRequest for an unknown tracer, BadScene for what cannot be read fully,
    NodeUnfit when Blender is asked for and there is none.
    """
    if tracer not in set(Tracer):
        raise BadRequest(f"no tracer {tracer!r}; there are: {', '.join(Tracer)}")
    path, tell = os.path.abspath(scene), on_blend or (lambda _: None)
    if tracer == Tracer.BAT:
        walked = trace_blends(path, tell)
        return _trace(path, READER, walked, walked.mentions)
    walked = trace_blends(path, tell, unproven=True)
    try:
        blender = _blender_for(walked)
        if on_blender is not None:
            on_blender(str(blender))
        asked = ask_blender(path, blender)
    except NodeUnfit as error:
        if tracer == Tracer.BLENDER:
            raise
        return _without_blender(path, walked, str(error))
    if tracer == Tracer.BLENDER:
        return _trace(path, _called(blender), walked, asked, _LIMITS)
    both = [*walked.mentions, *asked]
    return _trace(path, f"{_called(blender)} and {READER}", walked, both)


def _without_blender(scene: str, walked: Walked, why: str) -> Trace:
    """What the reader alone found, where that is enough."""
    file, saved_by = walked.newest()
    if saved_by >= FIRST_UNPROVEN:
        raise BadScene(why if file in why else unproven_file(file, saved_by))
    return _trace(scene, READER, walked, walked.mentions, f"traced without Blender: {why}")


_LIMITS = (
    "Blender's own list leaves out disk caches of simulations and bakes of geometry nodes, and "
    "before 5.0 what these import: --tracer auto finds them too"
)


def _blender_for(walked: Walked) -> BlenderCommand:
    """This machine's Blender. Raises NodeUnfit when it has none, or too old a one."""
    blender = find_blender()
    file, saved_by = walked.newest()
    if _number(blender) < saved_by:
        raise NodeUnfit(
            f"{blender} is too old to read {file}, saved by Blender {version_text(saved_by)}: put "
            "one as new on the PATH, or set FARM_BLENDER to it"
        )
    return blender


def _number(blender: BlenderCommand) -> int:
    """405 for 4.5.15, as files have it."""
    version = re.match(r"(\d+)\.(\d+)", blender.version)
    return int(version[1]) * 100 + int(version[2]) if version else 0


def _called(blender: BlenderCommand) -> str:
    return f"Blender {blender.version}"


def _trace(
    scene: str, tracer: str, walked: Walked, mentions: Iterable[Mention], *notes: str
) -> Trace:
    return Trace(
        scene=scene,
        tracer=tracer,
        mentions=tuple(united(mentions)),
        output=walked.output,
        texts={path: one.texts for path, one in walked.blends.items()},
        notes=notes,
    )


def united(mentions: Iterable[Mention]) -> list[Mention]:
    """Each once: the first of those that say the same, however they write it."""
    found: dict[tuple[object, ...], Mention] = {}
    for one in mentions:
        found.setdefault((one.path, one.spread, one.parts, one.blend, one.block), one)
    return list(found.values())
