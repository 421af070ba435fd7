"""Is an image whole, and what was asked for? Looked at before it may get its final name.

The promise: an image that passes was written by this attempt, has the size asked for, and every
pixel of it decodes (of an OpenEXR file: header, chunk table and end are in order)."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from workers.exr import BrokenExr, read_exr
from workers.thumbnail import write_thumbnail

#: Extensions whose images can be checked, with what Pillow calls them.
CHECKED = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".tga": "TGA",
    ".exr": "EXR",
}
#: How a whole file ends; Pillow itself forgives an end that is cut off.
_ENDINGS = {"PNG": b"IEND\xaeB`\x82", "JPEG": b"\xff\xd9"}
_CLOCK_SLACK_SECONDS = 2.0  #: the coarsest timestamps of file systems in use
_DARKEST = 1  #: dithering may lift a black pixel by this much

# Pillow refuses very large images as an attack. Here the size is compared with the one asked for
# before a pixel is decoded, and a large still is an honest one.
Image.MAX_IMAGE_PIXELS = None


class BadImage(Exception):
    """The image must not be published; the message says why, in plain words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """What the check found."""

    width: int
    height: int
    kind: str  #: "PNG", "EXR" …
    size_bytes: int
    channels: tuple[str, ...]
    all_black: bool = False  #: never told of OpenEXR, whose pixels are not decoded


def check_image(
    path: str | os.PathLike[str],
    *,
    width: int,
    height: int,
    since: float,
    thumbnail: Path | None = None,
) -> ImageFacts:
    """Check the image at `path`: this size, and written at `since` (seconds since 1970) or later.

    A small JPEG of it is left at `thumbnail`, if that is easily done; never of an OpenEXR.
    Raises BadImage with the reason, OSError when the file cannot be read at all.
    """
    file = Path(path)
    kind = CHECKED.get(file.suffix.lower())
    if kind is None:
        raise BadImage(f"{file.suffix} images cannot be checked; use one of: {', '.join(CHECKED)}")
    try:
        found = file.stat()
    except FileNotFoundError as error:
        raise BadImage("no image was written; often the compositor has no output") from error
    if found.st_size == 0:
        raise BadImage("the image is empty (0 bytes)")
    if found.st_mtime + _CLOCK_SLACK_SECONDS < since:
        raise BadImage("the image is older than this attempt")
    if kind == "EXR":
        return _check_exr(file, (width, height), found.st_size)
    return _check_pixels(file, kind, (width, height), found.st_size, thumbnail)


def _check_exr(file: Path, size: tuple[int, int], size_bytes: int) -> ImageFacts:
    try:
        facts = read_exr(file)
    except BrokenExr as error:
        raise BadImage(f"the image {error}") from error
    if size not in {facts.data_size, facts.display_size}:
        raise BadImage(_wrong_size(facts.display_size, size))
    width, height = size
    return ImageFacts(
        width=width, height=height, kind="EXR", size_bytes=size_bytes, channels=facts.channels
    )


def _check_pixels(
    file: Path, kind: str, size: tuple[int, int], size_bytes: int, thumbnail: Path | None
) -> ImageFacts:
    try:
        with Image.open(file) as image:
            if image.format != kind:
                raise BadImage(f"the image is {image.format}, not {kind} as its name says")
            if image.size != size:
                raise BadImage(_wrong_size(image.size, size))
            image.load()
            channels, black = image.getbands(), _is_black(image)
            if thumbnail is not None:
                write_thumbnail(image, thumbnail)
        _check_end(file, kind)
    except UnidentifiedImageError as error:
        raise BadImage(f"the file is not a {kind} image") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        _reraise_of_the_system(error)
        raise BadImage(f"the image is damaged: {error}") from error
    width, height = size
    return ImageFacts(
        width=width,
        height=height,
        kind=kind,
        size_bytes=size_bytes,
        channels=channels,
        all_black=black,
    )


def _reraise_of_the_system(error: Exception) -> None:
    """Pillow raises OSError for damage too; one with a number comes from the system."""
    if isinstance(error, OSError) and error.errno is not None:
        raise error


def _check_end(file: Path, kind: str) -> None:
    if kind not in _ENDINGS:
        return
    with file.open("rb") as data:
        data.seek(-min(64, file.stat().st_size), os.SEEK_END)
        if _ENDINGS[kind] not in data.read():
            raise BadImage("the image is cut off at its end")
    if kind == "PNG":
        with Image.open(file) as image:  # the checksum of every part, which decoding leaves out
            image.verify()


def _is_black(image: Image.Image) -> bool:
    with contextlib.suppress(TypeError, ValueError):  # a mode without extrema
        extrema = image.getextrema()
        pairs = extrema if isinstance(extrema[0], tuple) else (extrema,)
        names = image.getbands()
        return all(
            pair[1] <= _DARKEST
            for name, pair in zip(names, pairs, strict=True)
            if name != "A" and isinstance(pair, tuple)
        )
    return False


def _wrong_size(found: tuple[int, int], wanted: tuple[int, int]) -> str:
    return f"the image is {found[0]}x{found[1]}, not {wanted[0]}x{wanted[1]} as asked"
