"""A project's files on their way to the farm: only what it lacks, from where it lacks it.

Whatever breaks off, what has come stays, and the next try goes on there. Nothing larger than a
pack of small files is ever held in memory.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path

from farm.client.crew import Stop, side_by_side
from farm.client.hashes import HashCache, Hashed
from farm.client.patience import AWAY, Patience, Tell, tell_nobody
from farm.client.reading import changing, hash_files, read_still, stamp_of, unreadable
from farm.client.transfer import Meter, OnTransfer, Phase, show_nobody
from farm.files.hashing import hash_bytes
from farm.model.errors import UploadElsewhere, WrongDigest, WrongOffset
from farm.wire import FileWire

CONNECTIONS = 6
SMALL_BYTES = 256 * 1024  #: a file of at most so many travels in a pack
PACK_BYTES = 2 * 1024 * 1024
PACK_FILES = 500
_MOST_DETOURS = 20  #: of one file, until what the service says of its offset counts as a fault
_ELSEWHERE_SECONDS = 1.0  #: between two looks at what somebody else sends


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What travels in one request: one large file from an offset on, or a pack of small ones."""

    files: tuple[Hashed, ...]
    offset: int = 0


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of files that were to travel."""

    arrived: list[Hashed] = field(default_factory=list)
    changed: list[Hashed] = field(default_factory=list)  #: since they were read
    elsewhere: list[Hashed] = field(default_factory=list)  #: somebody else is sending them

    def add(self, other: "Outcome") -> None:
        """Take in `other`."""
        self.arrived += other.arrived
        self.changed += other.changed
        self.elsewhere += other.elsewhere


class Outbound:
    """Sends files to one production."""

    def __init__(
        self,
        files: FileWire,
        *,
        cache: HashCache,
        url: str = "",
        tell: Tell = tell_nobody,
        on_transfer: OnTransfer = show_nobody,
    ) -> None:
        """`url` is the farm's address, by which it is known from an earlier try."""
        self.meter = Meter(Phase.SENDING, on_transfer)
        self.sent_files = 0
        self._files = files
        self._cache = cache
        self._tell = tell
        self._on_transfer = on_transfer
        self._stop = Stop()
        self._patience = Patience(tell, stop=self._stop, url=url)
        self._reread: set[Path] = set()

    def hash(self, project: Mapping[str, Path]) -> dict[str, Hashed]:
        """The digests of `project`, whose files are given by their path inside it."""
        sources = list(dict.fromkeys(project.values()))
        found = hash_files(sources, cache=self._cache, on_transfer=self._on_transfer)
        return {path: found[source] for path, source in project.items()}

    def missing(self, files: Iterable[Hashed]) -> dict[Hashed, int]:
        """Those of `files` that the farm lacks, one for each digest, and what it has of each."""
        by_digest = {one.digest: one for one in files}
        asked = [(one.digest, one.size_bytes) for one in by_digest.values()]
        there = self._patience.ask(lambda: self._files.missing(asked))
        return {by_digest[digest]: offset for digest, offset in there.items()}

    def send(self, project: Mapping[str, Hashed]) -> dict[str, Hashed]:
        """Send what the farm lacks of `project`, until it has all; what it then has.

        A file that has changed meanwhile is read again and sent as it is now. Raises BadRequest
        for one that goes on changing or cannot be read, MissingAssets, StorageFull, NotAllowed,
        and ServiceUnavailable when the farm stays away.
        """
        state, unsure = dict(project), list(project.values())
        told, awaited = False, set[Hashed]()
        while True:
            missing = self.missing(unsure)
            for one in awaited - missing.keys():
                self.meter.finish(one.digest, one.size_bytes)  # somebody else has sent it
            if not missing:
                return state
            self._expect(missing.keys() - awaited)
            outcome = self._round(missing)
            unsure = outcome.elsewhere + self._read_again(state, outcome.changed)
            awaited = set(outcome.elsewhere)
            if awaited and not outcome.arrived:
                if not told:
                    self._tell(_elsewhere(outcome.elsewhere))
                told = True
                self._stop.rest(_ELSEWHERE_SECONDS)

    def _expect(self, new: Set[Hashed]) -> None:
        self.meter.expect(files=len(new), size_bytes=sum(one.size_bytes for one in new))

    def _round(self, missing: Mapping[Hashed, int]) -> Outcome:
        """Send each of `missing` once, however often the line breaks."""
        parcels = list(_parcels(missing))
        whole = Outcome()
        for outcome in side_by_side(
            self._send_parcel,
            parcels,
            threads=min(CONNECTIONS, len(parcels)),
            stop=self._stop,
            pulse=self.meter.show,
        ):
            whole.add(outcome)
        self.sent_files += len(whole.arrived)
        return whole

    def _read_again(self, state: dict[str, Hashed], changed: Sequence[Hashed]) -> list[Hashed]:
        """Put what `changed` is now into `state`. Raises BadRequest for a file's second time."""
        found = []
        for one in changed:
            self._cache.forget([one.path])
            now = read_still(one.path, self._stop)
            if one.path in self._reread:
                raise _damaged(one.path) if now.digest == one.digest else changing(one.path)
            self._reread.add(one.path)
            self._cache.remember([now])
            state |= {path: now for path, before in state.items() if before.path == one.path}
            found.append(now)
        lost = {one.digest for one in changed}
        return found + [one for one in state.values() if one.digest in lost]

    def _send_parcel(self, parcel: Parcel) -> Outcome:
        if len(parcel.files) == 1 and parcel.files[0].size_bytes > SMALL_BYTES:
            return self._send_large(parcel.files[0], parcel.offset)
        return self._send_pack(parcel.files)

    def _send_large(self, one: Hashed, offset: int) -> Outcome:
        for _ in range(_MOST_DETOURS):
            try:
                return self._send_from(one, offset)
            except WrongOffset:
                there = self._patience.ask(lambda: self._files.missing([_name(one)]))
                if one.digest not in there:
                    return self._arrived([one])
                offset = there[one.digest]
        raise WrongOffset(f"file {one.path}: the farm does not say how much of it has come")

    def _send_from(self, one: Hashed, offset: int) -> Outcome:
        """Send `one` from `offset` on, and after each break from where it broke."""
        while True:
            if stamp_of(one.path) != one.stamp:
                return Outcome(changed=[one])
            self.meter.reach(one.digest, offset)
            try:
                self._put(one, offset)
            except AWAY as error:
                self._patience.failed(error)
            except UploadElsewhere:
                return Outcome(elsewhere=[one])
            except WrongDigest:
                return Outcome(changed=[one])
            else:
                return self._arrived([one])
            there = self._offset_of(one, offset)
            if there is None:
                return self._arrived([one])
            offset = there

    def _put(self, one: Hashed, offset: int) -> None:
        def moved(count: int) -> None:
            self._stop.check()
            self.meter.move(one.digest, count)

        try:
            self._files.send(
                one.path,
                digest=one.digest,
                size_bytes=one.size_bytes,
                offset=offset,
                on_bytes=moved,
            )
        except OSError as error:
            raise unreadable(one.path, error) from error

    def _offset_of(self, one: Hashed, before: int) -> int | None:
        """How much of `one` the farm has, None for all of it; more than `before` is progress."""
        while True:
            try:
                there = self._files.missing([_name(one)])
            except AWAY as error:
                self._patience.failed(error)
                continue
            if there.get(one.digest, one.size_bytes) > before:
                self._patience.heard()
            return there.get(one.digest)

    def _send_pack(self, files: Sequence[Hashed]) -> Outcome:
        """Send `files` together, in one request, but for those that have changed."""
        loaded: dict[Hashed, bytes] = {}
        changed: list[Hashed] = []
        for one in files:
            data = _read(one.path)
            if hash_bytes(data) == one.digest:
                loaded[one] = data
            else:
                changed.append(one)
        left = dict(loaded)
        while left:
            try:
                self._files.send_pack(
                    [(one.digest, data) for one, data in left.items()],
                    on_bytes=lambda _: self._stop.check(),
                )
            except AWAY as error:
                self._patience.failed(error)
                left = self._still_missing(left)
            else:
                break
        for one in left:
            self.meter.move(one.digest, one.size_bytes)
        outcome = self._arrived(list(loaded))
        outcome.changed += changed
        return outcome

    def _still_missing(self, files: Mapping[Hashed, bytes]) -> dict[Hashed, bytes]:
        while True:
            try:
                there = self._files.missing([_name(one) for one in files])
            except AWAY as error:
                self._patience.failed(error)
                continue
            if len(there) < len(files):
                self._patience.heard()
            return {one: data for one, data in files.items() if one.digest in there}

    def _arrived(self, files: list[Hashed]) -> Outcome:
        self._patience.heard()
        for one in files:
            self.meter.finish(one.digest, one.size_bytes)
        return Outcome(arrived=files)


def _parcels(missing: Mapping[Hashed, int]) -> Iterator[Parcel]:
    """The largest files first, each by itself; then the small ones in packs."""
    pack: list[Hashed] = []
    held = 0
    for one in sorted(missing, key=lambda file: -file.size_bytes):
        if one.size_bytes > SMALL_BYTES:
            yield Parcel(files=(one,), offset=missing[one])
            continue
        pack.append(one)
        held += one.size_bytes
        if held >= PACK_BYTES or len(pack) == PACK_FILES:
            yield Parcel(files=tuple(pack))
            pack, held = [], 0
    if pack:
        yield Parcel(files=tuple(pack))


def _name(one: Hashed) -> tuple[str, int]:
    return one.digest, one.size_bytes


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(SMALL_BYTES + 1)
    except OSError as error:
        raise unreadable(path, error) from error


def _damaged(path: Path) -> WrongDigest:
    return WrongDigest(
        f"file {path.name} reached the farm damaged, twice: something between here and there "
        "changes what is sent"
    )


def _elsewhere(files: Sequence[Hashed]) -> str:
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return (
        f"{files[0].path.name}{more}: somebody else is sending the same to the farm; waiting for "
        "that to end"
    )
