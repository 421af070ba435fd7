"""A sheet shows every frame or says that it has no picture; a movie has all its frames."""

import threading
from pathlib import Path

import psutil
import pytest
from PIL import Image

from farm.model.job import LayerKind
from farm.model.states import Outcome
from tests.system.reels import ALIKE, Reel, difference, still_of
from tests.waiting import wait_until
from workers.images import BadImage
from workers.reels.mp4 import check_movie, read_movie

pytestmark = [pytest.mark.system, pytest.mark.timeout(90)]


@pytest.fixture
def movie(tmp_path: Path) -> Reel:
    return Reel(tmp_path, LayerKind.MOVIE, extension=".mp4")


@pytest.fixture
def sheet(tmp_path: Path) -> Reel:
    return Reel(tmp_path, LayerKind.SHEET, extension=".jpg")


def test_a_movie_has_every_frame_in_its_place_and_colours(movie: Reel, tmp_path: Path) -> None:
    movie.draw(*range(1, 13))

    made = movie.make()

    assert made.outcome is Outcome.SUCCEEDED, made
    assert made.image_bytes == movie.image.stat().st_size
    facts = read_movie(movie.image)
    assert (facts.frames, facts.width, facts.height, facts.codec) == (12, 160, 90, "avc1")
    for number in (1, 7, 12):
        still = still_of(movie.image, number, tmp_path / f"still{number}.png")
        assert difference(still, movie.thumbnail(number)) < ALIKE
        assert difference(still, movie.thumbnail(number % 12 + 3)) > difference(
            still, movie.thumbnail(number)
        )


def test_a_movie_of_odd_sizes_and_missing_thumbnails_keeps_its_length(movie: Reel) -> None:
    movie.draw(*range(1, 12), size=(161, 91))
    movie.thumbnail(4).unlink()
    movie.thumbnail(5).write_bytes(movie.thumbnail(5).read_bytes()[:200])

    assert movie.make().outcome is Outcome.SUCCEEDED
    facts = read_movie(movie.image)
    assert (facts.frames, facts.width, facts.height) == (12, 160, 90)


def test_a_movie_without_one_thumbnail_fails_and_says_so(movie: Reel) -> None:
    made = movie.make()

    assert (made.outcome, made.image_bytes) == (Outcome.FAILED, 0)
    assert "no frame of layer render has a thumbnail" in made.reason
    assert not movie.image.exists()


def test_a_movie_that_is_cut_or_too_short_does_not_pass(movie: Reel, tmp_path: Path) -> None:
    movie.draw(*range(1, 13))
    movie.make()
    whole = movie.image.read_bytes()
    cut = tmp_path / "cut.mp4"

    with pytest.raises(BadImage, match="12 frames, not 13"):
        check_movie(movie.image, frames=13, size=(160, 90))
    with pytest.raises(BadImage, match="160x90, not 640x360"):
        check_movie(movie.image, frames=12, size=(640, 360))
    for length in range(0, len(whole) - 1, 97):
        cut.write_bytes(whole[:length])
        with pytest.raises(BadImage):
            check_movie(cut, frames=12, size=(160, 90))


def test_a_movie_that_is_stopped_leaves_no_blender_and_no_file(movie: Reel) -> None:
    movie.draw(*range(1, 13))
    ended = []
    thread = threading.Thread(target=lambda: ended.append(movie.make()))
    thread.start()
    wait_until(_blenders, timeout_seconds=20)
    (blender,) = _blenders()

    movie.renderer.stop()
    thread.join(10)

    assert [one.outcome for one in ended] == [Outcome.CANCELLED]
    assert not blender.is_running()
    assert not movie.image.exists()


def _blenders() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if "inside.py" in str(one.cmdline())]


def test_a_sheet_shows_the_thumbnails_and_tells_those_that_lack(sheet: Reel) -> None:
    sheet.draw(1, 2, 3, 5)

    made = sheet.make()

    assert made.outcome is Outcome.SUCCEEDED, made
    with Image.open(sheet.image) as image:
        assert image.format == "JPEG"
        assert len(image.convert("L").histogram()) == 256
    request = sheet.request
    assert request.thumbnail is not None
    assert request.thumbnail.exists()


def test_an_image_that_counts_takes_its_thumbnail_along(sheet: Reel) -> None:
    sheet.draw(1)
    request, made = sheet.request, sheet.make()

    published = sheet.place.publish(request, made, sheet.told.append)
    sheet.place.end_attempt(request)

    assert published.outcome is Outcome.SUCCEEDED
    assert Path(sheet.settings.image_path(1)).exists()
    with Image.open(sheet.settings.thumbnail_path(1)) as thumbnail:
        assert max(thumbnail.size) <= 640
    assert list((sheet.folder / "tmp").iterdir()) == []
