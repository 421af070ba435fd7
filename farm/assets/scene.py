"""Reads what a .blend says about itself, without Blender, in a fraction of a second.

The file is input from anyone. Whatever is wrong with it ends as `BadScene` with one plain line,
never as an error out of the reader.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from blender_asset_tracer.blendfile import BlendFile, BlendFileBlock
from blender_asset_tracer.blendfile.exceptions import SegmentationFault
from blender_asset_tracer.blendfile.iterators import listbase

from farm.assets.blend import opened_blend
from farm.model.errors import BadScene
from farm.model.scene import IMAGE_EXTENSIONS, SceneFacts

_OBJECT_IS_CAMERA = 11
_SCENE_USES_SEQUENCER = 1 << 0
_SCENE_USES_COMPOSITOR = 1 << 6
_FIRST_WITHOUT_USE_NODES = 500  # from Blender 5.0 a compositor tree is used when it is there
_MOST_ITEMS = 10_000  # of any list in the file; a damaged one may run in a circle

#: Blender's numbers for its file formats.
_FORMATS = {
    0: "TARGA",
    1: "IRIS",
    4: "JPEG",
    14: "TARGA_RAW",
    15: "AVI_RAW",
    16: "AVI_JPEG",
    17: "PNG",
    20: "BMP",
    21: "HDR",
    22: "TIFF",
    23: "OPEN_EXR",
    24: "FFMPEG",
    26: "CINEON",
    27: "DPX",
    28: "OPEN_EXR_MULTILAYER",
    30: "JPEG2000",
    31: "H264",
    32: "XVID",
    33: "THEORA",
    35: "WEBP",
    36: "AV1",
}


def read_scene(path: str | Path) -> SceneFacts:
    """The active scene of the .blend at `path`.

    Raises BadScene when there is no such file, it is no .blend, or it is damaged.
    """
    file = Path(path)
    with opened_blend(file) as blend:
        return facts_of(blend, file)


def facts_of(blend: BlendFile, file: Path) -> SceneFacts:
    """The same of a .blend that is open already."""
    scene = _active_scene(blend, file)
    file_format = _file_format(scene, file)
    return SceneFacts(
        path=str(file),
        name=_name(scene),
        blender_version=f"{blend.header.version // 100}.{blend.header.version % 100}",
        frame_start=scene[b"r", b"sfra"],
        frame_end=scene[b"r", b"efra"],
        frame_step=max(1, scene.get((b"r", b"frame_step"), 1)),
        resolution_x=scene[b"r", b"xsch"],
        resolution_y=scene[b"r", b"ysch"],
        resolution_percentage=scene[b"r", b"size"],
        engine=scene.get((b"r", b"engine"), as_str=True),
        camera=_camera(scene),
        cameras=tuple(sorted(_cameras(blend))),
        linked_objects=tuple(sorted(_linked_objects(blend))),
        needs_camera=not _makes_images_without_camera(blend, scene),
        output=scene.get((b"r", b"pic"), as_str=True),
        file_format=file_format,
        extension=IMAGE_EXTENSIONS.get(file_format, ".png"),
        frames_per_second=scene[b"r", b"frs_sec"] / (scene[b"r", b"frs_sec_base"] or 1.0),
        view_layers=tuple(
            layer.get(b"name", as_str=True) for layer in _list(scene, b"view_layers")
        ),
    )


def _active_scene(blend: BlendFile, file: Path) -> BlendFileBlock:
    for glob in blend.find_blocks_from_code(b"GLOB"):
        scene = _follow(glob, b"curscene")
        if scene is not None and scene.code == b"SC":
            return scene
    scenes = blend.find_blocks_from_code(b"SC")
    if not scenes:
        raise BadScene(f"scene {file} has no scene in it: it is a library; give the shot's file")
    return scenes[0]


def _file_format(scene: BlendFileBlock, file: Path) -> str:
    number = scene[b"r", b"im_format", b"imtype"]
    if number not in _FORMATS:
        raise BadScene(
            f"scene {file} writes images in a format the farm does not know (number {number}): "
            "set the output to PNG or OpenEXR"
        )
    return _FORMATS[number]


def _name(block: BlendFileBlock) -> str:
    """The name of a data-block, without the two letters of its type."""
    is_placeholder = block.code == b"ID"  # a linked data-block is stored as its ID alone
    path: Any = b"name" if is_placeholder else (b"id", b"name")
    return str(block.get(path, as_str=True))[2:]


def _camera(scene: BlendFileBlock) -> str | None:
    """The active camera; markers on the timeline may bind one too, and then Blender takes it."""
    camera = _follow(scene, b"camera")
    markers = _list(scene, b"markers")
    bound = (_follow(marker, b"camera") for marker in markers)
    found = camera or next((c for c in bound if c is not None), None)
    return None if found is None else _name(found)


def _cameras(blend: BlendFile) -> Iterator[str]:
    for thing in blend.find_blocks_from_code(b"OB"):
        if thing[b"type"] == _OBJECT_IS_CAMERA:
            yield _name(thing)


def _linked_objects(blend: BlendFile) -> Iterator[str]:
    for block in blend.find_blocks_from_code(b"ID"):
        if block[b"name"].startswith(b"OB"):
            yield _name(block)


def _makes_images_without_camera(blend: BlendFile, scene: BlendFileBlock) -> bool:
    """Do sequencer strips or compositor nodes make the image? They may do without a camera."""
    mode = scene[b"r", b"scemode"]
    editor = _follow(scene, b"ed")
    if mode & _SCENE_USES_SEQUENCER and editor and editor[b"seqbase", b"first"]:
        return True
    switched_on = blend.header.version >= _FIRST_WITHOUT_USE_NODES or scene.get(b"use_nodes", 0)
    tree = scene.get(b"compositing_node_group", 0) or scene.get(b"nodetree", 0)
    return bool(mode & _SCENE_USES_COMPOSITOR and switched_on and tree)


def _list(block: BlendFileBlock, field: bytes) -> Iterator[BlendFileBlock]:
    return islice(listbase(_follow(block, (field, b"first"))), _MOST_ITEMS)


def _follow(block: BlendFileBlock, field: bytes | tuple[bytes, ...]) -> BlendFileBlock | None:
    """What `field` points to. Nothing, as in Blender, when that was not saved."""
    try:
        return block.get_pointer(field, default=None)
    except SegmentationFault:
        return None
