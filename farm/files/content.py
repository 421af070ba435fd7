"""The farm's files, kept by what is in them: each once, whole, verified while it came in.

    blobs/ab/<digest>                     a whole file, read-only; its mtime tells when somebody
                                          last sent it, asked for it or used it
    productions/<name>/ab/<digest>        a hard link: this production has sent that file
    uploads/<production>/<digest>.part    what has come of a file so far
    jobs/<job>/{thumbnails,logs}/         small things that nodes send about a job's frames
    lock                                  shared while a job is taken in, exclusive while files go

Whoever dies at whatever moment leaves nothing under blobs/ that is not whole: a file gets its name
there by a link to bytes that were verified and are on disk. A production is only ever told about,
and given, what it has sent itself; knowing a digest opens nothing.
"""

import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from farm.files.disk import (
    copy_hashed,
    link_or_mark,
    link_or_move,
    make_folder,
    open_in,
    sync_folder,
    told,
    write_whole,
)
from farm.files.upload import Upload
from farm.model.errors import BadName, WrongDigest
from farm.model.manifest import MOST_NAME_BYTES, check_digest
from farm.model.names import check_name

NODES = "@nodes"  #: whose uploads results of nodes are; no production can have this name


class ContentStore:
    """The folder at `root`, which is made when something is first written."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(root).expanduser().absolute()
        self.blobs = self.root / "blobs"
        self.productions = self.root / "productions"
        self.uploads = self.root / "uploads"
        self.jobs = self.root / "jobs"

    def path_of(self, digest: str) -> Path:
        """Where the file is, if it is there. Raises BadManifest for what is no digest."""
        return self.blobs / check_digest(digest)[:2] / digest

    def possession(self, production: str, digest: str) -> Path:
        """What lies there once `production` has sent this file. Raises BadName, BadManifest."""
        return self.productions / _folder(production) / check_digest(digest)[:2] / digest

    def part_of(self, production: str, digest: str) -> Path:
        """Where what has come of the file lies. Raises BadName, BadManifest."""
        return self.uploads / _folder(production) / f"{check_digest(digest)}.part"

    def size_of(self, digest: str) -> int | None:
        """The file's size in bytes; None when it is not here."""
        return self._size(self.path_of(digest))

    def has(self, digest: str) -> bool:
        """Is the file here, whoever sent it?"""
        return self.size_of(digest) is not None

    def owned(self, production: str, digest: str) -> bool:
        """Is it here, and has `production` sent it? Of NODES: is it here?"""
        if production != NODES and self._size(self.possession(production, digest)) is None:
            return False
        return self.has(digest)

    def offset(self, production: str, digest: str) -> int:
        """How many bytes of the file have come so far."""
        return self._size(self.part_of(production, digest)) or 0

    def receive(self, production: str, digest: str, size_bytes: int, offset: int = 0) -> Upload:
        """Take the file in from `offset` on, which must be where its part ends.

        Raises BadName, BadManifest, UploadElsewhere, WrongOffset, WrongDigest, StorageFull.
        """
        part = self.part_of(production, digest)
        upload = Upload(
            part,
            root=self.root,
            digest=digest,
            size_bytes=size_bytes,
            is_there=lambda: self._stays(production, digest),
            keep=lambda: self.keep(production, [(digest, part)]),
        )
        try:
            upload.begin(offset)
        except BaseException:
            upload.close()
            raise
        if upload.is_there and self.size_of(digest) != size_bytes:
            raise WrongDigest(
                f"file {digest} has {self.size_of(digest)} bytes, not {size_bytes}: hash it again"
            )
        return upload

    def add_file(self, source: str | os.PathLike[str]) -> str:
        """Keep a copy of the file at `source`, a result; its digest.

        Raises OSError when it cannot be read, StorageFull.
        """
        with Path(source).open("rb", buffering=0) as file, self.new_part(NODES) as (part, target):
            with told(self.root):
                digest = copy_hashed(file.fileno(), target).digest()
                os.fsync(target)
            self.keep(NODES, [(digest, part)])
        return digest

    @contextmanager
    def new_part(self, production: str) -> Iterator[tuple[Path, int]]:
        """A part of its own, for a file that comes in one go, and its descriptor; gone at the end.

        Raises BadName, StorageFull.
        """
        part = self.uploads / _folder(production) / f"{secrets.token_hex(16)}.part"
        with told(self.root):
            descriptor = open_in(part, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        try:
            yield part, descriptor
        finally:
            os.close(descriptor)
            part.unlink(missing_ok=True)

    def keep(self, production: str, files: Sequence[tuple[str, Path]]) -> None:
        """Give verified files, which are on disk in parts, their names; the parts' names go.

        From here on they survive any crash. Raises StorageFull.
        """
        folders = set[Path]()
        with told(self.root), self.taking_in():
            for digest, part in files:
                blob = self.path_of(digest)
                make_folder(blob.parent)
                try:
                    link_or_move(part, blob)
                except (FileExistsError, FileNotFoundError):
                    if self._size(blob) is None:
                        raise
                    self.touch([digest])  # somebody else has sent it, or kept this very part
                with suppress(PermissionError):  # then a node's user put it there
                    blob.chmod(0o444)
                folders.add(blob.parent)
                if production != NODES:
                    link = self.possession(production, digest)
                    make_folder(link.parent)
                    link_or_mark(blob, link)
                    folders.add(link.parent)
            for folder in folders:
                sync_folder(folder)
            for _, part in files:
                part.unlink(missing_ok=True)

    def touch(self, digests: Iterable[str]) -> None:
        """Note that these files are used now: they stay for a day whatever else."""
        for digest in digests:
            with suppress(OSError):  # one that has gone; another user's, which a node only reads
                os.utime(self.path_of(digest))

    def touch_job(self, job: str) -> None:
        """Note that what nodes sent about the job's frames is used now."""
        for path in self._job(job).glob("*/*"):
            with suppress(OSError):
                os.utime(path)

    @contextmanager
    def taking_in(self) -> Iterator[None]:
        """Nothing is collected inside this block."""
        with self._locked(fcntl.LOCK_SH):
            yield

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Nothing is taken in inside this block."""
        with self._locked(fcntl.LOCK_EX):
            yield

    def thumbnail_path(self, job: str, layer: str, frame: int) -> Path:
        """Where a frame's thumbnail lies."""
        return self._job(job) / "thumbnails" / f"{check_name('layer', layer)}.{frame}.jpg"

    def log_path(self, job: str, layer: str, frame: int, attempt: int) -> Path:
        """Where the log of an attempt lies."""
        name = f"{check_name('layer', layer)}.{frame}.attempt-{attempt}.log"
        return self._job(job) / "logs" / name

    def put(self, path: Path, data: bytes) -> None:
        """Write a thumbnail or a log, whole or not at all. Raises StorageFull."""
        with told(self.root):
            write_whole(path, data)

    def _job(self, job: str) -> Path:
        if not (job.isascii() and job.isdigit()):
            raise BadName(f"job {job!r:.80}: give the job's number")
        return self.jobs / job

    def _stays(self, production: str, digest: str) -> bool:
        """Is it owned? Then it is so for a day more."""
        with self.taking_in():
            there = self.owned(production, digest)
            if there:
                self.touch([digest])
        return there

    def _size(self, path: Path) -> int | None:
        with told(self.root), suppress(FileNotFoundError, NotADirectoryError):
            return path.stat().st_size
        return None

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        with told(self.root):
            descriptor = open_in(self.root / "lock", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)


def _folder(production: str) -> str:
    """The name of a production's folder. Raises BadName."""
    if production != NODES and len(check_name("production", production).encode()) > MOST_NAME_BYTES:
        raise BadName(f"production name {production!r} is too long for a folder: shorten it")
    return production
