"""A sheet to draw on: lines, areas, bars and words, smooth since it is drawn larger than it is."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

_LARGER = 2  #: it is drawn so many times as large, and made small at the end

INK = "#1f2933"
QUIET = "#7b8794"
GRID = "#e4e7eb"
PAPER = "#ffffff"
#: One for each run, in this order; they differ in lightness too, for those who see no colours.
COLORS = ("#1f5fa8", "#d9822b", "#2f9e6e", "#b0385c", "#7a5ea8", "#8a6d3b")

Point = tuple[float, float]


class Canvas:
    """So many pixels wide and high; the origin is the upper left corner."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._image = Image.new("RGB", (width * _LARGER, height * _LARGER), PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def line(self, points: Sequence[Point], color: str, width: float = 1.5) -> None:
        """One line through all `points`."""
        if len(points) > 1:
            self._draw.line(
                [self._at(point) for point in points],
                fill=color,
                width=max(1, round(width * _LARGER)),
                joint="curve",
            )

    def area(self, points: Sequence[Point], color: str) -> None:
        """What `points` go around."""
        if len(points) > 2:
            self._draw.polygon([self._at(point) for point in points], fill=color)

    def bar(self, left: float, top: float, right: float, bottom: float, color: str) -> None:
        """A filled rectangle, at least a pixel large."""
        self._draw.rectangle(
            [
                self._at((left, top)),
                self._at((max(right, left + 0.5), max(bottom, top + 0.5))),
            ],
            fill=color,
        )

    def dot(self, center: Point, radius: float, color: str) -> None:
        """A filled circle."""
        x, y = center
        self._draw.ellipse(
            [self._at((x - radius, y - radius)), self._at((x + radius, y + radius))], fill=color
        )

    def text(
        self, at: Point, words: str, *, size: int = 12, color: str = INK, anchor: str = "la"
    ) -> None:
        """`words` at a point; `anchor` says which of their own points lies there (as Pillow's)."""
        self._draw.text(self._at(at), words, fill=color, font=_font(size * _LARGER), anchor=anchor)

    def text_width(self, words: str, size: int = 12) -> float:
        """How wide `words` are."""
        return _font(size * _LARGER).getlength(words) / _LARGER

    def save(self, path: Path) -> None:
        """Write it as PNG."""
        small = self._image.resize((self.width, self.height), Image.Resampling.LANCZOS)
        small.save(path, optimize=True)

    @staticmethod
    def _at(point: Point) -> tuple[float, float]:
        return (point[0] * _LARGER, point[1] * _LARGER)


@lru_cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def paler(color: str, part: float) -> str:
    """`color` mixed with paper: 0 is the color, 1 is paper."""
    parts = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(one + (255 - one) * part):02x}" for one in parts)
