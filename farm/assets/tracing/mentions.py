"""What each kind of data-block says about files: which field holds the path, and when it counts.

Fields carry the names that are in the files, which are Blender's oldest ones: `Image.name` is the
path of an image. A field that a Blender's files do not have is skipped."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from blender_asset_tracer.blendfile import BlendFileBlock

from farm.assets.tracing.groups import Group, count_of
from farm.assets.tracing.model import NO_MATTER, Kind, Spread

_EXTERNAL = 1  # of the modes of IES and OSL nodes and of OSL cameras
_IS_FILE_PATH = 1  # the subtype of a text socket
_IMAGE_FILE, _IMAGE_SEQUENCE, _IMAGE_MOVIE, _IMAGE_TILED = 1, 2, 3, 6
_CLIP_SEQUENCE = 1
_CACHE_ON_DISK, _CACHE_EXTERNAL, _CACHE_OF_FLUID = 64, 512, 4096
_STRIP_IMAGE, _STRIP_MOVIE = 0, 3
_BAKE_HAS_FOLDER, _BAKE_INHERITS, _BAKE_PACKED = 2, 0, 1
_OCEAN_PARTS = (b"disp", b"norm", b"foam", b"spray")
_FLUID_PARTS = (b"config", b"data", b"guiding", b"mesh", b"noise", b"particles", b"script")
_NOT_BAKED = "is not there: it was not baked, or not here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A path as it is written, and what it stands for."""

    kind: Kind
    written: bytes
    spread: Spread = Spread.FILE
    tiles: tuple[int, ...] = ()
    parts: tuple[bytes, ...] = ()
    absent: str = ""


def said_in(group: Group, blend_stem: bytes) -> Iterator[Said]:
    """All that `group` says about files; `blend_stem` is the .blend's name without extension."""
    for block in group.blocks():
        reader = _READERS.get(block.dna_type_id)
        if reader is None:
            continue
        for index in range(count_of(block)):
            for said in reader(Part(group, block, index)):
                if said.written:
                    yield said
    yield from _disk_caches(group, blend_stem)


@dataclass(frozen=True, slots=True)
class Part:
    """One struct of a data-block, read field by field."""

    group: Group
    block: BlendFileBlock
    index: int = 0

    def get(self, *path: bytes, default: Any = 0) -> Any:  # noqa: ANN401 - numbers and bytes
        return self.block.get(path, default=default, array_index=self.index)

    def text(self, *path: bytes) -> bytes:
        found = self.get(*path, default=b"")
        return bytes(found) if isinstance(found, bytes) else b""

    def follow(self, *path: bytes) -> BlendFileBlock | None:
        """The part of this data-block that the pointer leads to."""
        return self.group.at(self.get(*path))


def _library(part: Part) -> Iterator[Said]:
    if not part.get(b"packedfile") and not part.get(b"archive_parent_library"):
        yield Said(kind=Kind.LIBRARY, written=part.text(b"name"))


def _image(part: Part) -> Iterator[Said]:
    if part.get(b"packedfile") or part.get(b"packedfiles", b"first"):
        return
    path = part.text(b"name")
    source = part.get(b"source", default=_IMAGE_FILE)
    if source == _IMAGE_FILE:
        yield Said(kind=Kind.IMAGE, written=path)
        yield from _eyes(part.group, path)
    elif source == _IMAGE_SEQUENCE:
        yield Said(kind=Kind.SEQUENCE, written=path, spread=Spread.SEQUENCE)
    elif source == _IMAGE_MOVIE:
        yield Said(kind=Kind.MOVIE, written=path)
    elif source == _IMAGE_TILED:
        tiles = (Part(part.group, one) for one in part.group.of_type(b"ImageTile"))
        numbers = tuple(one.get(b"tile_number") for one in tiles)
        yield Said(kind=Kind.TILES, written=path, spread=Spread.TILES, tiles=numbers)


def _eyes(group: Group, path: bytes) -> Iterator[Said]:
    """A stereo image has a file for each eye; what else stands there may be an old path."""
    for view in group.of_type(b"ImageView"):
        other = Part(group, view).text(b"filepath")
        if other != path:
            yield Said(kind=Kind.IMAGE, written=other, absent=NO_MATTER)


def _clip(part: Part) -> Iterator[Said]:
    spread = Spread.SEQUENCE if part.get(b"source") == _CLIP_SEQUENCE else Spread.FILE
    yield Said(kind=Kind.CLIP, written=part.text(b"name"), spread=spread)


def _sound(part: Part) -> Iterator[Said]:
    if not part.get(b"packedfile"):
        yield Said(kind=Kind.SOUND, written=part.text(b"name"))


def _font(part: Part) -> Iterator[Said]:
    if not part.get(b"packedfile") and part.text(b"name") != b"<builtin>":
        yield Said(kind=Kind.FONT, written=part.text(b"name"))


def _cache_file(part: Part) -> Iterator[Said]:
    spread = Spread.SEQUENCE if part.get(b"is_sequence") else Spread.FILE
    yield Said(kind=Kind.CACHE, written=part.text(b"filepath"), spread=spread)


def _volume(part: Part) -> Iterator[Said]:
    if not part.get(b"packedfile"):
        spread = Spread.SEQUENCE if part.get(b"is_sequence") else Spread.FILE
        yield Said(kind=Kind.VOLUME, written=part.text(b"filepath"), spread=spread)


