"""Small JPEGs of images whose colours are meant for the eye as they are: all but OpenEXR.

Those of OpenEXR files are made inside Blender, which knows how the scene wants to be seen.
"""

import contextlib
import logging
from pathlib import Path

from PIL import Image

MOST_WIDTH = MOST_HEIGHT = 640  #: pixels
QUALITY = 85

log = logging.getLogger("karst.worker")


def write_thumbnail(image: Image.Image, target: Path) -> None:
    """A small JPEG of `image`, which is open and decoded, at `target`; without fail or not at all.

    A frame without a thumbnail is a frame all the same.
    """
    try:
        small = _plain(image)
        small.thumbnail((MOST_WIDTH, MOST_HEIGHT), Image.Resampling.LANCZOS, reducing_gap=2.0)
        small.save(target, "JPEG", quality=QUALITY)
    except (OSError, ValueError, ArithmeticError) as error:
        log.warning("no thumbnail of %s: %s", getattr(image, "filename", target.name), error)
        with contextlib.suppress(OSError):
            target.unlink(missing_ok=True)


def _plain(image: Image.Image) -> Image.Image:
    """A copy in 8-bit RGB; what is see-through is black behind."""
    if image.mode.startswith(("I;16", "I")):  # 16 bits of grey
        return image.point(lambda value: value / 256).convert("L").convert("RGB")
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        seen = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", seen.size, "black"), seen).convert("RGB")
    return image.convert("RGB")
