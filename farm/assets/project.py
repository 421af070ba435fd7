"""A scene with all that it needs, laid out below one root so that it can be sent anywhere.

Files that would not be found below another root are sent as rewritten copies; the artist's own
files are never touched."""

import hashlib
import os
import posixpath
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from farm.assets.layout import OUTSIDE, Layout, project_root
from farm.assets.rewrite import NewPath, rewrite
from farm.assets.telling import printable
from farm.assets.tracing.bat import texts_in
from farm.assets.tracing.expand import find_files
from farm.assets.tracing.model import Found, FoundFile, Kind, MissingFile, Trace
from farm.assets.tracing.paths import resolve
from farm.assets.tracing.trace import Tracer, trace_scene
from farm.model.errors import BadScene, MissingAssets
from farm.model.manifest import check_path

_TRIES = 3
_PAUSE_SECONDS = 1.0
_MOST_TOLD = 20

Stamp = tuple[int, int, int]  #: when it was changed, its size, its number on disk
OnProgress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFile:
    """One file that is sent."""

    path: str  #: in the project, "/" between folders
    source: Path  #: where its bytes are: the original, or a rewritten copy
    original: Path
    size_bytes: int  #: of `source`
    used_by: tuple[str, ...]  #: "image wood.png in /film/props.blend"
    kind: Kind

    @property
    def is_rewritten(self) -> bool:
        """Are paths in it changed?"""
        return self.source != self.original


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """All that is sent for one scene."""

    root: Path  #: the folder that paths are written from
    scene: str  #: the scene's path in the project
    files: tuple[ProjectFile, ...]  #: by path, the scene among them
    missing: tuple[MissingFile, ...]
    notes: tuple[str, ...]  #: what the person should know
    tracer: str  #: who looked for the files

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(file.size_bytes for file in self.files)


def read_project(
    scene: Path,
    *,
    project: Path | None = None,
    tracer: str = Tracer.AUTO,
    scratch: Path,
    allow_missing: bool = False,
    on_progress: OnProgress | None = None,
) -> Project:
    """The project of `scene`: what is to be sent, and from where.

    Rewritten copies are put into the folder `scratch`, which must outlive the project.
    `on_progress` hears one line for each step.

    Raises MissingAssets unless `allow_missing`, BadScene for what cannot be read or changes all the
    time, BadManifest for names that cannot be sent, BadRequest for a wrong folder or tracer.
    """
    reading = _Reading(
        scene=os.path.abspath(scene),
        project=project,
        tracer=tracer,
        scratch=scratch,
        allow_missing=allow_missing,
        tell=on_progress or (lambda _: None),
    )
    for turn in range(_TRIES):
        if turn:
            reading.wait()
        try:
            found = reading.read()
        except BadScene:
            if not reading.changed():
                raise
        else:
            if not reading.changed():
                return found
    raise BadScene(
        f"scene {printable(scene)}: {printable(reading.changed())} changes all the while it is "
        "read: wait until it is saved, then try again"
    )


@dataclass(slots=True, kw_only=True)
class _Reading:
    scene: str
    project: Path | None
    tracer: str
    scratch: Path
    allow_missing: bool
    tell: OnProgress
    stamps: dict[str, Stamp | None] = field(default_factory=dict)  #: of each .blend, before

    def read(self) -> Project:
        self.stamps.clear()
        trace = trace_scene(
            self.scene,
            tracer=self.tracer,
            on_blend=self._on_blend,
            on_blender=lambda blender: self.tell(f"asking {blender}"),
        )
        self.tell("looking for the files")
        found = find_files(trace.scene, trace.mentions)
        if found.missing and not self.allow_missing:
            raise missing_assets(self.scene, found.missing)
        root = project_root(
            self.scene, found.reached, project=self.project, output=_output_folder(trace)
        )
        layout = Layout.of(root, found.reached)
        copies = _Rewriting(layout, found, self.scratch, self.tell).rewrite_all(trace)
        files: dict[str, ProjectFile] = {}
        for file in found.files:
            sent = _project_file(file, layout, copies.get(file.path))
            files.setdefault(sent.path, sent)
        return Project(
            root=Path(root),
            scene=layout.place(self.scene),
            files=tuple(files[path] for path in sorted(files)),
            missing=found.missing,
            notes=(*trace.notes, *found.notes, *_notes(layout, list(files.values()))),
            tracer=trace.tracer,
        )

    def wait(self) -> None:
        """For whoever is saving."""
        self.tell(f"{self.changed()} was changed meanwhile: reading again")
        time.sleep(_PAUSE_SECONDS)

    def _on_blend(self, path: str) -> None:
        self.stamps.setdefault(path, _stamp(path))
        self.tell(f"reading {path}")

    def changed(self) -> str:
        """A .blend that is not as it was when it was first opened; "" when all are."""
        return next((path for path, old in self.stamps.items() if _stamp(path) != old), "")


