"""What a sent job is made of: each file's path inside the project, and the digest of its bytes.

A manifest is itself kept by its digest, so its text is canonical: the same files give the same
manifest, whoever sends them. Nothing in one is believed before it was checked here.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from farm.model.errors import BadManifest

MOST_PATH_BYTES = 1000  #: of a path inside a project; Blender's own hold 1024 with the folder
MOST_NAME_BYTES = 255  #: of one part of it; what file systems take
MOST_FILES = 1_000_000
MOST_FILE_BYTES = 1 << 46  #: 64 TiB
MOST_MANIFEST_BYTES = 256 * 1024 * 1024

_VERSION = 1
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_FOREIGN = re.compile(r"[\x00-\x1f\x7f\\]")


def check_digest(digest: str) -> str:
    """`digest` if it is one: BLAKE3's 256 bits as 64 digits 0-9, a-f. Raises BadManifest."""
    if _DIGEST.match(digest):
        return digest
    raise BadManifest(f"digest {digest!r:.80}: write BLAKE3's 256 bits as 64 digits 0-9, a-f")


def check_path(path: str) -> str:
    """`path` if it names a file inside a project and nothing else.

    Raises BadManifest for absolute paths, `.` and `..`, empty parts, control characters,
    backslashes, what is too long for a file system, and text that is no UTF-8.
    """
    fault = _fault(path)
    if fault:
        raise BadManifest(f"path {path!r:.120} {fault}")
    return path


def _fault(path: str) -> str:
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        return "is no UTF-8: rename the file"
    if size > MOST_PATH_BYTES:
        return f"is longer than {MOST_PATH_BYTES} bytes: shorten the folders' names"
    parts = path.split("/")
    faults = (
        (path[:1] == "/", "is absolute: paths are written from the project's folder"),
        (_FOREIGN.search(path), "has control characters or a backslash: rename the file"),
        ({"", ".", ".."} & set(parts), "has '.', '..' or nothing between two slashes"),
        (
            any(len(part.encode()) > MOST_NAME_BYTES for part in parts),
            f"has a name longer than {MOST_NAME_BYTES} bytes: shorten it",
        ),
    )
    return next((fault for found, fault in faults if found), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEntry:
    """One file of a project."""

    path: str  #: inside the project, "/" between folders
    digest: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """All files of a project, by path; checked when made."""

    entries: tuple[ManifestEntry, ...]

    @classmethod
    def of(cls, entries: Iterable[ManifestEntry]) -> "Manifest":
        """A manifest of `entries` in any order.

        Raises BadManifest for a bad path, digest or size, a path that is given twice or that is
        both file and folder, and for too many files.
        """
        ordered = tuple(sorted(entries, key=lambda entry: entry.path))
        if len(ordered) > MOST_FILES:
            raise BadManifest(f"{len(ordered):,} files are too many: {MOST_FILES:,} are the most")
        for entry in ordered:
            _check_entry(entry)
        _check_places([entry.path for entry in ordered])
        return cls(ordered)

    @classmethod
    def read(cls, text: bytes) -> "Manifest":
        """The manifest that `write` wrote. Raises BadManifest for anything else."""
        try:
            document = json.loads(text)
            entries = [_entry(row) for row in _rows(document)]
        except (ValueError, RecursionError, TypeError, KeyError) as error:
            raise BadManifest("the manifest cannot be read: let `farm submit` make it") from error
        return cls.of(entries)

    def write(self) -> bytes:
        """Canonical JSON: the same entries give the same bytes."""
        files = [[entry.path, entry.digest, entry.size_bytes] for entry in self.entries]
        document = {"files": files, "version": _VERSION}
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()

    def get(self, path: str) -> ManifestEntry | None:
        """The entry at `path`, if there is one."""
        return next((entry for entry in self.entries if entry.path == path), None)

    @property
    def size_bytes(self) -> int:
        """Of all its files together."""
        return sum(entry.size_bytes for entry in self.entries)


def _rows(document: Any) -> list[Any]:  # noqa: ANN401 - whatever JSON holds
    if document["version"] != _VERSION:
        raise BadManifest(
            f"the manifest is of version {document['version']!r:.20}, this farm reads "
            f"{_VERSION}: install the same Karst on both sides"
        )
    rows = document["files"]
    if not isinstance(rows, list):
        raise TypeError("files")
    return rows


def _entry(row: Any) -> ManifestEntry:  # noqa: ANN401 - whatever JSON holds
    path, digest, size = row
    if not (isinstance(path, str) and isinstance(digest, str) and type(size) is int):
        raise TypeError("entry")
    return ManifestEntry(path=path, digest=digest, size_bytes=size)


def _check_entry(entry: ManifestEntry) -> None:
    check_path(entry.path)
    check_digest(entry.digest)
    if not 0 <= entry.size_bytes <= MOST_FILE_BYTES:
        raise BadManifest(f"file {entry.path!r:.120} has a size of {entry.size_bytes} bytes")


def _check_places(paths: list[str]) -> None:
    """No path twice, none both a file and a folder."""
    files = set(paths)
    if len(files) < len(paths):
        twice = next(one for one, after in pairwise(paths) if one == after)
        raise BadManifest(f"path {twice!r:.120} is given twice")
    for path in paths:
        at = path.find("/")
        while at != -1:
            if path[:at] in files:
                raise BadManifest(f"path {path[:at]!r:.120} is both a file and a folder")
            at = path.find("/", at + 1)
