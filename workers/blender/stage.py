"""The open scene inside Blender: read and set up once, rendered for frame after frame.

The promise: a task gets the scene as its file has it, plus what the task itself asks for, whatever
was rendered before. Nothing newer than Python 3.10: Blender's own Python runs it."""

import contextlib
import os
import struct
import sys
from collections.abc import Callable
from typing import Any

import bpy

from workers.blender.missing import missing_data
from workers.blender.thumbnail import write_thumbnail

#: What an image's extension asks of Blender; the scene's own choice wins where both agree.
FORMATS = {
    ".png": ("PNG",),
    ".jpg": ("JPEG",),
    ".jpeg": ("JPEG",),
    ".exr": ("OPEN_EXR", "OPEN_EXR_MULTILAYER"),
    ".tif": ("TIFF",),
    ".tiff": ("TIFF",),
    ".webp": ("WEBP",),
    ".bmp": ("BMP",),
    ".tga": ("TARGA", "TARGA_RAW"),
}
_OF_ONE_TASK = {"frame", "image", "log", "thumbnail"}  #: may differ without reading the scene again
_GPU_KINDS = ("OPTIX", "CUDA", "HIP", "ONEAPI", "METAL")  #: the best one first


class RenderFailed(Exception):
    """The render cannot succeed; the message is the reason, in plain words."""


