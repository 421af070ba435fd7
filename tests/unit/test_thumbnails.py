"""Small pictures of images of every kind."""

from pathlib import Path

import pytest
from PIL import Image

from workers.images import check_image
from workers.thumbnail import write_thumbnail


def a_thumbnail(image: Image.Image, folder: Path) -> Image.Image:
    write_thumbnail(image, folder / "small.jpg")
    with Image.open(folder / "small.jpg") as small:
        small.load()
        assert (small.format, small.mode) == ("JPEG", "RGB")
        return small


@pytest.mark.parametrize(
    ("size", "small"),
    [((1920, 1080), (640, 360)), ((1080, 1920), (360, 640)), ((64, 36), (64, 36))],
)
def test_it_has_the_shape_of_the_image_and_is_never_larger(
    tmp_path: Path, size: tuple[int, int], small: tuple[int, int]
) -> None:
    assert a_thumbnail(Image.new("RGB", size, "red"), tmp_path).size == small


@pytest.mark.parametrize(
    ("mode", "colour", "shown"),
    [
        ("RGB", (200, 40, 40), (200, 40, 40)),
        ("RGBA", (200, 40, 40, 0), (0, 0, 0)),
        ("RGBA", (200, 40, 40, 255), (200, 40, 40)),
        ("L", 128, (128, 128, 128)),
        ("I;16", 0x8000, (128, 128, 128)),
        ("LA", (128, 255), (128, 128, 128)),
        ("1", 1, (255, 255, 255)),
    ],
)
def test_it_shows_the_image_whatever_its_pixels_are(
    tmp_path: Path, mode: str, colour: int | tuple[int, ...], shown: tuple[int, int, int]
) -> None:
    found = a_thumbnail(Image.new(mode, (64, 36), colour), tmp_path).getpixel((5, 5))

    assert isinstance(found, tuple)
    assert all(abs(one - other) <= 3 for one, other in zip(found, shown, strict=True))


def test_a_check_leaves_it_where_it_is_asked_to_and_fails_nothing(tmp_path: Path) -> None:
    image = tmp_path / "a.png"
    Image.new("RGB", (64, 36), "red").save(image)

    check_image(image, width=64, height=36, since=0, thumbnail=tmp_path / "small.jpg")
    check_image(image, width=64, height=36, since=0, thumbnail=tmp_path / "no" / "small.jpg")

    assert (tmp_path / "small.jpg").exists()
