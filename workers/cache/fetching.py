"""Many files fetched at a time, told as they come, broken off when the lease is to leave."""

import threading
from collections.abc import Sequence

from farm.model.errors import FilesNotSent, NotFound, ServiceUnavailable, WrongDigest
from farm.model.manifest import ManifestEntry
from farm.model.sizes import format_size
from farm.wire import FileWire
from workers.cache.blobs import Blobs
from workers.many import Patience, do_all
from workers.orders import Orders, Stopped
from workers.renderer import Tell

RETRY_SECONDS = 0.5
NO_MANIFEST = "the farm does not have the job's list of files any more: submit the job again"
_WRONG_TRIES = 3  #: so often bytes may get damaged on their way


class Fetch:
    """Fetches files that the cache lacks. `run` returns when all are there."""

    def __init__(
        self,
        entries: Sequence[ManifestEntry],
        *,
        blobs: Blobs,
        wire: FileWire,
        orders: Orders,
        tell: Tell,
    ) -> None:
        """Fetch `entries`, each digest once."""
        self._entries = list({entry.digest: entry for entry in entries}.values())
        self._blobs = blobs
        self._wire = wire
        self._orders = orders
        self._tell = tell
        self._lock = threading.Lock()
        self._files, self._bytes = 0, 0
        self._size = format_size(sum(entry.size_bytes for entry in self._entries))

    def run(self) -> None:
        """Fetch all; wait while the service is away.

        Raises Stopped, NodeUnfit when the service stays away, and what `FileWire.fetch` raises.
        """
        wrong, patience = 0, Patience()
        while True:
            try:
                self._try()
            except ServiceUnavailable as error:
                patience.bear(error, f"{len(self._entries)} files of the job", got=self._bytes)
                self._tell(f"waiting to fetch {len(self._entries)} files: {error}")
                self._orders.heed_leaving(RETRY_SECONDS)
            except WrongDigest:
                wrong += 1
                if wrong >= _WRONG_TRIES:
                    raise
            else:
                return

    def _try(self) -> None:
        """Fetch what is not there yet. Raises what goes wrong first."""
        over = threading.Event()
        left = [one for one in self._entries if not self._blobs.has(one.digest, one.size_bytes)]
        sizes = [sum(one.size_bytes for one in some) for some in (self._entries, left)]
        self._files, self._bytes = len(self._entries) - len(left), sizes[0] - sizes[1]
        try:
            do_all(lambda entry: self._fetch(entry, over), left, self._look)
        finally:
            over.set()  # one that hears nothing from the service ends when it does

    def _look(self) -> None:
        self._tell(
            f"fetching {self._files} of {len(self._entries)} files, "
            f"{format_size(self._bytes)} of {self._size}"
        )
        self._orders.heed_leaving()

    def _fetch(self, entry: ManifestEntry, over: threading.Event) -> None:
        def on_bytes(count: int) -> None:
            if over.is_set():
                raise Stopped
            with self._lock:
                self._bytes += count

        try:
            self._blobs.fetch(entry, self._wire, on_bytes)
        except NotFound as error:
            raise FilesNotSent(not_there(entry)) from error
        with self._lock:
            self._files += 1


def fetch_manifest(
    digest: str, *, blobs: Blobs, wire: FileWire, orders: Orders, tell: Tell
) -> None:
    """Have a job's list of files among `blobs`. Raises as `Fetch.run` does."""
    patience = Patience()

    def look() -> None:
        tell("fetching the job's list of files")
        orders.heed_leaving()

    while not blobs.has(digest):
        try:
            do_all(lambda one: blobs.fetch_unmeasured(one, wire), [digest], look)
        except NotFound as error:
            raise FilesNotSent(NO_MANIFEST) from error
        except ServiceUnavailable as error:
            patience.bear(error, "the job's list of files", got=0)
            tell(f"waiting to fetch the job's list of files: {error}")
            orders.heed_leaving(RETRY_SECONDS)


def not_there(entry: ManifestEntry) -> str:
    """What to say of a file that the farm has lost."""
    return f"the farm does not have {entry.path!r:.200} any more: submit the job again"
