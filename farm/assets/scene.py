"""Reads what a .blend says about itself, without Blender, in a fraction of a second.

The file is input from anyone. Whatever is wrong with it ends as `BadScene` with one plain line,
never as an error out of the reader.
"""

import errno
import gzip
import logging
import os
import re
import shutil
import stat
import struct
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

from blender_asset_tracer.blendfile import BlendFile, BlendFileBlock
from blender_asset_tracer.blendfile.exceptions import NoDNA1Block, SegmentationFault
from blender_asset_tracer.blendfile.iterators import listbase
from zstandard import ZstdDecompressionReader, ZstdDecompressor

from farm.model.errors import BadScene
from farm.model.scene import IMAGE_EXTENSIONS, SceneFacts

# The reader warns about damaged files on its own; what it finds is told in our line.
logging.getLogger("blender_asset_tracer").setLevel(logging.CRITICAL)

_PLAIN, _GZIP, _ZSTD = b"BLENDER", b"\x1f\x8b", b"\x28\xb5\x2f\xfd"  # how each begins
_BUFFER_BYTES = 1024 * 1024
_OBJECT_IS_CAMERA = 11
_SCENE_USES_SEQUENCER = 1 << 0
_SCENE_USES_COMPOSITOR = 1 << 6
_FIRST_WITHOUT_USE_NODES = 500  # from Blender 5.0 a compositor tree is used when it is there
_OPEN_BRACKET = re.compile(rb"\[[^\]\0]*\0")  # in a name "[4" the reader would run in a circle
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
    _check_file(file)
    try:
        with _Blend(file) as blend:
            _check_end(blend, file)
            return _facts(blend, file)
    except BadScene:
        raise
    except (NoDNA1Block, EOFError, struct.error) as error:
        raise _truncated(file) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise BadScene(
                f"scene {file} is compressed, and there is no space to unpack it: "
                "make room in the service's temporary folder"
            ) from error
        raise _damaged(file) from error
    except Exception as error:  # the reader asserts and raises all sorts
        raise _damaged(file) from error


class _Blend(BlendFile):  # type: ignore[misc]
    """A BlendFile that closes its files when it cannot be read, and never runs in a circle."""

    def __init__(self, path: Path) -> None:
        try:
            super().__init__(path)
        except BaseException:
            if getattr(self, "fileobj", None):
                self.fileobj.close()
            raise

    def _open_file(self, path: Path, mode: str) -> IO[bytes]:
        self.is_compressed = _first_bytes(path) != _PLAIN
        opened: IO[bytes] = _unpacked(path) if self.is_compressed else path.open(mode)
        self.filepath = path
        self.raw_filepath = Path(opened.name)
        return opened

    def _load_blocks(self) -> None:
        self.blocks = _Blocks()
        super()._load_blocks()

    def decode_structs(self, block: BlendFileBlock) -> None:
        start = self.fileobj.tell()
        names, _, _ = self.fileobj.read(block.size).partition(b"TYPE")
        if _OPEN_BRACKET.search(names):
            raise ValueError("a field's name has a bracket that does not close")
        self.fileobj.seek(start)
        super().decode_structs(block)


class _Blocks(list[BlendFileBlock]):
    """Refuses a block of negative size: stepping over it would lead back to itself."""

    def append(self, block: BlendFileBlock) -> None:
        if block.size < 0:
            raise ValueError(f"block of {block.size} bytes")
        super().append(block)


def _first_bytes(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(len(_PLAIN))


def _unpacked(file: Path) -> IO[bytes]:
    """The plain contents of a compressed .blend, in a temporary file that goes when closed."""
    # The reader's own unpacking leaves files open when it meets a damaged one.
    unpacked = tempfile.NamedTemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        with file.open("rb") as packed, _stream(packed, _first_bytes(file)) as stream:
            shutil.copyfileobj(stream, unpacked, _BUFFER_BYTES)
    except BaseException:
        unpacked.close()
        raise
    return unpacked


def _stream(packed: IO[bytes], start: bytes) -> gzip.GzipFile | ZstdDecompressionReader:
    if start.startswith(_GZIP):
        return gzip.GzipFile(fileobj=packed)
    return ZstdDecompressor().stream_reader(packed, read_across_frames=True)


def _check_file(file: Path) -> None:
    """Raise BadScene unless `file` can be read and begins as a .blend does."""
    try:
        mode = file.stat().st_mode
        if stat.S_ISDIR(mode):
            raise BadScene(f"scene {file} is a folder: give the .blend file in it")
        if not stat.S_ISREG(mode):
            raise BadScene(f"scene {file} is no ordinary file: give a .blend file")
        start = _first_bytes(file)
    except FileNotFoundError as error:
        raise BadScene(
            f"scene {file} does not exist: check the path, and that the service sees this folder"
        ) from error
    except PermissionError as error:
        raise BadScene(
            f"scene {file} may not be read: give the service's user access to it"
        ) from error
    except (OSError, ValueError) as error:  # a name too long, with a NUL, on a dead mount
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise BadScene(f"scene {str(file)!r} cannot be read: {why}") from error
    if not start:
        raise BadScene(f"scene {file} is empty: save it again in Blender")
    if not start.startswith((_PLAIN, _GZIP, _ZSTD)):
        raise BadScene(f"scene {file} is not a .blend file: give one that Blender has saved")


def _check_end(blend: BlendFile, file: Path) -> None:
    """Raise BadScene when the file stops before its end mark; its last blocks may be hollow."""
    last = blend.blocks[-1]
    blend.fileobj.seek(last.file_offset + last.size)
    if blend.fileobj.read(4) != b"ENDB":
        raise _truncated(file)


def _truncated(file: Path) -> BadScene:
    return BadScene(f"scene {file} is cut short or damaged: save or copy it again")


def _damaged(file: Path) -> BadScene:
    return BadScene(
        f"scene {file} is damaged, or from a Blender the farm cannot read: "
        "open it in Blender 2.80 or later and save it again"
    )


def _facts(blend: BlendFile, file: Path) -> SceneFacts:
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