class Stage:
    """The open scene."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self._opened: object = None  #: what was asked of it, and the state of all its files

    def open(self, ask: dict[str, Any]) -> None:
        """Make the scene asked for the open one, read and set up if it is not so already.

        It is read, too, when other settings are asked for: a task starts from the file's own, and
        persistent data does not notice every setting that changes.
        """
        if self._opened is not None and self._opened == _fingerprint(ask):
            return
        self.forget()
        self.warnings = []
        preferences = bpy.context.preferences.filepaths
        preferences.use_scripts_auto_execute = ask["autoexec"]
        bpy.ops.wm.open_mainfile(filepath=ask["scene"], load_ui=False, use_scripts=ask["autoexec"])
        if preferences.use_scripts_auto_execute != ask["autoexec"]:
            raise RenderFailed("Blender did not keep to the autoexec asked for; not rendered")
        if bpy.app.autoexec_fail:
            self.warnings.append(
                f"Python of the scene did not run: {bpy.app.autoexec_fail_message}"
            )
        missing = missing_data()
        if missing and not ask["allow_missing"]:
            raise RenderFailed(f"missing {_listed(missing, most=3)}")
        if missing:
            listed = _listed(missing, most=20)
            self.warnings.append(f"rendered without what is missing, as the job allows: {listed}")
        _configure(bpy.context.scene, ask)
        self.warnings += _choose_device(bpy.context.scene)
        self._opened = _fingerprint(ask)

    def forget(self) -> None:
        """Read the file anew next time."""
        self._opened = None


def _listed(names: list[str], *, most: int) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _fingerprint(ask: dict[str, Any]) -> object:
    """Another one when settings differ, or when a file of the scene has been written anew."""
    files = [ask["scene"], *bpy.utils.blend_paths(absolute=True, packed=False, local=False)]
    settings = {name: ask[name] for name in ask if name not in _OF_ONE_TASK}
    fixed = ask["fixed"] and os.path.join(ask["fixed"], "")
    return settings, [(file, _state(file)) for file in files if not _is_under(fixed, file)]


def _is_under(folder: str, path: str) -> bool:
    """Is the file one that never changes? Else a sequence would be looked at for every frame."""
    return bool(folder) and os.path.normpath(path).startswith(folder)


def _state(path: str) -> object:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def render(stage: Stage, ask: dict[str, Any], check: Callable[[], str | None]) -> dict[str, Any]:
    """Render one frame to the path asked for. Raises RenderFailed, or Blender's RuntimeError.

    `check` finds a failure in what was printed so far: no use rendering for an hour then."""
    stage.open(ask)
    scene = bpy.context.scene
    scene.render.filepath = ask["image"]
    if scene.render.filepath != ask["image"]:
        raise RenderFailed(f"the path {ask['image']} is too long for Blender")
    scene.frame_set(ask["frame"])
    failure = check()
    if failure:
        raise RenderFailed(failure)
    warnings = list(stage.warnings)
    sys.stdout.writelines(f"# {warning}\n" for warning in warnings)
    if scene.camera is not None and scene.camera.type != "CAMERA":
        warnings.append(f"the camera {scene.camera.name} is a {scene.camera.type.lower()}")
    if bpy.ops.render.render(write_still=True) != {"FINISHED"}:
        raise RenderFailed("Blender cancelled the render")
    width, height = _expected_size(scene.render)
    if ask["thumbnail"] and ask["extension"].lower() == ".exr":
        warnings += write_thumbnail(scene, ask["image"], ask["thumbnail"], (width, height))
    return {"width": width, "height": height, "warnings": warnings}


def _configure(scene: bpy.types.Scene, ask: dict[str, Any]) -> None:
    """Set what the task asks for. None means: as the scene has it."""
    settings = scene.render
    if ask["engine"]:
        try:
            settings.engine = ask["engine"]
        except TypeError as error:
            raise RenderFailed(f"this Blender has no engine {ask['engine']}: {error}") from error
    if ask["camera"]:
        _use_camera(scene, ask["camera"])
    if ask["resolution_percentage"]:
        settings.resolution_percentage = ask["resolution_percentage"]
    settings.threads_mode = "FIXED" if ask["threads"] else "AUTO"
    if ask["threads"]:
        settings.threads = ask["threads"]
    settings.use_persistent_data = True
    settings.use_file_extension = False  # the path is the attempt's, to the letter
    settings.use_overwrite = True
    settings.use_placeholder = False
    _choose_format(settings.image_settings, ask["extension"].lower())


def _use_camera(scene: bpy.types.Scene, name: str) -> None:
    camera = scene.objects.get(name)
    if camera is None:
        cameras = sorted(one.name for one in scene.objects if one.type == "CAMERA")
        raise RenderFailed(f"no camera {name} in the scene; it has: {', '.join(cameras) or 'none'}")
    for marker in scene.timeline_markers:  # else a marker would switch to its own camera
        marker.camera = None
    scene.camera = camera


def _choose_format(image: bpy.types.ImageFormatSettings, extension: str) -> None:
    formats = FORMATS.get(extension)
    if formats is None:
        raise RenderFailed(f"cannot write {extension} images; use one of: {', '.join(FORMATS)}")
    if image.file_format not in formats:
        if hasattr(image, "media_type"):  # since Blender 5 a video's settings have no still format
            image.media_type = "IMAGE"
        image.file_format = formats[0]


def _choose_device(scene: bpy.types.Scene) -> list[str]:
    """Where the scene wants a GPU, enable those of the first kind found. Else a warning."""
    if scene.render.engine != "CYCLES" or scene.cycles.device != "GPU":
        return []
    preferences = bpy.context.preferences.addons["cycles"].preferences
    for kind in _GPU_KINDS:
        with contextlib.suppress(TypeError, ValueError):  # a kind this Blender is built without
            preferences.compute_device_type = kind
            preferences.get_devices_for_type(kind)
            for device in preferences.devices:
                device.use = device.type == kind
            if any(device.use for device in preferences.devices):
                return []
    return ["the scene asks for a GPU and Blender found none: rendered on the CPU"]


def _expected_size(settings: bpy.types.RenderSettings) -> tuple[int, int]:
    """Width and height of the image, in Blender's own single precision arithmetic."""
    width = settings.resolution_x * settings.resolution_percentage // 100
    height = settings.resolution_y * settings.resolution_percentage // 100
    if not (settings.use_border and settings.use_crop_to_border):
        return width, height
    return (
        _whole(settings.border_max_x * width) - _whole(settings.border_min_x * width),
        _whole(settings.border_max_y * height) - _whole(settings.border_min_y * height),
    )


def _whole(value: float) -> int:
    return int(struct.unpack("f", struct.pack("f", value))[0])
