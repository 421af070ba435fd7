"""Scenes that need libraries, clips, sounds, fonts, strips and shaders. Runs inside Blender."""

import shutil
from pathlib import Path
from typing import Any

from tests.corpus.pictures import camera_background, grease_pencil, image, nodes_input_image
from tests.corpus.scenery import any_file, clear, link, lit, movie, on_a_plane, png, save, wave


def movie_clip(bpy: Any, folder: Path) -> list[str]:
    movie(bpy, folder / "plate.mp4")
    bpy.context.scene.active_clip = bpy.data.movieclips.load(str(folder / "plate.mp4"))
    return ["plate.mp4"]


def clip_sequence(bpy: Any, folder: Path) -> list[str]:
    names = [f"plate.{number:04d}.png" for number in range(1, 4)]
    for name in names:
        png(folder / name)
    bpy.context.scene.active_clip = bpy.data.movieclips.load(str(folder / names[0]))
    return names


def sound(bpy: Any, folder: Path) -> list[str]:
    speaker = bpy.data.speakers.new("Speaker")
    speaker.sound = bpy.data.sounds.load(str(wave(folder / "sea.wav")))
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Speaker", speaker))
    return ["sea.wav"]


def font(bpy: Any, folder: Path) -> list[str]:
    fonts = Path(bpy.utils.resource_path("LOCAL")) / "datafiles" / "fonts"
    shutil.copy(min(fonts.glob("*.woff2"), key=lambda one: one.stat().st_size), folder / "a.woff2")
    text = bpy.data.curves.new("Text", "FONT")
    text.font = bpy.data.fonts.load(str(folder / "a.woff2"))
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Text", text))
    return ["a.woff2"]


def strips(bpy: Any) -> Any:
    editor = bpy.context.scene.sequence_editor_create()
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def strip_images(bpy: Any, folder: Path) -> list[str]:
    names = ["edit/b.png", "edit/a.png", "edit/c.png"]
    for name in names:
        png(folder / name)
    strip = strips(bpy).new_image("images", str(folder / names[0]), channel=1, frame_start=1)
    for name in names[1:]:
        strip.elements.append(Path(name).name)
    return names


def strip_movie(bpy: Any, folder: Path) -> list[str]:
    movie(bpy, folder / "cut.mp4")
    strips(bpy).new_movie("movie", str(folder / "cut.mp4"), channel=1, frame_start=1)
    return ["cut.mp4"]


def strip_sound(bpy: Any, folder: Path) -> list[str]:
    strips(bpy).new_sound("sound", str(wave(folder / "sea.wav")), channel=1, frame_start=1)
    return ["sea.wav"]


def strip_in_meta(bpy: Any, folder: Path) -> list[str]:
    meta = strips(bpy).new_meta("meta", channel=1, frame_start=1)
    inside = meta.strips if hasattr(meta, "strips") else meta.sequences
    inside.new_image("images", str(png(folder / "in.png")), channel=1, frame_start=1)
    return ["in.png"]


def text_file(bpy: Any, folder: Path) -> list[str]:
    """Its words are kept in the scene; the file is not needed to render."""
    bpy.data.texts.load(str(any_file(folder / "notes.txt")))
    return []


def ies(bpy: Any, folder: Path) -> list[str]:
    node = lit(bpy, "ShaderNodeTexIES")
    node.mode = "EXTERNAL"
    node.filepath = str(any_file(folder / "lamp.ies"))
    return ["lamp.ies"]


def ies_in_group(bpy: Any, folder: Path) -> list[str]:
    group = bpy.data.node_groups.new("Group", "ShaderNodeTree")
    node = group.nodes.new("ShaderNodeTexIES")
    node.mode = "EXTERNAL"
    node.filepath = str(any_file(folder / "lamp.ies"))
    lit(bpy, "ShaderNodeGroup").node_tree = group
    return ["lamp.ies"]


def osl_script(bpy: Any, folder: Path) -> list[str]:
    material = bpy.data.materials.new("Osl")
    material.use_nodes = True
    node = material.node_tree.nodes.new("ShaderNodeScript")
    node.mode = "EXTERNAL"
    node.filepath = str(any_file(folder / "noise.osl"))
    on_a_plane(bpy, material)
    return ["noise.osl"]


def library(bpy: Any, folder: Path) -> list[str]:
    """A material with a texture in one library, used by an object in another."""
    image(bpy, folder / "textures")
    save(bpy, folder / "lib" / "materials.blend")
    clear(bpy)
    link(bpy, folder / "lib" / "materials.blend", "materials")
    on_a_plane(bpy, bpy.data.materials[0])
    save(bpy, folder / "lib" / "props.blend")
    clear(bpy)
    link(bpy, folder / "lib" / "props.blend", "objects")
    bpy.context.scene.collection.objects.link(bpy.data.objects[0])
    return ["lib/props.blend", "lib/materials.blend", "textures/wood.png"]


def library_of_many(bpy: Any, folder: Path) -> list[str]:
    """A linked collection whose objects need all sorts of files."""
    built = (sound, font, ies_in_group, grease_pencil, nodes_input_image, camera_background)
    needed = [name for build in built for name in build(bpy, folder)]
    many = bpy.data.collections.new("Many")
    for one in bpy.data.objects:
        many.objects.link(one)
    bpy.context.scene.collection.children.link(many)
    save(bpy, folder / "lib" / "many.blend")
    clear(bpy)
    link(bpy, folder / "lib" / "many.blend", "collections")
    instance = bpy.data.objects.new("Many", None)
    instance.instance_type = "COLLECTION"
    instance.instance_collection = bpy.data.collections["Many"]
    bpy.context.scene.collection.objects.link(instance)
    return ["lib/many.blend", *needed]
