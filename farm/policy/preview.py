"""The preview of a job: a contact sheet and a small film, made after its last frame. Pure."""

import math
import re
from pathlib import PurePosixPath

from farm.model.dependencies import After
from farm.model.job import LayerKind, LayerSpec
from farm.model.render import ReelSettings, RenderSettings

SHEET, MOVIE = "sheet", "movie"

_USUAL_FRAMES_PER_SECOND = 24.0
_RUN = re.compile(r"[ ._-]*#+")


def preview_layers(render: LayerSpec, *, frames_per_second: float) -> tuple[LayerSpec, LayerSpec]:
    """A sheet and a movie of all that the layer `render` makes, beside its images."""
    settings = render.settings
    good = math.isfinite(frames_per_second) and frames_per_second > 0
    reel = ReelSettings(
        layer=render.name,
        frames=render.frames,
        output=settings.output,
        extension=settings.extension,
        frames_per_second=frames_per_second if good else _USUAL_FRAMES_PER_SECOND,
    )

    def layer(kind: LayerKind, name: str, suffix: str, extension: str) -> LayerSpec:
        return LayerSpec(
            name=name,
            frames="1",
            settings=RenderSettings(
                scene=settings.scene,
                output=_stem(settings) + suffix,
                extension=extension,
                manifest=settings.manifest,
            ),
            pool=render.pool,
            retries=render.retries,
            kind=kind,
            after=(After(layer=render.name),),
            reel=reel,
        )

    return (
        layer(LayerKind.SHEET, SHEET, "_sheet", ".jpg"),
        layer(LayerKind.MOVIE, MOVIE, "_preview", ".mp4"),
    )


def _stem(settings: RenderSettings) -> str:
    """The images' path without their number; with the scene's name where they have no other."""
    folder, _, name = settings.output.rpartition("/")
    stem = _RUN.sub("", name).strip(" ._-")
    return f"{folder}/{stem or PurePosixPath(settings.scene).stem.replace('#', '_')}"
