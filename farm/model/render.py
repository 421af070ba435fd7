"""What a worker must know to render a layer, and the names of the files it leaves.

Image, attempt and log paths are functions of the settings and the frame alone, so that worker,
service and audit always agree on where a frame lies.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from farm.model.errors import BadRequest

_HASHES = re.compile(r"#+")


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderSettings:
    """How one layer's tasks are rendered. None means: what the scene itself says."""

    scene: str  #: absolute path of the .blend, on storage that the nodes share
    output: str  #: absolute path pattern with one run of `#`, without file extension
    extension: str  #: of the images: ".png", ".exr", ".jpg" …
    resolution_percentage: int | None = None
    engine: str | None = None
    camera: str | None = None
    autoexec: bool = False  #: may the scene run its own Python?
    allow_missing: bool = (
        False  #: render without textures, libraries and caches that are not there?
    )
    no_progress_seconds: float = 1800.0  #: longest silence of a renderer
    task_seconds: float = 86_400.0  #: longest time for one task
    least_seconds: float = 0.0  #: a task that is done sooner has failed; 0: none is too quick
    #: Of a sent job: the digest of its manifest, whose files lie under the root "/" of `scene` and
    #: `output`, on each node in a folder of its own. "": both lie on storage that the nodes share.
    manifest: str = ""

    @property
    def is_sent(self) -> bool:
        """Do its files come from the farm's content store, and its images go back there?"""
        return bool(self.manifest)

    @property
    def scene_id(self) -> str:
        """What tells this scene from all others: a sent one is its project's and has its path."""
        return f"{self.manifest}:{self.scene}" if self.manifest else self.scene

    def image_path(self, frame: int) -> PurePosixPath:
        """The final name: whole, checked, and of the attempt that counts."""
        return PurePosixPath(fill_frame(self.output, frame) + self.extension)

    def attempt_path(self, frame: int, *, job: str, attempt: int, lease: str = "") -> PurePosixPath:
        """The name an image has until its attempt is known to count.

        In a folder beside the final name, so that moving it is one rename. The lease is part of
        it: a store that crashed may give the number of an attempt out twice, a lease's id never.
        """
        final = self.image_path(frame)
        name = f"{self.attempt_stem(frame, job=job)}{attempt}.{lease}".rstrip(".")
        return final.parent / ".attempts" / (name + self.extension)

    def attempt_stem(self, frame: int, *, job: str) -> str:
        """What the names of all attempts at `frame` begin with, before their number."""
        return f"{job}.{self.image_path(frame).stem}.attempt-"

    def thumbnail_path(self, frame: int) -> PurePosixPath:
        """A small JPEG with the image's right colours, in a folder beside it."""
        final = self.image_path(frame)
        return final.parent / ".thumbnails" / (final.stem + ".jpg")

    def log_path(self, frame: int, *, job: str, attempt: int) -> PurePosixPath:
        """Where the attempt's log lies: beside the images."""
        final = self.image_path(frame)
        return final.parent / "logs" / f"{job}.{final.stem}.attempt-{attempt}.log"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReelSettings:
    """What a sheet or a movie is made from: the thumbnails of another layer."""

    layer: str  #: its name
    frames: str  #: all of them, in the order they are shown
    output: str  #: as in that layer's settings, like `extension`
    extension: str
    frames_per_second: float = 24.0

    def render_settings(self, scene: str, manifest: str) -> RenderSettings:
        """Enough of that layer's settings to find its thumbnails."""
        return RenderSettings(
            scene=scene, output=self.output, extension=self.extension, manifest=manifest
        )


def fill_frame(pattern: str, frame: int) -> str:
    """`pattern` with its run of `#` replaced by the frame, padded; a minus sign adds a column."""
    return _HASHES.sub(
        lambda run: f"{'-' if frame < 0 else ''}{abs(frame):0{len(run[0])}d}", pattern
    )


def check_output(pattern: str) -> str:
    """`pattern` as an output pattern: absolute, with exactly one run of `#`, in the file name.

    Without one, `_####` is added to the name; a trailing `/` means a folder.
    Raises BadRequest.
    """
    if not pattern.startswith("/"):
        raise BadRequest(f"output {pattern!r} is not an absolute path")
    if any(ord(c) < 32 for c in pattern):
        raise BadRequest(f"output {pattern!r} has control characters")
    if pattern.endswith("/"):
        pattern += "frame"
    folder, _, name = pattern.rpartition("/")
    runs = _HASHES.findall(name)
    if "#" in folder or len(runs) > 1:
        raise BadRequest(f"output {pattern!r}: use one run of #, in the file name")
    if ".." in folder.split("/"):
        raise BadRequest(f"output {pattern!r}: write the folder without '..'")
    return pattern if runs else pattern + "_####"
