"""A scene with all that it needs, on its way from a studio to the farm.

The promise: a manifest is of files that lay still, and of the scene as it was traced.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from farm.client.crew import Stop
from farm.client.hashes import HashCache, Hashed
from farm.client.homes import SentProject
from farm.client.outbound import Outbound
from farm.client.patience import Tell
from farm.client.reading import changing, read_still, stamp_of
from farm.client.scratch import no_room, scratch_folder
from farm.client.transfer import OnTransfer, Phase, Transfer
from farm.model.manifest import Manifest, ManifestEntry
from farm.model.names import check_name
from farm.wire import FileWire, Wire

if TYPE_CHECKING:
    from farm.assets.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """How a scene's files are found."""

    project: Path | None = None  #: the project's folder; None: as the scene's files tell
    tracer: str = "auto"
    allow_missing: bool = False  #: go on without those that are not there, here and on the nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """What has arrived at the farm: everything a job needs."""

    manifest: str  #: its digest
    scene: str  #: path under the project's root "/"
    project: SentProject


@dataclass(frozen=True, slots=True, kw_only=True)
class Cargo:
    """What a submit would send."""

    root: Path
    scene: str
    files: Mapping[str, Hashed]  #: by their path inside the project
    missing: Mapping[str, int]  #: of these the farm lacks, by path: how many bytes have to travel


class Studio:
    """Finds and sends the files of scenes, for one production."""

    def __init__(self, wire: Wire, production: str, *, tell: Tell, on_transfer: OnTransfer) -> None:
        self._files = FileWire(
            wire, f"/productions/{quote(check_name('production', production))}/files"
        )
        self._url = wire.url
        self._tell = tell
        self._on_transfer = on_transfer

    def send(self, scene: Path, how: Gathering) -> Dispatch:
        """Send what the farm lacks of `scene` and its files. Raises what Outbound.send raises."""
        stamp = stamp_of(scene)
        with self._gathered(scene, how) as (project, outbound, scratch):
            before = outbound.hash({one.path: one.source for one in project.files})
            if stamp_of(scene) != stamp:
                raise changing(scene)
            files = outbound.send(before)
            _check_scenes(before, files)
            sent_files, sent_bytes = outbound.sent_files, outbound.meter.told().bytes_moved
            manifest = _manifest(files)
            digest = self._send_manifest(outbound, manifest, scratch)
            return Dispatch(
                manifest=digest,
                scene=f"/{project.scene}",
                project=SentProject(
                    root=project.root,
                    files=len(files),
                    size_bytes=manifest.size_bytes,
                    sent_files=sent_files,
                    sent_bytes=sent_bytes,
                ),
            )

    def look(self, scene: Path, how: Gathering) -> Cargo:
        """What `send` would send. Sends nothing."""
        with self._gathered(scene, how) as (project, outbound, _):
            files = outbound.hash({one.path: one.source for one in project.files})
            lacking = {
                one.digest: one.size_bytes - offset
                for one, offset in outbound.missing(files.values()).items()
            }
        missing = {
            path: lacking.pop(one.digest) for path, one in files.items() if one.digest in lacking
        }
        return Cargo(root=project.root, scene=f"/{project.scene}", files=files, missing=missing)

    @contextmanager
    def _gathered(self, scene: Path, how: Gathering) -> Iterator[tuple["Project", Outbound, Path]]:
        cache = HashCache()
        try:
            with scratch_folder() as scratch:
                project = self._traced(scene, how, scratch)
                for note in project.notes:
                    self._tell(f"note: {note}")
                outbound = Outbound(
                    self._files,
                    cache=cache,
                    url=self._url,
                    tell=self._tell,
                    on_transfer=self._on_transfer,
                )
                yield project, outbound, scratch
            cache.prune()
        finally:
            cache.close()

    def _traced(self, scene: Path, how: Gathering, scratch: Path) -> "Project":
        """The project of `scene`. Raises BadScene, MissingAssets, BadRequest."""
        from farm.assets.project import read_project  # tracers are slow to load

        def show(line: str) -> None:
            self._on_transfer(Transfer(phase=Phase.TRACING, what=line))

        show("")
        return read_project(
            scene,
            project=how.project,
            tracer=how.tracer,
            scratch=scratch,
            allow_missing=how.allow_missing,
            on_progress=show,
        )

    def _send_manifest(self, outbound: Outbound, manifest: Manifest, scratch: Path) -> str:
        path = scratch / "manifest.json"
        try:
            path.write_bytes(manifest.write())
        except OSError as error:
            raise no_room(scratch, error) from error
        sent = outbound.send({path.name: read_still(path, Stop())})
        return sent[path.name].digest


def _manifest(files: Mapping[str, Hashed]) -> Manifest:
    return Manifest.of(
        ManifestEntry(path=path, digest=one.digest, size_bytes=one.size_bytes)
        for path, one in files.items()
    )


def _check_scenes(before: Mapping[str, Hashed], after: Mapping[str, Hashed]) -> None:
    """Raise when a scene or library was saved anew: it may need other files now."""
    for path, one in before.items():
        if path.endswith(".blend") and after[path].digest != one.digest:
            raise changing(one.path)
