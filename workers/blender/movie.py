"""A movie of stills, by Blender's own sequencer and encoder. Runs inside Blender.

Nothing newer than Python 3.10: Blender's own Python runs it."""

import os
from collections.abc import Callable
from typing import Any

import bpy

_KEY_FRAME_EVERY = 12  #: a player can jump to these at once


def make_movie(ask: dict[str, Any], say: Callable[[str], None]) -> dict[str, Any]:
    """Join the stills of the folder `ask["movie"]` into `ask["image"]`.

    Answers how many frames Blender finds in it afterwards. Raises RuntimeError.
    """
    if not bpy.app.build_options.codec_ffmpeg:
        raise RuntimeError("this Blender is built without an encoder for movies")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    names = sorted(os.listdir(ask["movie"]))
    scene = bpy.context.scene
    _lay(scene, ask["movie"], names)
    _configure(scene, ask, len(names))

    def told(*_: object) -> None:
        say(f"frame {scene.frame_current} of {len(names)}")

    bpy.app.handlers.render_write.append(told)
    try:
        if bpy.ops.render.render(animation=True) != {"FINISHED"}:
            raise RuntimeError("Blender cancelled the movie")
    finally:
        bpy.app.handlers.render_write.remove(told)
    made = bpy.data.movieclips.load(ask["image"])
    return {"frames": made.frame_duration, "width": made.size[0], "height": made.size[1]}


def _lay(scene: bpy.types.Scene, folder: str, names: list[str]) -> None:
    editor = scene.sequence_editor_create()
    strips = getattr(editor, "strips", None)
    if strips is None:  # before Blender 4.4
        strips = editor.sequences
    strip = strips.new_image(
        name="stills", filepath=os.path.join(folder, names[0]), channel=1, frame_start=1
    )
    for name in names[1:]:
        strip.elements.append(name)


def _configure(scene: bpy.types.Scene, ask: dict[str, Any], frames: int) -> None:
    render = scene.render
    scene.frame_start, scene.frame_end = 1, frames
    scene.view_settings.view_transform = "Standard"  # the stills have their colours
    render.resolution_x, render.resolution_y = ask["width"], ask["height"]
    render.resolution_percentage = 100
    render.fps = max(1, round(ask["frames_per_second"]))
    render.fps_base = render.fps / ask["frames_per_second"]
    render.filepath, render.use_file_extension = ask["image"], False
    render.use_sequencer, render.use_overwrite = True, True
    if hasattr(render.image_settings, "media_type"):  # since Blender 5
        render.image_settings.media_type = "VIDEO"
    render.image_settings.file_format = "FFMPEG"
    render.image_settings.color_mode = "RGB"
    encoder = render.ffmpeg
    encoder.format, encoder.codec, encoder.audio_codec = "MPEG4", "H264", "NONE"
    encoder.constant_rate_factor, encoder.ffmpeg_preset = "HIGH", "GOOD"
    encoder.gopsize = _KEY_FRAME_EVERY