def _stamp(path: str) -> Stamp | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _output_folder(trace: Trace) -> str:
    """The folder the scene's images go to, when it is written from the scene's own."""
    if not trace.output.startswith("//"):
        return ""
    return os.path.dirname(resolve(trace.output + "x", os.path.dirname(trace.scene)))


def missing_assets(scene: str, missing: tuple[MissingFile, ...]) -> MissingAssets:
    """The error that lists what is missing."""
    told = "; ".join(str(one) for one in missing[:_MOST_TOLD])
    more = f"; and {len(missing) - _MOST_TOLD} more" if len(missing) > _MOST_TOLD else ""
    one = len(missing) == 1
    files, it = ("a file", "it") if one else (f"{len(missing)} files", "them")
    return MissingAssets(
        f"scene {printable(scene)} needs {files} that cannot be read: {told}{more}; put {it} "
        f"there, or render without {it} by --allow-missing"
    )


@dataclass(frozen=True, slots=True)
class _Rewriting:
    """Copies of those .blend files whose paths hold here only."""

    layout: Layout
    found: Found
    scratch: Path
    tell: OnProgress

    def rewrite_all(self, trace: Trace) -> dict[str, Path]:
        """The copies that had to be made, by the original's path."""
        there = {file.path for file in self.found.files}
        copies = {}
        for blend in trace.blends:
            if blend in there:
                name = hashlib.sha256(os.fsencode(blend)).hexdigest()[:20]
                copy = self.scratch / f"{name}.blend"
                texts = trace.texts.get(blend) or texts_in(blend)
                if rewrite(blend, texts, copy, self._new_path(blend)):
                    self.tell(f"rewrote the paths in {blend}")
                    copies[blend] = copy
        return copies

    def _new_path(self, blend: str) -> NewPath:
        files = {one.path for one in self.found.reached} - {blend}
        folders = {one.folder for one in self.found.reached}
        here = posixpath.dirname(self.layout.place(blend))

        def new_path(path: str, written: str, *, folder: bool) -> str | None:
            if path not in (folders if folder else files):
                return None
            place = self.layout.place(path)
            if written.startswith("//") and _leads_to(place, here, written):
                return None
            way = posixpath.relpath(f"/{place}", f"/{here}")
            return "//" if way == "." else f"//{way}"

        return new_path


def _leads_to(place: str, folder: str, written: str) -> bool:
    """Is `written` in a .blend in `folder` the way to `place`, without leaving the project?"""
    plain = written.replace("\\", "/").lstrip("/")
    return posixpath.normpath(posixpath.join(folder, plain)) == place


def _project_file(file: FoundFile, layout: Layout, copy: Path | None) -> ProjectFile:
    original = Path(file.path)
    return ProjectFile(
        path=check_path(layout.place(file.path)),
        source=copy or original,
        original=original,
        size_bytes=copy.stat().st_size if copy else file.size_bytes,
        used_by=file.used_by,
        kind=file.kind,
    )


def _notes(layout: Layout, files: list[ProjectFile]) -> list[str]:
    outside = sum(file.path.startswith(f"{OUTSIDE}/") for file in files)
    copies = [str(file.original) for file in files if file.is_rewritten]
    notes = []
    if outside:
        notes.append(
            f"of {len(files)} files {outside} lie outside the project's folder {layout.root}, "
            f"and are sent below {OUTSIDE}"
        )
    if copies:
        notes.append(
            "sent as a copy whose paths hold on any machine, the original stays as it is: "
            + ", ".join(map(printable, copies))
        )
    return notes
