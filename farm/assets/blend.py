"""Opens .blend files that anyone may have made: plain, gzip or zstd, whole or broken.

The reader underneath believes what a file says of itself, and runs in circles or out of memory on
some damaged ones. Here each claim is checked first, whatever is wrong ends as `BadScene` with one
plain line, and nothing stays open.
"""

import errno
import logging
import os
import re
import shutil
import stat
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from blender_asset_tracer.blendfile import BlendFile, BlendFileBlock
from blender_asset_tracer.blendfile.exceptions import NoDNA1Block

from farm.assets.blocks import load_blocks
from farm.assets.packing import Packing, packing_of, unpacked
from farm.assets.telling import printable
from farm.model.errors import BadScene

# The reader warns about damaged files on its own; what it finds is told in our line.
logging.getLogger("blender_asset_tracer").setLevel(logging.CRITICAL)

_BUFFER_BYTES = 1024 * 1024
_OPEN_BRACKET = re.compile(rb"\[[^\]\0]*\0")  # in a name "[4" the reader would run in a circle


@contextmanager
def opened_blend(file: Path) -> Iterator[BlendFile]:
    """The .blend `file`, open. What goes wrong inside the block counts as damage of the file.

    Raises BadScene.
    """
    _check_file(file)
    try:
        with _Blend(file) as blend:
            _check_end(blend, file)
            yield blend
    except BadScene:
        raise
    except (NoDNA1Block, EOFError, struct.error) as error:
        raise _truncated(file) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise BadScene(
                f"scene {printable(file)} is compressed, and there is no space to unpack it: "
                "make room in the temporary folder of the machine that reads it"
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
        self.is_compressed = packing_of(path) is not Packing.PLAIN
        opened: IO[bytes] = _unpacked(path) if self.is_compressed else path.open(mode)
        self.filepath = path
        self.raw_filepath = Path(opened.name)
        return opened

    def _load_blocks(self) -> None:
        self.end = load_blocks(self)
        if not self.structs:
            raise NoDNA1Block("no DNA1 block", self.filepath)

    def decode_structs(self, block: BlendFileBlock) -> None:
        start = self.fileobj.tell()
        _check_lists(self.fileobj.read(block.size), self.header.endian.UINT)
        self.fileobj.seek(start)
        super().decode_structs(block)


def _check_lists(dna: bytes, number: struct.Struct) -> None:
    """Raise ValueError unless the names and types in `dna` are as many as it claims."""
    for tag, end in ((b"NAME", b"TYPE"), (b"TYPE", b"TLEN")):
        section = dna[dna.index(tag) + len(tag) : dna.index(end)]
        names = section[number.size :]
        (claimed,) = number.unpack_from(section)
        if claimed != names.rstrip(b"\0").count(b"\0") + 1:
            raise ValueError(f"{claimed} names are claimed")
        if _OPEN_BRACKET.search(names):
            raise ValueError("a name has a bracket that does not close")


def _unpacked(file: Path) -> IO[bytes]:
    """The plain contents of a compressed .blend, in a temporary file that goes when closed."""
    # The reader's own unpacking leaves files open when it meets a damaged one.
    plain = tempfile.NamedTemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        with unpacked(file) as stream:
            shutil.copyfileobj(stream, plain, _BUFFER_BYTES)
    except BaseException:
        plain.close()
        raise
    return plain


def _check_file(file: Path) -> None:
    """Raise BadScene unless `file` can be read and begins as a .blend does."""
    try:
        mode = file.stat().st_mode
        if stat.S_ISDIR(mode):
            raise BadScene(f"scene {printable(file)} is a folder: give the .blend file in it")
        if not stat.S_ISREG(mode):
            raise BadScene(f"scene {printable(file)} is no ordinary file: give a .blend file")
        packing = packing_of(file)
        is_empty = file.stat().st_size == 0
    except FileNotFoundError as error:
        raise BadScene(
            f"scene {printable(file)} does not exist: check the path, and for a job in place that "
            "the service sees this folder"
        ) from error
    except PermissionError as error:
        raise BadScene(
            f"scene {printable(file)} may not be read: give access to it, for a job in place to "
            "the service's user too"
        ) from error
    except (OSError, ValueError) as error:  # a name too long, with a NUL, on a dead mount
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise BadScene(f"scene {printable(file)} cannot be read: {why}") from error
    if is_empty:
        raise BadScene(f"scene {printable(file)} is empty: save it again in Blender")
    if packing is None:
        raise BadScene(
            f"scene {printable(file)} is not a .blend file: give one that Blender has saved"
        )


def _check_end(blend: _Blend, file: Path) -> None:
    """Raise BadScene when the file stops before its end mark; its last blocks may be hollow."""
    blend.fileobj.seek(blend.end)
    if blend.fileobj.read(4) != b"ENDB":
        raise _truncated(file)


def _truncated(file: Path) -> BadScene:
    return BadScene(f"scene {printable(file)} is cut short or damaged: save or copy it again")


def _damaged(file: Path) -> BadScene:
    return BadScene(
        f"scene {printable(file)} is damaged, or from a Blender the farm cannot read: "
        "open it in Blender 2.80 or later and save it again"
    )