def _ies(part: Part) -> Iterator[Said]:
    if part.get(b"mode") == _EXTERNAL:
        yield Said(kind=Kind.IES, written=part.text(b"filepath"))


def _osl(part: Part) -> Iterator[Said]:
    if part.get(b"mode") == _EXTERNAL:
        yield Said(kind=Kind.OSL, written=part.text(b"filepath"))


def _osl_camera(part: Part) -> Iterator[Said]:
    if part.get(b"custom_mode") == _EXTERNAL:
        yield Said(kind=Kind.OSL, written=part.text(b"custom_filepath"))


def _plain(kind: Kind, field: bytes) -> Callable[[Part], Iterator[Said]]:
    """A path that always counts."""

    def read(part: Part) -> Iterator[Said]:
        yield Said(kind=kind, written=part.text(field))

    return read


def _folder(path: bytes, parts: tuple[bytes, ...], absent: str = "") -> Said:
    return Said(kind=Kind.CACHE, written=path, spread=Spread.FOLDER, parts=parts, absent=absent)


def _ocean(part: Part) -> Iterator[Said]:
    if part.get(b"cached"):
        yield _folder(part.text(b"cachepath"), _OCEAN_PARTS)


def _fluid(part: Part) -> Iterator[Said]:
    yield _folder(part.text(b"cache_directory"), _FLUID_PARTS, absent=_NOT_BAKED)


def _point_cache(part: Part) -> Iterator[Said]:
    if part.get(b"flag") & _CACHE_EXTERNAL:
        yield _folder(part.text(b"path"), (part.text(b"name") + b"_",))


def _disk_caches(group: Group, blend_stem: bytes) -> Iterator[Said]:
    """Blender names no path for these: they lie beside the scene, in a folder of its name."""
    # Fluids have some too, of no use: they keep their own folder.
    fluids = {Part(group, one).get(b"point_cache") for one in group.of_type(b"FluidDomainSettings")}
    for block in group.of_type(b"PointCache"):
        if block.addr_old in fluids:
            continue
        part = Part(group, block)
        flags = part.get(b"flag")
        if flags & _CACHE_ON_DISK and not flags & (_CACHE_EXTERNAL | _CACHE_OF_FLUID):
            name = part.text(b"name") or group.head.id_name[2:].hex().upper().encode()
            yield _folder(b"//blendcache_" + blend_stem, (name + b"_",), absent=_NOT_BAKED)


def _bakes(part: Part) -> Iterator[Said]:
    """Simulations and bakes of geometry nodes, in the modifier's folder or in their own."""
    bakes = part.follow(b"bakes")
    for index in range(count_of(bakes) if bakes else 0):
        bake = Part(part.group, bakes, index)
        target = bake.get(b"bake_target") or part.get(b"bake_target")
        if target == _BAKE_PACKED:
            continue
        own = bake.get(b"flag") & _BAKE_HAS_FOLDER
        text = bake.follow(b"directory") if own else part.follow(b"simulation_bake_directory")
        if text is not None:
            parts = (b"meta", b"blobs") if own else (b"%d" % bake.get(b"id"),)
            yield _folder(text.as_bytes_string(), parts, absent=_NOT_BAKED)


def _import_path(part: Part) -> Iterator[Said]:
    if part.get(b"subtype") == _IS_FILE_PATH:
        yield Said(kind=Kind.GEOMETRY, written=part.text(b"value"))


def _strip(part: Part) -> Iterator[Said]:
    """Sounds have a data-block of their own; their strip's path may be an old one."""
    kind = part.get(b"type")
    media = part.follow(b"strip")
    if media is None or kind not in {_STRIP_IMAGE, _STRIP_MOVIE}:
        return
    place = Part(part.group, media)
    folder, names = place.text(b"dir"), place.follow(b"stripdata")
    for index in range(count_of(names) if names else 0):
        name = Part(part.group, names, index).text(b"name")
        yield Said(
            kind=Kind.IMAGE if kind == _STRIP_IMAGE else Kind.MOVIE, written=join(folder, name)
        )


def join(folder: bytes, name: bytes) -> bytes:
    """The path of a strip's file; its folder may be "//" alone."""
    return folder + name if folder.endswith((b"/", b"\\")) else folder + b"/" + name


#: What reads each type of struct.
_READERS: dict[bytes, Callable[[Part], Iterator[Said]]] = {
    b"Library": _library,
    b"Image": _image,
    b"MovieClip": _clip,
    b"bSound": _sound,
    b"VFont": _font,
    b"CacheFile": _cache_file,
    b"CacheFileLayer": _plain(Kind.CACHE, b"filepath"),
    b"Volume": _volume,
    b"NodeShaderTexIES": _ies,
    b"NodeShaderScript": _osl,
    b"Camera": _osl_camera,
    b"MeshCacheModifierData": _plain(Kind.CACHE, b"filepath"),
    b"CustomDataExternal": _plain(Kind.CACHE, b"filename"),
    b"OceanModifierData": _ocean,
    b"FluidDomainSettings": _fluid,
    b"PointCache": _point_cache,
    b"NodesModifierData": _bakes,
    b"bNodeSocketValueString": _import_path,
    b"Sequence": _strip,
}

READ_TYPES = frozenset(_READERS)  #: structs whose text fields are paths, however they begin
