"""Contact sheets: all frames of a shot at one glance, on a dark ground, numbered."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

_COLUMNS = 6
_THUMB_WIDTH = 320
_GAP = 18
_MARGIN = 56
_LABEL_HEIGHT = 30
_HEAD_HEIGHT = 104
_CORNER_RADIUS = 6

_GROUND = (14, 16, 20)
_TITLE = (240, 238, 232)
_DIM = (128, 132, 142)
_RULE = (44, 48, 56)

Font = ImageFont.ImageFont | ImageFont.FreeTypeFont


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """One shot on a sheet."""

    title: str
    note: str  #: a line below the title
    images: tuple[tuple[int, Path], ...]  #: frame number and where its image lies


def contact_sheet(strips: Sequence[Strip], target: Path) -> None:
    """Draw `strips` one below the other into `target`.

    Raises OSError when an image cannot be read or the sheet not be written.
    """
    thumb_height = _thumb_height(strips)
    heights = [_strip_height(strip, thumb_height) for strip in strips]
    width = 2 * _MARGIN + _COLUMNS * _THUMB_WIDTH + (_COLUMNS - 1) * _GAP
    sheet = Image.new("RGB", (width, sum(heights) + _MARGIN), _GROUND)
    top = 0
    for strip, height in zip(strips, heights, strict=True):
        _draw_strip(sheet, strip, top=top, thumb_height=thumb_height)
        top += height
    sheet.save(target)


def _thumb_height(strips: Sequence[Strip]) -> int:
    """Of the first image's shape; frames of one shot are all alike."""
    with Image.open(strips[0].images[0][1]) as first:
        return round(_THUMB_WIDTH * first.height / first.width)


def _strip_height(strip: Strip, thumb_height: int) -> int:
    rows = -(-len(strip.images) // _COLUMNS)
    return _MARGIN + _HEAD_HEIGHT + rows * (thumb_height + _LABEL_HEIGHT + _GAP)


def _draw_strip(sheet: Image.Image, strip: Strip, *, top: int, thumb_height: int) -> None:
    draw = ImageDraw.Draw(sheet)
    head = top + _MARGIN
    draw.text((_MARGIN, head), strip.title, fill=_TITLE, font=_font(40))
    draw.text((_MARGIN, head + 50), strip.note, fill=_DIM, font=_font(20))
    rule = head + _HEAD_HEIGHT - 20
    draw.line((_MARGIN, rule, sheet.width - _MARGIN, rule), fill=_RULE, width=2)
    mask = _rounded(thumb_height)
    for index, (frame, path) in enumerate(strip.images):
        row, column = divmod(index, _COLUMNS)
        x = _MARGIN + column * (_THUMB_WIDTH + _GAP)
        y = head + _HEAD_HEIGHT + row * (thumb_height + _LABEL_HEIGHT + _GAP)
        sheet.paste(_thumb(path, thumb_height), (x, y), mask)
        draw.text((x + 2, y + thumb_height + 6), f"{frame:04d}", fill=_DIM, font=_font(16))


def _thumb(path: Path, height: int) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB").resize((_THUMB_WIDTH, height), Image.Resampling.LANCZOS)


def _rounded(height: int) -> Image.Image:
    """A mask with soft corners: drawn large, then made small."""
    large = Image.new("L", (4 * _THUMB_WIDTH, 4 * height), 0)
    ImageDraw.Draw(large).rounded_rectangle(
        (0, 0, 4 * _THUMB_WIDTH - 1, 4 * height - 1), 4 * _CORNER_RADIUS, fill=255
    )
    return large.resize((_THUMB_WIDTH, height), Image.Resampling.LANCZOS)


def _font(pixels: int) -> Font:
    return ImageFont.load_default(pixels)
