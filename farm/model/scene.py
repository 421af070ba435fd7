"""What a scene says about itself: the defaults of every job made from it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneFacts:
    """The active scene of one .blend file, as it was saved."""

    path: str  #: absolute path of the .blend
    name: str  #: of the scene inside the file
    blender_version: str  #: that saved it, "4.5"
    frame_start: int
    frame_end: int
    frame_step: int
    resolution_x: int
    resolution_y: int
    resolution_percentage: int
    engine: str  #: Blender's identifier, "CYCLES"
    camera: str | None  #: of the active camera; None when the scene has none
    cameras: tuple[str, ...]  #: every camera in the file
    linked_objects: tuple[str, ...]  #: objects of other files, any of which may be a camera
    needs_camera: bool  #: False when the sequencer or the compositor makes the image
    output: str  #: as the scene has it: perhaps relative ("//"), perhaps Blender's default
    file_format: str  #: Blender's identifier, "PNG"
    extension: str  #: of the images, ".png"
    frames_per_second: float
    view_layers: tuple[str, ...]

    @property
    def makes_movies(self) -> bool:
        """Is it set to write a film? Frames that render apart cannot be one."""
        return self.file_format in MOVIE_FORMATS

    @property
    def frames(self) -> str:
        """The frame range in the farm's grammar."""
        if self.frame_start == self.frame_end:
            return str(self.frame_start)
        step = f"x{self.frame_step}" if self.frame_step > 1 else ""
        return f"{self.frame_start}-{self.frame_end}{step}"


#: Formats of images that the farm can check after rendering, and the extension of each.
IMAGE_EXTENSIONS = {
    "PNG": ".png",
    "JPEG": ".jpg",
    "OPEN_EXR": ".exr",
    "OPEN_EXR_MULTILAYER": ".exr",
    "TIFF": ".tif",
    "WEBP": ".webp",
    "BMP": ".bmp",
    "TARGA": ".tga",
    "TARGA_RAW": ".tga",
}

#: Formats that hold a whole film in one file.
MOVIE_FORMATS = frozenset({"FFMPEG", "AVI_RAW", "AVI_JPEG", "H264", "XVID", "THEORA", "AV1"})
