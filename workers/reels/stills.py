"""The stills of a movie: one JPEG per frame, all of one even size, none left out.

A frame without a thumbnail is shown as what it is, a dark still with its number: the film keeps its
length, and its frames their places."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

QUALITY = 92
_GROUND, _TEXT = (24, 27, 33), (176, 180, 190)


class NoStills(Exception):
    """Not one frame has a thumbnail."""


def name_of(number: int) -> str:
    """The file name of the still at place `number`, from 1 on."""
    return f"{number:07d}.jpg"


def lay_stills(
    frames: Sequence[int],
    thumbnails: Mapping[int, Path],
    folder: Path,
    look: Callable[[int], None],
) -> tuple[int, int]:
    """Write a still per frame to `folder`; their size in pixels.

    `look` hears how many there are, and may raise. Raises NoStills, OSError.
    """
    size = _size(thumbnails)
    for number, frame in enumerate(frames, 1):
        look(number - 1)
        _lay(frame, thumbnails.get(frame), size, folder / name_of(number))
    return size


def _size(thumbnails: Mapping[int, Path]) -> tuple[int, int]:
    """Of the first good thumbnail, made even: players want that."""
    for path in thumbnails.values():
        try:
            with Image.open(path) as first:
                return max(2, first.width // 2 * 2), max(2, first.height // 2 * 2)
        except (OSError, SyntaxError, ValueError):
            continue
    raise NoStills


def _lay(frame: int, thumbnail: Path | None, size: tuple[int, int], target: Path) -> None:
    still = None
    if thumbnail is not None:
        try:
            with Image.open(thumbnail) as image:
                image.load()
                if (image.size, image.mode, image.format) == (size, "RGB", "JPEG"):
                    shutil.copyfile(thumbnail, target)
                    return
                still = ImageOps.pad(image.convert("RGB"), size, Image.Resampling.LANCZOS)
        except (OSError, SyntaxError, ValueError):
            still = None
    (still or _empty(frame, size)).save(target, "JPEG", quality=QUALITY)


def _empty(frame: int, size: tuple[int, int]) -> Image.Image:
    still = Image.new("RGB", size, _GROUND)
    middle = (size[0] / 2, size[1] / 2)
    font = ImageFont.load_default(max(8, size[1] // 12))
    text = f"frame {frame}: no picture"
    ImageDraw.Draw(still).text(middle, text, fill=_TEXT, font=font, anchor="mm")
    return still
