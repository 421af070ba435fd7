"""A small JPEG of the image just written, in the colours its scene wants to be seen in.

Runs inside Blender. Nothing newer than Python 3.10: Blender's own Python runs it."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import bpy

MOST_SIZE = 640  #: pixels, of the longer side
QUALITY = 85
#: In the order they are set: what a format takes depends on those before.
_OF_A_FORMAT = ("media_type", "file_format", "color_mode", "color_depth", "quality")


def write_thumbnail(
    scene: bpy.types.Scene, image: str, target: str, size: tuple[int, int]
) -> list[str]:
    """Make a small JPEG of the file `image` of `size` at `target`; what went wrong, as warnings.

    A frame without a thumbnail is a frame all the same.
    """
    loaded = None
    try:
        loaded = bpy.data.images.load(image, check_existing=False)
        loaded.scale(*_fitting(size))
        with _as_jpeg(scene.render.image_settings):
            loaded.save_render(target, scene=scene)
    except (RuntimeError, TypeError, ValueError, OSError) as error:
        with contextlib.suppress(OSError):
            os.unlink(target)
        return [f"no thumbnail: {error}"]
    finally:
        if loaded is not None:
            bpy.data.images.remove(loaded)
    return []


def _fitting(size: tuple[int, int]) -> tuple[int, int]:
    """The same shape, no side longer than MOST_SIZE."""
    width, height = size
    scale = min(1.0, MOST_SIZE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


@contextlib.contextmanager
def _as_jpeg(settings: Any) -> Iterator[None]:
    """The scene's image settings as of a JPEG, then as they were."""
    before = {name: getattr(settings, name) for name in _OF_A_FORMAT if hasattr(settings, name)}
    try:
        if "media_type" in before:
            settings.media_type = "IMAGE"
        settings.file_format = "JPEG"
        settings.color_mode = "RGB"
        settings.quality = QUALITY
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)
