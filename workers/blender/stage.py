"""The open scene inside Blender: opened once, set up for each task, put back after it.

The promise: a task gets the scene as its file has it, plus what the task itself asks for, whatever
was rendered before. Nothing newer than Python 3.10: Blender's own Python runs it."""

import contextlib
import os
import struct
from collections.abc import Callable
from typing import Any

import bpy

from workers.blender.missing import missing_data

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
_GPU_KINDS = ("OPTIX", "CUDA", "HIP", "ONEAPI", "METAL")  #: the best one first


class RenderFailed(Exception):
    """The render cannot succeed; the message is the reason, in plain words."""


class Stage:
    """The open scene, and the way back to what its file says."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self._opened: object = None  #: the state of the scene's file and all it draws on
        self._undo: list[tuple[Any, str, Any]] = []

    def open(self, path: str, *, autoexec: bool) -> None:
        """Make the scene at `path` the open one; read it only if it is not, or has changed."""
        if self._opened is not None and self._opened == _fingerprint(path, autoexec):
            self._reset()
            return
        self.forget()
        preferences = bpy.context.preferences.filepaths
        preferences.use_scripts_auto_execute = autoexec
        bpy.ops.wm.open_mainfile(filepath=path, load_ui=False, use_scripts=autoexec)
        if preferences.use_scripts_auto_execute != autoexec:
            raise RenderFailed("Blender did not keep to the autoexec asked for; not rendered")
        self.warnings = []
        if bpy.app.autoexec_fail:
            self.warnings.append(
                f"Python of the scene did not run: {bpy.app.autoexec_fail_message}"
            )
        missing = missing_data()
        if missing:
            more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
            raise RenderFailed("missing " + ", ".join(missing[:3]) + more)
        self._opened = _fingerprint(path, autoexec)

    def forget(self) -> None:
        """Read the file anew next time."""
        self._opened = None
        self._undo.clear()

    def set(self, owner: Any, name: str, value: object) -> None:
        if getattr(owner, name) != value:
            self.note(owner, name)
            setattr(owner, name, value)

    def note(self, owner: Any, name: str) -> None:
        """This will change, perhaps by itself: put it back before the next task."""
        self._undo.append((owner, name, getattr(owner, name)))

    def _reset(self) -> None:
        while self._undo:
            owner, name, value = self._undo.pop()
            with contextlib.suppress(TypeError):  # a depth the present format does not have
                setattr(owner, name, value)


def _fingerprint(path: str, autoexec: bool) -> object:
    """Another one when the scene, or a file that it draws on, has been written anew."""
    files = [path, *bpy.utils.blend_paths(absolute=True, packed=False, local=False)]
    return autoexec, [(file, _state(file)) for file in files]


def _state(path: str) -> object:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def render(stage: Stage, ask: dict[str, Any], check: Callable[[], str | None]) -> dict[str, Any]:
    """Render one frame to the path asked for. Raises RenderFailed, or Blender's RuntimeError.

    `check` finds a failure in what was printed so far: no use rendering for an hour then."""
    stage.open(ask["scene"], autoexec=ask["autoexec"])
    scene = bpy.context.scene
    _configure(stage, scene, ask)
    warnings = [*stage.warnings, *_choose_device(scene)]
    scene.frame_set(ask["frame"])
    failure = check()
    if failure:
        raise RenderFailed(failure)
    if scene.camera is not None and scene.camera.type != "CAMERA":
        warnings.append(f"the camera {scene.camera.name} is a {scene.camera.type.lower()}")
    if bpy.ops.render.render(write_still=True) != {"FINISHED"}:
        raise RenderFailed("Blender cancelled the render")
    width, height = _expected_size(scene.render)
    return {"width": width, "height": height, "warnings": warnings}


def _configure(stage: Stage, scene: bpy.types.Scene, ask: dict[str, Any]) -> None:
    """Set what the task asks for. None means: as the scene has it."""
    settings = scene.render
    if ask["engine"]:
        try:
            stage.set(settings, "engine", ask["engine"])
        except TypeError as error:
            raise RenderFailed(f"this Blender has no engine {ask['engine']}: {error}") from error
    if ask["camera"]:
        _use_camera(stage, scene, ask["camera"])
    if ask["resolution_percentage"]:
        stage.set(settings, "resolution_percentage", ask["resolution_percentage"])
    stage.set(settings, "threads_mode", "FIXED" if ask["threads"] else "AUTO")
    if ask["threads"]:
        stage.set(settings, "threads", ask["threads"])
    stage.set(settings, "use_persistent_data", True)
    stage.set(settings, "use_file_extension", False)  # the path is the attempt's, to the letter
    stage.set(settings, "use_overwrite", True)
    stage.set(settings, "use_placeholder", False)
    stage.set(settings, "filepath", ask["image"])
    if settings.filepath != ask["image"]:
        raise RenderFailed(f"the path {ask['image']} is too long for Blender")
    _choose_format(stage, settings.image_settings, os.path.splitext(ask["image"])[1].lower())


def _use_camera(stage: Stage, scene: bpy.types.Scene, name: str) -> None:
    camera = scene.objects.get(name)
    if camera is None:
        cameras = sorted(one.name for one in scene.objects if one.type == "CAMERA")
        raise RenderFailed(f"no camera {name} in the scene; it has: {', '.join(cameras) or 'none'}")
    for marker in scene.timeline_markers:  # else a marker would switch to its own camera
        stage.set(marker, "camera", None)
    stage.set(scene, "camera", camera)


def _choose_format(stage: Stage, image: bpy.types.ImageFormatSettings, extension: str) -> None:
    formats = FORMATS.get(extension)
    if formats is None:
        raise RenderFailed(f"cannot write {extension} images; use one of: {', '.join(FORMATS)}")
    if image.file_format not in formats:
        stage.note(image, "color_mode")  # another format may force others
        stage.note(image, "color_depth")
        if hasattr(image, "media_type"):  # since Blender 5 a video's settings have no still format
            stage.set(image, "media_type", "IMAGE")
        stage.set(image, "file_format", formats[0])


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
