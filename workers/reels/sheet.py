"""A contact sheet: the frames of a layer at one glance, numbered.

A long layer is shown by frames that lie evenly over it. A frame without a thumbnail gets a tile
that says so, never its neighbour's picture."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

MOST_TILES = 100
QUALITY = 88
_TILE_WIDTH = 320
_TILE_HEIGHTS = (90, 480)  #: of very wide and of very tall images
_USUAL_HEIGHT = 180
_LEAST_COLUMNS = 4
_GAP, _MARGIN, _LABEL_HEIGHT, _HEAD_HEIGHT = 14, 40, 30, 64
_GROUND, _EMPTY, _RULE = (14, 16, 20), (24, 27, 33), (70, 76, 88)
_TITLE, _LABEL, _DIM = (240, 238, 232), (176, 180, 190), (128, 132, 142)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """How the tiles lie on the sheet."""

    columns: int
    rows: int
    tile_height: int

    @property
    def size(self) -> tuple[int, int]:
        """Of the whole sheet, in pixels."""
        width = 2 * _MARGIN + self.columns * (_TILE_WIDTH + _GAP) - _GAP
        height = 2 * _MARGIN + _HEAD_HEIGHT + self.rows * self._row_height - _GAP
        return width, height

    @property
    def _row_height(self) -> int:
        return self.tile_height + _LABEL_HEIGHT + _GAP

    def corner(self, number: int) -> tuple[int, int]:
        """The upper left corner of a tile."""
        row, column = divmod(number, self.columns)
        across = _MARGIN + column * (_TILE_WIDTH + _GAP)
        return across, _MARGIN + _HEAD_HEIGHT + row * self._row_height


def chosen(frames: Sequence[int], most: int = MOST_TILES) -> list[int]:
    """All `frames`, or `most` of them that lie evenly from the first to the last."""
    if len(frames) <= most:
        return list(frames)
    return [frames[round(place * (len(frames) - 1) / (most - 1))] for place in range(most)]


def draw_sheet(
    frames: Sequence[int],
    thumbnails: Mapping[int, Path],
    target: Path,
    *,
    title: str,
    look: Callable[[int], None],
) -> tuple[int, int]:
    """Draw the sheet of `frames` into `target`, a JPEG; its size in pixels.

    `look` hears how many tiles are drawn, and may raise. Raises OSError when it cannot be written.
    """
    shown = chosen(frames)
    grid = _grid(len(shown), _tile_height(thumbnails))
    sheet = Image.new("RGB", grid.size, _GROUND)
    draw = ImageDraw.Draw(sheet)
    draw.text((_MARGIN, _MARGIN - 8), title, fill=_TITLE, font=_font(30))
    empty = 0
    for number, frame in enumerate(shown):
        look(number)
        tile = _tile(thumbnails.get(frame), grid.tile_height)
        empty += tile is None
        corner = grid.corner(number)
        sheet.paste(tile or _empty_tile(grid.tile_height), corner)
        label = (corner[0] + 2, corner[1] + grid.tile_height + 4)
        draw.text(label, str(frame), fill=_LABEL, font=_font(20))
    note = _note(len(frames), len(shown), empty)
    draw.text((grid.size[0] - _MARGIN, _MARGIN), note, fill=_DIM, font=_font(20), anchor="ra")
    sheet.save(target, "JPEG", quality=QUALITY)
    return grid.size


def _note(frames: int, shown: int, empty: int) -> str:
    parts = [f"{frames:,} frames" if shown == frames else f"{shown} of {frames:,} frames"]
    if empty:
        parts.append(f"{empty} without a picture")
    return ", ".join(parts)


def _grid(tiles: int, tile_height: int) -> Grid:
    columns = _LEAST_COLUMNS
    while columns * columns < tiles:
        columns += 1
    return Grid(columns=columns, rows=max(1, -(-tiles // columns)), tile_height=tile_height)


def _tile_height(thumbnails: Mapping[int, Path]) -> int:
    """Of the first thumbnail's shape: frames of one layer are all alike."""
    for path in thumbnails.values():
        try:
            with Image.open(path) as first:
                height = round(_TILE_WIDTH * first.height / first.width)
                return min(max(height, _TILE_HEIGHTS[0]), _TILE_HEIGHTS[1])
        except (OSError, SyntaxError, ValueError):
            continue
    return _USUAL_HEIGHT


def _tile(path: Path | None, height: int) -> Image.Image | None:
    """The picture in its tile; None when there is none, or it is damaged."""
    if path is None:
        return None
    try:
        with Image.open(path) as image:
            plain = image.convert("RGB")
    except (OSError, SyntaxError, ValueError):
        return None
    return ImageOps.pad(plain, (_TILE_WIDTH, height), Image.Resampling.LANCZOS, color=_GROUND)


def _empty_tile(height: int) -> Image.Image:
    tile = Image.new("RGB", (_TILE_WIDTH, height), _EMPTY)
    draw = ImageDraw.Draw(tile)
    draw.rectangle((0, 0, _TILE_WIDTH - 1, height - 1), outline=_RULE)
    middle = (_TILE_WIDTH / 2, height / 2)
    draw.text(middle, "no picture", fill=_DIM, font=_font(20), anchor="mm")
    return tile


def _font(pixels: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(pixels)
