"""What the scenes of the corpus are built from. Runs inside Blender."""

import struct
import zlib
from pathlib import Path
from typing import Any


def png(path: Path, shade: int = 128) -> Path:
    """An 8 x 8 image in one shade."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = b"".join(b"\0" + bytes((shade, 255 - shade, 60)) * 8 for _ in range(8))
    size = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    return path


def any_file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"made for a test\n")
    return path


def wave(path: Path) -> Path:
    """A few samples of silence."""
    data = bytes(800)
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1,
                       8000, 16000, 2, 16, b"data", len(data))  # fmt: skip
    path.write_bytes(head + data)
    return path


def movie(bpy: Any, path: Path) -> None:
    """Two frames of a colour, made by Blender."""
    scene = bpy.data.scenes.new("Movie")
    editor = scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    extent = {"length": 2} if bpy.app.version >= (5, 0) else {"frame_end": 3}
    strips.new_effect(name="c", type="COLOR", channel=1, frame_start=1, **extent)
    scene.frame_start, scene.frame_end = 1, 2
    scene.render.resolution_x = scene.render.resolution_y = 32
    if bpy.app.version >= (5, 0):
        scene.render.image_settings.media_type = "VIDEO"
    scene.render.image_settings.file_format = "FFMPEG"
    scene.render.ffmpeg.format = "MPEG4"
    scene.render.filepath = str(path)
    scene.render.use_file_extension = False
    bpy.ops.render.render(animation=True, scene=scene.name)
    bpy.data.scenes.remove(scene)


def on_a_plane(bpy: Any, material: Any = None) -> Any:
    mesh = bpy.data.meshes.new("Plane")
    mesh.from_pydata([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], [], [(0, 1, 2, 3)])
    mesh.uv_layers.new()
    if material:
        mesh.materials.append(material)
    plane = bpy.data.objects.new("Plane", mesh)
    bpy.context.scene.collection.objects.link(plane)
    return plane


def shown(bpy: Any, image: Any) -> Any:
    """`image` on a plane of its own."""
    material = bpy.data.materials.new(image.name)
    material.use_nodes = True
    tree = material.node_tree
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    tree.links.new(node.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])
    return on_a_plane(bpy, material)


def lit(bpy: Any, node_type: str) -> Any:
    """A lamp with a node of that type."""
    lamp = bpy.data.lights.new("Lamp", "POINT")
    lamp.use_nodes = True
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Lamp", lamp))
    return lamp.node_tree.nodes.new(node_type)


def clear(bpy: Any) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)


def link(bpy: Any, file: Path, kind: str) -> None:
    with bpy.data.libraries.load(str(file), link=True) as (there, here):
        setattr(here, kind, getattr(there, kind))


def save(bpy: Any, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(file), compress=True, relative_remap=True)
    bpy.ops.file.make_paths_relative()
    bpy.ops.wm.save_mainfile(compress=True)
