"""A thumbnail shows what the image shows, in the colours its scene wants to be seen in."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from farm.model.states import Outcome
from tests.made import made_once
from tests.scenes import make_scenes
from tests.system.blender_fixtures import all_of_it, scenes, studio
from tests.system.reels import ALIKE, difference
from tests.system.studio import Studio, a_request, assert_succeeded, image_of
from workers.renderer import Rendered

__all__ = ["all_of_it", "scenes", "studio"]  # fixtures
pytestmark = [pytest.mark.system, pytest.mark.timeout(90)]

#: A bright scene, seen through a view transform with an exposure: a naive picture would be wrong.
_SCRIPT = """
scene.render.engine = "CYCLES"
scene.cycles.samples, scene.cycles.max_bounces, scene.cycles.use_denoising = 2, 0, False
scene.render.resolution_x, scene.render.resolution_y = 800, 450
scene.view_settings.view_transform = "AgX"
scene.view_settings.look = "AgX - Punchy"
scene.view_settings.exposure = 1.2
material = bpy.data.objects["Cube"].active_material
material.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (0.9, 0.2, 0.05, 1)
image = scene.render.image_settings
for name, kind, depth in (
    ("half", "OPEN_EXR", "16"), ("layers", "OPEN_EXR_MULTILAYER", "32"), ("flat", "PNG", "8")
):
    image.file_format = kind
    image.color_depth = depth
    save(name + ".blend")
scene.render.use_border = scene.render.use_crop_to_border = True
scene.render.border_min_x, scene.render.border_max_x = 0.3, 0.6
scene.render.border_min_y, scene.render.border_max_y = 0.1, 0.9
image.file_format = "OPEN_EXR"
save("cropped.blend")
"""


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "colours", lambda folder: make_scenes(folder, _SCRIPT))


@pytest.fixture
def painter(studio: Studio, colours: Path) -> "Painter":
    return Painter(studio, colours)


class Painter:
    """Renders a scene with a thumbnail."""

    def __init__(self, studio: Studio, colours: Path) -> None:
        self.studio = studio
        self.colours = colours

    def paint(self, scene: str, extension: str, **fields: Any) -> tuple[Rendered, Path, Path]:
        """How it went, the image, and its thumbnail."""
        studio = self.studio
        settings = studio.settings(
            str(self.colours / scene), output=f"{studio.folder}/{scene}", extension=extension
        )
        thumbnail = studio.folder / f"{scene}.jpg"
        session = studio.session(settings)
        request = replace(a_request(settings), **{"thumbnail": thumbnail, **fields})
        try:
            rendered = session.render(request, studio.progress.append)
        finally:
            studio.pool.give_back(session)
        return rendered, image_of(settings), thumbnail


@pytest.mark.parametrize("scene", ["half", "layers"])
def test_the_thumbnail_of_an_exr_has_the_colours_of_the_png(painter: "Painter", scene: str) -> None:
    rendered, image, thumbnail = painter.paint(scene, ".exr")
    _, png, of_png = painter.paint("flat", ".png")

    assert_succeeded(rendered)
    assert (rendered.warnings, image.suffix) == ((), ".exr")
    with Image.open(thumbnail) as opened:
        assert (opened.format, opened.size) == ("JPEG", (640, 360))
    assert difference(png, thumbnail) < ALIKE / 4
    assert difference(png, of_png) < ALIKE / 4


def test_the_thumbnail_of_a_cropped_exr_has_its_shape(painter: "Painter") -> None:
    rendered, _, thumbnail = painter.paint("cropped", ".exr")

    assert_succeeded(rendered)
    with Image.open(thumbnail) as opened:
        assert opened.size == (240, 360)


def test_the_image_after_a_thumbnail_is_what_it_would_be_without(painter: "Painter") -> None:
    _, image, _ = painter.paint("half", ".exr")
    first = image.stat().st_size
    image.unlink()

    _, image, _ = painter.paint("half", ".exr")

    assert abs(image.stat().st_size - first) < 64  # the file also tells the time it took


@pytest.mark.parametrize(("scene", "extension"), [("half", ".exr"), ("flat", ".png")])
def test_a_thumbnail_that_cannot_be_made_fails_nothing(
    painter: "Painter", scene: str, extension: str
) -> None:
    (painter.studio.folder / "no-folder").touch()
    nowhere = painter.studio.folder / "no-folder" / "a.jpg"

    rendered, image, _ = painter.paint(scene, extension, thumbnail=nowhere)

    assert rendered.outcome is Outcome.SUCCEEDED
    assert image.exists()
    assert extension == ".png" or any("no thumbnail" in one for one in rendered.warnings)
