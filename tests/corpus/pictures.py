"""Scenes that need images, however they come to them. Runs inside Blender."""

from pathlib import Path
from typing import Any

from tests.corpus.scenery import movie, on_a_plane, png, shown


def image(bpy: Any, folder: Path) -> list[str]:
    shown(bpy, bpy.data.images.load(str(png(folder / "wood.png"))))
    return ["wood.png"]


def packed_image(bpy: Any, folder: Path) -> list[str]:
    picture = bpy.data.images.load(str(png(folder / "wood.png")))
    picture.pack()
    shown(bpy, picture)
    (folder / "wood.png").unlink()
    return []


def unused_image(bpy: Any, folder: Path) -> list[str]:
    """Kept in the scene, but nothing shows it."""
    bpy.data.images.load(str(png(folder / "old.png"))).use_fake_user = True
    return ["old.png"]


def image_sequence(bpy: Any, folder: Path) -> list[str]:
    names = [f"fire_{number:03d}.png" for number in range(1, 5)]
    for name in names:
        png(folder / name)
    png(folder / "fire_001_old.png")  # of no use to it
    picture = bpy.data.images.load(str(folder / names[0]))
    picture.source = "SEQUENCE"
    shown(bpy, picture)
    return names


def udim_tiles(bpy: Any, folder: Path) -> list[str]:
    names = ["skin.1001.png", "skin.1002.png", "skin.1011.png"]
    for name in names:
        png(folder / name)
    picture = bpy.data.images.load(str(folder / names[0]))
    picture.source = "TILED"
    picture.filepath = str(folder / "skin.<UDIM>.png")
    for tile in (1002, 1011):
        picture.tiles.new(tile)
    shown(bpy, picture)
    return names


def uv_tiles(bpy: Any, folder: Path) -> list[str]:
    names = ["skin_u1_v1.png", "skin_u2_v1.png"]
    for name in names:
        png(folder / name)
    picture = bpy.data.images.load(str(folder / names[0]))
    picture.source = "TILED"
    picture.filepath = str(folder / "skin_<UVTILE>.png")
    picture.tiles.new(1002)
    shown(bpy, picture)
    return names


def movie_texture(bpy: Any, folder: Path) -> list[str]:
    movie(bpy, folder / "rain.mp4")
    shown(bpy, bpy.data.images.load(str(folder / "rain.mp4")))
    return ["rain.mp4"]


def world_image(bpy: Any, folder: Path) -> list[str]:
    sky = bpy.data.worlds.new("Sky")
    sky.use_nodes = True
    node = sky.node_tree.nodes.new("ShaderNodeTexEnvironment")
    node.image = bpy.data.images.load(str(png(folder / "sky.png")))
    bpy.context.scene.world = sky
    return ["sky.png"]


def compositor_image(bpy: Any, folder: Path) -> list[str]:
    scene = bpy.context.scene
    if bpy.app.version >= (5, 0):
        tree = scene.compositing_node_group = bpy.data.node_groups.new("C", "CompositorNodeTree")
    else:
        scene.use_nodes = True
        tree = scene.node_tree
    tree.nodes.new("CompositorNodeImage").image = bpy.data.images.load(
        str(png(folder / "over.png"))
    )
    return ["over.png"]


def camera_background(bpy: Any, folder: Path) -> list[str]:
    camera = bpy.data.cameras.new("Camera")
    background = camera.background_images.new()
    background.image = bpy.data.images.load(str(png(folder / "story.png")))
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Camera", camera))
    return ["story.png"]


def displace_texture(bpy: Any, folder: Path) -> list[str]:
    """A texture without any node."""
    texture = bpy.data.textures.new("Bumps", "IMAGE")
    texture.image = bpy.data.images.load(str(png(folder / "bumps.png")))
    on_a_plane(bpy).modifiers.new("Displace", "DISPLACE").texture = texture
    return ["bumps.png"]


def grease_pencil(bpy: Any, folder: Path) -> list[str]:
    """A texture of a line that is drawn."""
    material = bpy.data.materials.new("Line")
    bpy.data.materials.create_gpencil_data(material)
    material.grease_pencil.stroke_style = "TEXTURE"
    material.grease_pencil.stroke_image = bpy.data.images.load(str(png(folder / "ink.png")))
    kind = bpy.data.grease_pencils if bpy.app.version >= (5, 0) else bpy.data.grease_pencils_v3
    drawing = kind.new("Drawing")
    drawing.materials.append(material)
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Drawing", drawing))
    return ["ink.png"]


def nodes_input_image(bpy: Any, folder: Path) -> list[str]:
    """An image that only the input of a geometry-nodes modifier names."""
    group = bpy.data.node_groups.new("Read", "GeometryNodeTree")
    group.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    socket = group.interface.new_socket("Image", in_out="INPUT", socket_type="NodeSocketImage")
    modifier = on_a_plane(bpy).modifiers.new("Read", "NODES")
    modifier.node_group = group
    modifier[socket.identifier] = bpy.data.images.load(str(png(folder / "height.png")))
    return ["height.png"]
