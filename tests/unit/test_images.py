"""Only a whole image of the right size passes."""

import struct
import time
from pathlib import Path

import pytest
from PIL import Image

from workers.images import BadImage, check_image

SIZE = (64, 36)
KINDS = [".png", ".jpg", ".tif", ".webp", ".bmp", ".tga"]


def an_image(path: Path, *, size: tuple[int, int] = SIZE, color: str | None = None) -> Path:
    image = Image.radial_gradient("L").resize(size).convert("RGB")
    if color:
        image = Image.new("RGB", size, color)
    image.save(path)
    return path


def an_exr(path: Path, *, height: int = 36, hole: bool = False, tiled: bool = False) -> Path:
    """Zip-compressed scan lines (16 a chunk) or tiles of 32, of nonsense pixels."""
    window = struct.pack("<4i", 0, 0, 63, height - 1)
    header = struct.pack("<II", 20000630, 2 | 0x200 * tiled)
    for name, kind, data in (
        ("channels", "chlist", b"R\0" + bytes(16) + b"\0"),
        ("compression", "compression", b"\3"),
        ("dataWindow", "box2i", window),
        ("displayWindow", "box2i", window),
        ("tiles", "tiledesc", struct.pack("<IIB", 32, 32, 0)),
    ):
        header += f"{name}\0{kind}\0".encode() + struct.pack("<I", len(data)) + data
    header += b"\0"
    count = 4 if tiled else (height + 15) // 16
    chunk = bytes(16 if tiled else 4) + struct.pack("<I", 100) + bytes(100)
    offsets = [len(header) + 8 * count + one * len(chunk) for one in range(count)]
    offsets[0] *= not hole
    path.write_bytes(header + struct.pack(f"<{count}Q", *offsets) + chunk * count)
    return path


def check(path: Path, *, since: float = 0.0) -> None:
    check_image(path, width=SIZE[0], height=SIZE[1], since=since)


def cut(path: Path, length: int) -> Path:
    path.write_bytes(path.read_bytes()[:length])
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_image_passes(tmp_path: Path, kind: str) -> None:
    path = an_image(tmp_path / f"a{kind}")

    facts = check_image(path, width=64, height=36, since=time.time() - 1)

    assert (facts.width, facts.height, facts.size_bytes) == (64, 36, path.stat().st_size)
    assert not facts.all_black


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_cut_in_half_does_not_pass(tmp_path: Path, kind: str) -> None:
    path = an_image(tmp_path / f"a{kind}")
    cut(path, path.stat().st_size // 2)

    with pytest.raises(BadImage):
        check(path)


@pytest.mark.parametrize(("kind", "lost"), [(".png", 12), (".png", 1), (".jpg", 2)])
def test_an_image_without_its_last_bytes_does_not_pass(
    tmp_path: Path, kind: str, lost: int
) -> None:
    path = an_image(tmp_path / f"a{kind}")
    cut(path, path.stat().st_size - lost)

    with pytest.raises(BadImage):
        check(path)


def test_a_png_with_a_flipped_bit_does_not_pass(tmp_path: Path) -> None:
    path = an_image(tmp_path / "a.png")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)

    with pytest.raises(BadImage, match="damaged"):
        check(path)


def test_every_cut_of_a_png_is_found(tmp_path: Path) -> None:
    whole = an_image(tmp_path / "a.png").read_bytes()
    path = tmp_path / "b.png"
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(BadImage):
            check(path)


def test_an_image_of_another_size_does_not_pass(tmp_path: Path) -> None:
    with pytest.raises(BadImage, match="32x18, not 64x36"):
        check(an_image(tmp_path / "a.png", size=(32, 18)))


def test_an_image_of_another_kind_than_its_name_does_not_pass(tmp_path: Path) -> None:
    path = an_image(tmp_path / "a.jpg").rename(tmp_path / "a.png")

    with pytest.raises(BadImage, match="is JPEG, not PNG"):
        check(path)


def test_an_image_older_than_the_attempt_does_not_pass(tmp_path: Path) -> None:
    with pytest.raises(BadImage, match="older"):
        check(an_image(tmp_path / "a.png"), since=time.time() + 60)


def test_no_image_at_all_is_told_in_plain_words(tmp_path: Path) -> None:
    with pytest.raises(BadImage, match="no image was written"):
        check(tmp_path / "a.png")


def test_an_empty_file_does_not_pass(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.touch()

    with pytest.raises(BadImage, match="empty"):
        check(path)


def test_a_kind_that_cannot_be_checked_does_not_pass(tmp_path: Path) -> None:
    with pytest.raises(BadImage, match=r"\.hdr images cannot be checked"):
        check(tmp_path / "a.hdr")


def test_an_image_with_nothing_on_it_is_noticed(tmp_path: Path) -> None:
    path = an_image(tmp_path / "a.png", color="black")

    assert check_image(path, width=64, height=36, since=0).all_black


@pytest.mark.parametrize("tiled", [False, True])
def test_a_whole_exr_passes(tmp_path: Path, tiled: bool) -> None:
    facts = check_image(an_exr(tmp_path / "a.exr", tiled=tiled), width=64, height=36, since=0)

    assert (facts.kind, facts.channels) == ("EXR", ("R",))


def test_every_cut_of_an_exr_is_found(tmp_path: Path) -> None:
    whole = an_exr(tmp_path / "a.exr").read_bytes()
    path = tmp_path / "b.exr"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(BadImage):
            check(path)


def test_an_exr_with_a_missing_chunk_does_not_pass(tmp_path: Path) -> None:
    with pytest.raises(BadImage, match="1 of its 3 chunks are missing"):
        check(an_exr(tmp_path / "a.exr", hole=True))


def test_an_exr_of_another_size_does_not_pass(tmp_path: Path) -> None:
    with pytest.raises(BadImage, match="64x20, not 64x36"):
        check(an_exr(tmp_path / "a.exr", height=20))


def test_what_is_no_exr_does_not_pass(tmp_path: Path) -> None:
    path = an_image(tmp_path / "a.png").rename(tmp_path / "a.exr")

    with pytest.raises(BadImage, match="not an OpenEXR file"):
        check(path)
