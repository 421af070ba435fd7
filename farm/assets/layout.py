"""Where each file of a project lies when it is sent: a path below one root, the same for everybody.

What lies in the project's folder keeps its place. The rest goes to `_outside/<hash>/…`, where the
hash stands for a folder; files that name each other relatively stay in one such folder, so that
their links keep working as they are.
"""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from farm.assets.tracing.model import Kind, Mention
from farm.model.errors import BadRequest

OUTSIDE = "_outside"
_HASH_DIGITS = 10
_MARK = "farm.toml"  #: the file that says: here begins a project


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A project's folder, and the folders outside it that its files come from."""

    root: str  #: absolute
    clusters: frozenset[str] = frozenset()
    _real_root: str = field(default="", repr=False)

    @classmethod
    def of(cls, root: str, mentions: Iterable[Mention]) -> "Layout":
        """The layout of a project in the folder `root` with these mentions of files."""
        layout = cls(root=root, _real_root=os.path.realpath(root))
        clusters = set()
        for one in mentions:
            if layout.inside(one.path) is not None:
                continue
            clusters.add(one.folder)
            folder = os.path.dirname(one.blend)
            if one.is_relative and layout.inside(one.blend) is None:
                clusters.add(os.path.commonpath([folder, one.folder]))
        return cls(root=root, clusters=frozenset(clusters), _real_root=layout._real_root)

    def place(self, path: str) -> str:
        """Where `path`, a file, folder or pattern, lies in the project, "/" between folders."""
        inside = self.inside(path)
        if inside is not None:
            return inside
        cluster = self._cluster(path)
        digest = hashlib.sha256(os.fsencode(cluster)).hexdigest()[:_HASH_DIGITS]
        rest = os.path.relpath(path, cluster)
        return f"{OUTSIDE}/{digest}" if rest == "." else f"{OUTSIDE}/{digest}/{rest}"

    def inside(self, path: str) -> str | None:
        """`path` from the project's folder, if it lies in it, be it by way of a link."""
        if _is_below(path, self.root):
            return os.path.relpath(path, self.root)
        folder, name = os.path.split(path)
        real = os.path.join(os.path.realpath(folder), name)
        return os.path.relpath(real, self._real_root) if _is_below(real, self._real_root) else None

    def _cluster(self, path: str) -> str:
        """The outermost of the folders outside that holds `path`."""
        parts = path.split("/")
        above = ("/".join(parts[:count]) for count in range(2, len(parts) + 1))
        return next((one for one in above if one in self.clusters), "/")


def project_root(
    scene: str, mentions: Iterable[Mention], *, project: Path | None = None, output: str = ""
) -> str:
    """The project's folder: as given, or the nearest one above with a farm.toml, or the deepest
    that holds the scene, all that it names relatively, and its images.

    Raises BadRequest when the given one does not hold the scene.
    """
    folder = os.path.dirname(scene)
    if project is not None:
        root = os.path.abspath(project)
        if not os.path.isdir(root):
            raise BadRequest(f"project {root} is not a folder: give the one that holds the scene")
        if not _is_below(scene, root):
            raise BadRequest(f"scene {scene} is not in the project's folder {root}: give another")
        return root
    marked = (one for one in Path(scene).parents if (one / _MARK).is_file())
    found = next(marked, None)
    if found is not None:
        return str(found)
    common = os.path.commonpath([folder, *_relative_folders(scene, list(mentions), output)])
    return folder if common == "/" else common


def _relative_folders(scene: str, mentions: list[Mention], output: str) -> set[str]:
    """The folders of all that is reached from the scene by relative paths alone."""
    folders, blends, before = {output} - {""}, {scene}, 0
    while len(blends) > before:
        before = len(blends)
        for one in mentions:
            if one.blend in blends and one.is_relative:
                folders.add(one.folder)
                blends |= {one.path} if one.kind is Kind.LIBRARY else set()
    return folders


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
