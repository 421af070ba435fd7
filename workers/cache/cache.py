"""The node's cache of what sent jobs are made of.

    blobs/ab/<digest>            whole files, verified
    trees/<manifest>/…           a project's files under their own paths
    trees/<manifest>.complete    written last; its time tells when the tree was last used

The promise: a lease that holds a manifest finds every file of its tree there and as it was sent;
slots that want the same one fetch it once; what nobody holds makes room for what is wanted.
"""

import contextlib
import errno
import logging
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from farm.files.hashing import hash_bytes
from farm.model.errors import BadManifest, FarmError, FilesNotSent, NodeUnfit
from farm.model.manifest import Manifest
from farm.model.sizes import format_size
from farm.wire import FileWire
from workers.cache.blobs import Blobs
from workers.cache.eviction import choose
from workers.cache.fetching import NO_MANIFEST, Fetch, fetch_manifest, not_there
from workers.cache.trees import Trees, is_linked_to, is_placed, linked_to, placed_from
from workers.job_files import JobFiles
from workers.metrics.facts import CacheFacts
from workers.orders import Orders
from workers.renderer import Tell

log = logging.getLogger("karst.worker")

DISK_SHARE = 0.5  #: of what is free or the cache's own, where no limit was given
SPARE_BYTES = 512 * 1024 * 1024  #: of the disk that the cache leaves alone
KEPT_DAYS = 30.0
TIDY_SECONDS = 3600.0  #: how often age is looked at
MEASURE_SECONDS = 60.0  #: how often, at most, `facts` adds up what lies here
_WAIT_SECONDS = 0.2


