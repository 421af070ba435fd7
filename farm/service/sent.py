"""A sent project, as its manifest names it: every file of it is on the farm, and stays.

Inside these blocks nothing is collected; what a job needs is touched, so it is kept for a day more
than it takes to store the job.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from farm.assets.scene import read_scene
from farm.files.content import ContentStore
from farm.files.disk import told
from farm.model.errors import BadManifest, BadScene, FilesNotSent
from farm.model.job import Job
from farm.model.manifest import MOST_MANIFEST_BYTES, Manifest
from farm.model.scene import SceneFacts

_PATHS_NAMED = 3


@contextmanager
def sent_project(files: ContentStore, production: str, manifest: str) -> Iterator[Manifest]:
    """The project whose manifest has this digest, for a job that is to be stored in the block.

    Raises FilesNotSent for what `production` has not sent, BadManifest, BadName.
    """
    with files.taking_in():
        project = _manifest(files, production, manifest)
        lacking = [
            entry.path
            for entry in project.entries
            if not files.owned(production, entry.digest)
            or files.size_of(entry.digest) != entry.size_bytes
        ]
        if lacking:
            raise FilesNotSent(
                f"{len(lacking)} of the project's {len(project.entries)} files are not on the "
                f"farm: {_some(lacking)}; send them and submit again, as `farm submit` does"
            )
        _touch(files, manifest, project)
        yield project


@contextmanager
def kept_project(
    files: ContentStore, job: Job, images: Iterable[tuple[str, Sequence[str]]]
) -> Iterator[None]:
    """The files that `job` was made of are all there, if they were sent, while its tasks are moved.

    `images` are the digests recorded for its layers; they, too, are kept. Raises FilesNotSent when
    files were collected.
    """
    manifest = next((one.spec.settings.manifest for one in job.layers), "")
    if not manifest:
        yield
        return
    with files.taking_in():
        try:
            project = _manifest(files, job.production, manifest)
        except FilesNotSent as error:
            raise _collected(job, ["its manifest"]) from error
        lacking = [
            one.path for one in project.entries if not files.owned(job.production, one.digest)
        ]
        if lacking:
            raise _collected(job, lacking)
        _touch(files, manifest, project)
        for _, digests in images:
            files.touch(digests)
        files.touch_job(job.id)
        yield


def scene_of(files: ContentStore, project: Manifest, scene: str) -> SceneFacts | BadScene:
    """What the scene says, read where the farm keeps it but told by its path in the project."""
    entry = project.get(scene.removeprefix("/"))
    if entry is None or not scene.startswith("/"):
        return BadScene(
            f"scene {scene!r:.200} is no file of the project that was sent: give its path from "
            "the project's folder, as in /shots/010/shot.blend"
        )
    blob = files.path_of(entry.digest)
    try:
        return read_scene(blob)
    except BadScene as error:
        return BadScene(str(error).replace(str(blob), scene))


def _manifest(files: ContentStore, production: str, digest: str) -> Manifest:
    size = files.size_of(digest) if files.owned(production, digest) else None
    if size is None:
        raise FilesNotSent(
            f"manifest {digest} is not on the farm for production {production}: send it before "
            "the job, as `farm submit` does"
        )
    if size > MOST_MANIFEST_BYTES:
        raise BadManifest(
            f"the manifest has {size:,} bytes, {MOST_MANIFEST_BYTES:,} are the most: submit "
            "parts of the project"
        )
    with told(files.root):
        text = files.path_of(digest).read_bytes()
    return Manifest.read(text)


def _touch(files: ContentStore, manifest: str, project: Manifest) -> None:
    files.touch([manifest, *(entry.digest for entry in project.entries)])


def _collected(job: Job, paths: Sequence[str]) -> FilesNotSent:
    return FilesNotSent(
        f"files of job {job.id} were collected after it ended ({_some(paths)}): submit it again; "
        "`farm submit` sends only what is missing"
    )


def _some(paths: Sequence[str]) -> str:
    named = ", ".join(f"{path:.200}" for path in paths[:_PATHS_NAMED])
    more = len(paths) - _PATHS_NAMED
    return f"{named} and {more} more" if more > 0 else named
