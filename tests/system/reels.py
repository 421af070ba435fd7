"""A layer of frames that exist as thumbnails only, and what a sheet or a movie of it shows."""

import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageStat

from farm.model.dependencies import After
from farm.model.job import LayerKind, LayerSpec
from farm.model.lease import Lease, TaskInHand
from farm.model.render import ReelSettings, RenderSettings
from workers.orders import Orders
from workers.place import SharedPlace
from workers.reels.renderer import ReelRenderer
from workers.renderer import Rendered, RenderRequest

SIZE = (160, 90)
ALIKE = 6.0  #: mean difference of 8-bit values that compression may make

_STILL = """
import bpy, sys
movie, frame, target, width, height = sys.argv[1:]
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
strips = scene.sequence_editor_create().strips
strips.new_movie("movie", movie, 1, 1)
scene.view_settings.view_transform = "Standard"
scene.render.resolution_x, scene.render.resolution_y = int(width), int(height)
scene.render.resolution_percentage = 100
scene.render.image_settings.file_format = "PNG"
scene.frame_set(int(frame))
scene.render.filepath = target
bpy.ops.render.render(write_still=True)
"""


def still_of(movie: Path, number: int, target: Path, size: tuple[int, int] = SIZE) -> Path:
    """The picture at place `number` of the movie, from 1 on."""
    words = [str(movie), str(number), str(target), str(size[0]), str(size[1])]
    command = [sys.executable, "-P", "-c", _STILL, *words]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return target


def difference(one: Path, other: Path) -> float:
    """The mean difference of two pictures, of 255."""
    with Image.open(one) as first, Image.open(other) as second:
        small = first.convert("RGB").resize(second.size)
        return max(ImageStat.Stat(ImageChops.difference(small, second.convert("RGB"))).mean)


class Reel:
    """A lease of a sheet or a movie on shared storage."""

    def __init__(
        self, folder: Path, kind: LayerKind, *, frames: str = "1-12", extension: str
    ) -> None:
        self.folder = folder
        reel = ReelSettings(
            layer="render",
            frames=frames,
            output=f"{folder}/shot_####",
            extension=".png",
            frames_per_second=23.976,
        )
        self.settings = RenderSettings(
            scene="/not/there.blend", output=f"{folder}/shot_{kind}", extension=extension
        )
        layer = LayerSpec(
            name=str(kind),
            frames="1",
            settings=self.settings,
            kind=kind,
            reel=reel,
            after=(After(layer="render"),),
        )
        lease = Lease(id="ab12", node="n1", epoch=1, job="7", layer="7.2", spec=layer)
        temporary = folder / "tmp"
        temporary.mkdir()
        self.orders = Orders()
        self.place = SharedPlace(lease, temporary=temporary)
        self.renderer = ReelRenderer(layer, self.place)
        self.images = reel.render_settings("/not/there.blend", "")
        self.told: list[str] = []

    def thumbnail(self, frame: int) -> Path:
        return Path(self.images.thumbnail_path(frame))

    def draw(self, *frames: int, size: tuple[int, int] = SIZE) -> None:
        """Thumbnails that differ."""
        for frame in frames:
            path = self.thumbnail(frame)
            path.parent.mkdir(exist_ok=True)
            image = Image.linear_gradient("L").resize(size).convert("RGB")
            left = frame * 8 % (size[0] - 40)
            ImageDraw.Draw(image).rectangle((left, 20, left + 40, 60), fill=(200, 60, 30))
            image.save(path, quality=90)

    @property
    def request(self) -> RenderRequest:
        return self.place.request(TaskInHand(index=0, attempt=1))

    @property
    def image(self) -> Path:
        """Under the attempt's name."""
        return Path(self.settings.attempt_path(1, job="7", attempt=1, lease="ab12"))

    def make(self) -> Rendered:
        return self.renderer.render(self.request, self.told.append)