class NodeCache:
    """One per worker. Safe to use from many threads."""

    def __init__(self, folder: Path, *, limit_bytes: int = 0, kept_days: float = KEPT_DAYS) -> None:
        """Use `folder`; `limit_bytes` of 0 is a share of the disk."""
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._kept_seconds = kept_days * 86_400
        self._blobs = Blobs(folder / "blobs")
        self._trees = Trees(folder / "trees")
        self._lock = threading.Lock()  #: of all below
        self._pins: Counter[str] = Counter()
        self._manifests: dict[str, Manifest] = {}  #: of those that are pinned
        self._turns: dict[str, threading.Lock] = {}
        self._tidy_at = 0.0
        self._hits, self._misses = 0, 0
        self._measured = (0, -MEASURE_SECONDS)  #: bytes that lie here, and when that was
        self._making_room = threading.Lock()
        self._trees.sweep()

    def tree(self, manifest: str) -> Path:
        """Where the manifest's tree is, or will be. Raises BadManifest for what is no digest."""
        return self._trees.path_of(manifest)

    def scene_id(self, scene: str) -> str:
        """What the farm calls a scene that is open here, as `RenderSettings.scene_id` does."""
        with contextlib.suppress(ValueError):
            inside = Path(scene).relative_to(self._trees.folder)
            return f"{inside.parts[0]}:/{'/'.join(inside.parts[1:])}"
        return scene

    def whole(self) -> tuple[str, ...]:
        """The manifests whose trees are here, those used last first."""
        trees = sorted(self._trees.all(), key=lambda tree: -tree.used_at)
        return tuple(tree.manifest for tree in trees if tree.used_at)

    def hold(self, manifest: str) -> None:
        """Nothing of this manifest is evicted until as many calls of `release`."""
        with self._lock:
            self._pins[manifest] += 1

    def release(self, manifest: str) -> None:
        """A lease ended."""
        with self._lock:
            self._pins[manifest] -= 1
            if not self._pins[manifest]:
                del self._pins[manifest]
                self._manifests.pop(manifest, None)

    def bring(self, digest: str, files: JobFiles, orders: Orders, tell: Tell) -> Manifest:
        """Have the whole tree of a manifest that is held; the manifest.

        Raises Stopped when the lease is to leave meanwhile, NodeUnfit, and, when it is the job's
        own fault, BadManifest, FilesNotSent or NotFound; OSError when the disk is at fault.
        """
        self._tidy()
        with self._turn(digest, orders, tell):
            manifest = self._manifest(digest, files, orders, tell)
            if files.path_of(digest) is None:
                self._place(digest, manifest, files.wire_of(), orders, tell)
            else:
                self._link(digest, manifest, files)
            self._trees.mark(digest)
            self._blobs.use(digest)
            return manifest

    @contextlib.contextmanager
    def _turn(self, digest: str, orders: Orders, tell: Tell) -> Iterator[None]:
        """One slot fetches, the others wait for it and find all there."""
        with self._lock:
            turn = self._turns.setdefault(digest, threading.Lock())
        while not turn.acquire(timeout=_WAIT_SECONDS):
            tell("waiting while another slot fetches the job's files")
            orders.heed_leaving()
        try:
            yield
        finally:
            turn.release()

    def _manifest(self, digest: str, files: JobFiles, orders: Orders, tell: Tell) -> Manifest:
        with self._lock:
            known = self._manifests.get(digest)
        if known is None:
            path = files.path_of(digest)
            if path is None:
                path = self._blobs.path_of(digest)
                fetch_manifest(
                    digest, blobs=self._blobs, wire=files.wire_of(), orders=orders, tell=tell
                )
            known = _read(path, digest)
            with self._lock:
                self._manifests[digest] = known
        return known

    def _link(self, digest: str, manifest: Manifest, files: JobFiles) -> None:
        """A tree of links to files that this node sees."""

        def path_of(one: str) -> Path:
            path = files.path_of(one)
            assert path is not None
            return path

        is_right = is_linked_to(path_of)
        wrong = self._trees.wrong(digest, manifest, is_right=is_right)
        for entry in wrong:
            if not path_of(entry.digest).is_file():
                raise FilesNotSent(not_there(entry))
        self._trees.lay(digest, wrong, linked_to(path_of))

    def _place(
        self, digest: str, manifest: Manifest, wire: FileWire, orders: Orders, tell: Tell
    ) -> None:
        """A tree of files of our own."""
        wrong = self._trees.wrong(digest, manifest, is_right=is_placed)
        if not wrong:
            self._count(manifest, lacking=0)
            return
        with self._making_room:  # who evicts from now on knows that this manifest is held
            lacking = [one for one in wrong if not self._blobs.has(one.digest, one.size_bytes)]
        self._count(manifest, lacking=len(lacking))
        self._make_room(sum(one.size_bytes for one in lacking), of=manifest)
        fetch = Fetch(lacking, blobs=self._blobs, wire=wire, orders=orders, tell=tell)
        fetch.run()
        for one in wrong:
            self._blobs.use(one.digest)
        self._trees.lay(digest, wrong, placed_from(self._blobs.path_of))

    def _count(self, manifest: Manifest, *, lacking: int) -> None:
        with self._lock:
            self._hits += len(manifest.entries) - lacking
            self._misses += lacking

    def facts(self) -> CacheFacts:
        """What lies here, as of the last minute, and how often it was of use."""
        size_bytes, at = self._measured
        if time.monotonic() - at >= MEASURE_SECONDS:
            size_bytes = sum(blob.size_bytes for blob in self._blobs.all())
            self._measured = (size_bytes, time.monotonic())
        with self._lock:
            return CacheFacts(size_bytes=size_bytes, hits=self._hits, misses=self._misses)

    def empty(self) -> None:
        """Let go of all that nobody holds: the disk has turned out to be full."""
        self._evict(room_bytes=1 << 62, before=0.0)

    def _make_room(self, wanted_bytes: int, *, of: Manifest) -> None:
        """Raises NodeUnfit when the cache may never hold this job."""
        if self._limit_bytes and of.size_bytes > self._limit_bytes:
            raise NodeUnfit(
                f"a job's files are {format_size(of.size_bytes)}, and this node's cache may hold "
                f"{format_size(self._limit_bytes)}: give farm-worker a larger --cache-limit"
            )
        used = sum(blob.size_bytes for blob in self._blobs.all())
        self._folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self._folder).free
        limit = self._limit_bytes or int((used + free) * DISK_SHARE)
        over = max(used + wanted_bytes - limit, wanted_bytes + SPARE_BYTES - free)
        if over > 0:
            self._evict(room_bytes=over, before=0.0)

    def _tidy(self) -> None:
        """Now and then, let go of what nobody has wanted for long."""
        if time.monotonic() > self._tidy_at:
            self._tidy_at = time.monotonic() + TIDY_SECONDS
            self._evict(room_bytes=0, before=time.time() - self._kept_seconds)

    def _evict(self, *, room_bytes: int, before: float) -> None:
        with self._making_room:
            trees = self._trees.all()
            with self._lock:
                pinned = set(self._pins)
            needs = {one: self._needs(one) for one in {tree.manifest for tree in trees} | pinned}
            going = choose(
                trees,
                self._blobs.all(),
                needs=needs,
                pinned=pinned,
                room_bytes=room_bytes,
                before=before,
            )
            for tree in going.trees:
                self._trees.remove(tree)
            for blob in going.blobs:
                self._blobs.remove(blob)
        if going.trees or going.blobs:
            log.info("cache: %d trees and %d files went", len(going.trees), len(going.blobs))

    def _needs(self, digest: str) -> set[str]:
        """The files of a tree; none when its manifest is not here: then it can go."""
        with self._lock:
            known = self._manifests.get(digest)
        with contextlib.suppress(OSError, FarmError):
            known = known or Manifest.read(self._blobs.path_of(digest).read_bytes())
            return {entry.digest for entry in known.entries}
        return set()


def _read(path: Path, digest: str) -> Manifest:
    """Raises FilesNotSent, BadManifest, OSError."""
    try:
        text = path.read_bytes()
    except FileNotFoundError as error:
        raise FilesNotSent(NO_MANIFEST) from error
    if hash_bytes(text) != digest:
        raise BadManifest("the job's list of files is damaged: submit the job again")
    return Manifest.read(text)


def is_full(error: OSError) -> bool:
    """Does the disk, or the share of it that we may use, have no room?"""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}
