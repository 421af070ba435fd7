"""Which place a lease gets on this node: what the node sees of the farm, and what it keeps."""

import contextlib
import logging
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from farm.files.content import ContentStore
from farm.model.errors import BadManifest, NodeUnfit
from farm.model.lease import Lease
from farm.wire import Wire
from workers import machine
from workers.cache.cache import NodeCache
from workers.job_files import JobFiles, SeenFiles, WiredFiles
from workers.leftovers import Leftovers, told
from workers.metrics.facts import CacheFacts
from workers.orders import Orders
from workers.place import Place, SharedPlace
from workers.sent import SentPlace

log = logging.getLogger("karst.worker")

MOST_WARM_FILES = 64  #: told in a heartbeat: more would be old, and read by nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How this node reaches the farm's content store."""

    files: Path | None = None  #: its folder, where the node sees it
    wire: Wire | None = None  #: to the service


class Places:
    """The places of a node's leases. Safe to use from many threads."""

    def __init__(self, state: Path, *, temporary: Path, cache: NodeCache, reach: Reach) -> None:
        """Keep results in `state`, of which what an earlier worker left is swept."""
        self._state = state
        self._temporary = temporary
        self._results = state / "results"
        self._cache = cache
        self._reach = reach
        self._leftovers = Leftovers(results=self._results, temporary=temporary)
        shutil.rmtree(self._results, ignore_errors=True)

    def of(self, lease: Lease, orders: Orders) -> Place:
        """The place of `lease`; `close` it in the end.

        Raises NodeUnfit when this node cannot reach what the lease needs.
        """
        if not lease.spec.settings.is_sent:
            return SharedPlace(lease, temporary=self._temporary)
        try:
            return SentPlace(
                lease,
                cache=self._cache,
                files=self._files(lease.job),
                results=self._results / lease.id,
                orders=orders,
            )
        except BadManifest as error:
            raise NodeUnfit(f"job {lease.job} has no manifest that can be one: {error}") from error

    def _files(self, job: str) -> JobFiles:
        if self._reach.files is not None:
            with contextlib.suppress(OSError):
                if self._reach.files.is_dir():
                    return SeenFiles(ContentStore(self._reach.files), job)
            if self._reach.wire is None:
                raise NodeUnfit(
                    f"the farm's files folder {self._reach.files} is not there: mount it, mend "
                    "FARM_FILES, or give FARM_URL to fetch them from the service"
                )
        if self._reach.wire is not None:
            return WiredFiles(self._reach.wire, job)
        raise NodeUnfit(
            "this node cannot reach the files of a job that was sent: set FARM_URL to the "
            "service's address, or FARM_FILES to the folder of its files where the node sees it"
        )

    def make_room(
        self, served: Callable[[], Collection[str]], free_bytes: Callable[[], int]
    ) -> None:
        """The node's disk runs full: let go of what no lease of `served` uses.

        First of what ended work has left here; then, when there is no room all the same, of the
        files that were fetched, which have to be fetched again.
        """
        count, size_bytes = self._leftovers.clear(
            served, lambda: free_bytes() >= machine.WANTED_DISK_FREE_BYTES
        )
        if count:
            log.warning("the disk of %s runs full: %s", self._state, told(count, size_bytes))
        if free_bytes() < machine.LEAST_DISK_FREE_BYTES:
            log.warning(
                "the disk of %s is full: the cache lets go of what no lease uses", self._state
            )
            with contextlib.suppress(OSError):
                self._cache.empty()

    def warm_files(self) -> tuple[str, ...]:
        """Manifests of sent jobs whose files need not be fetched, the last used ones."""
        with contextlib.suppress(OSError):
            return tuple(sorted(self._cache.whole()[:MOST_WARM_FILES]))
        return ()

    def cache_facts(self) -> CacheFacts:
        """Of the files fetched for sent jobs."""
        return self._cache.facts()

    def scene_ids(self, scenes: tuple[str, ...]) -> tuple[str, ...]:
        """What the farm calls the scenes that are open here."""
        return tuple(sorted({self._cache.scene_id(scene) for scene in scenes}))
