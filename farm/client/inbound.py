"""Finished images on their way from the farm: each checked by its digest, none brought in vain."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

from farm.client.client import Client
from farm.client.crew import Stop, side_by_side
from farm.client.landing import Fate, Landing, is_folder
from farm.client.patience import AWAY, Patience
from farm.client.scratch import no_room
from farm.client.transfer import Meter, OnTransfer, Phase
from farm.model.errors import FarmError, NotFound, WrongDigest
from farm.model.manifest import check_digest
from farm.wire import error_of
from farm.wire.files import fetch

CONNECTIONS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedImage:
    """What the farm has made."""

    layer: str
    frame: int
    path: str  #: inside the project
    digest: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledFrame:
    """A finished frame, sheet or movie, and the file that it is."""

    layer: str
    frame: int
    path: Path
    digest: str
    size_bytes: int
    fate: Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gone:
    """The farm does not have this image any more: it renders the frame again, say."""

    image: FinishedImage
    error: FarmError


class Inbound:
    """Brings images of one job."""

    def __init__(
        self,
        client: Client,
        job: str,
        landing: Landing,
        *,
        overwrite: bool,
        patience: Patience,
        on_transfer: OnTransfer,
    ) -> None:
        self.meter = Meter(Phase.FETCHING, on_transfer)
        self.gone: FarmError | None = None  #: why an image of the last `bring` did not come
        self._client = client
        self._job = job
        self._landing = landing
        self._overwrite = overwrite
        self._patience = patience

    def bring(self, images: Iterable[FinishedImage]) -> Iterator[PulledFrame]:
        """Bring what is not there yet, as it comes.

        Raises BadRequest for a path that leads out of the folder, StorageFull, and
        ServiceUnavailable when the farm stays away.
        """
        wanted = list(images)
        self.gone = None
        self.meter.expect(files=len(wanted), size_bytes=sum(one.size_bytes for one in wanted))
        stop = Stop()
        for found in side_by_side(
            lambda one: self._bring(one, stop),
            wanted,
            threads=min(CONNECTIONS, len(wanted)),
            stop=stop,
            pulse=self.meter.show,
        ):
            if isinstance(found, PulledFrame):
                yield found
            else:
                self.gone = found.error

    def _bring(self, image: FinishedImage, stop: Stop) -> PulledFrame | _Gone:
        target = self._landing.place(image.path)
        try:
            image = self._known(image)
        except NotFound as error:
            return _Gone(image=image, error=error)
        fate = self._landing.fate(target, image.digest)
        if fate is None or (self._overwrite and fate is Fate.LEFT and not is_folder(target)):
            self._landing.claim(target, image.digest)
            gone = self._fetch(image, target, stop)
            if gone is not None:
                return _Gone(image=image, error=gone)
            fate = Fate.PULLED
        self.meter.finish(image.path, image.size_bytes)
        return PulledFrame(
            layer=image.layer,
            frame=image.frame,
            path=target,
            digest=image.digest,
            size_bytes=image.size_bytes,
            fate=fate,
        )

    def _fetch(self, image: FinishedImage, target: Path, stop: Stop) -> FarmError | None:
        """Fetch `image`, however often the line breaks; why it is not to be had, if so."""

        def moved(count: int) -> None:
            stop.check()
            self._patience.heard()
            self.meter.move(image.path, count)

        while True:
            try:
                fetch(
                    self._client.wire,
                    self._address(image),
                    target,
                    digest=image.digest,
                    size_bytes=image.size_bytes,
                    on_bytes=moved,
                )
            except AWAY as error:
                self._patience.failed(error)
            except (NotFound, WrongDigest) as error:
                return error
            except OSError as error:
                raise no_room(target.parent, error) from error
            else:
                self._patience.heard()
                return None

    def _known(self, image: FinishedImage) -> FinishedImage:
        """`image` with its digest, which the farm is asked for where the image lies in place."""
        if image.digest:
            return image
        return replace(image, digest=self._patience.ask(lambda: self._asked(image)))

    def _asked(self, image: FinishedImage) -> str:
        """Asks as one who has the image already, and so is not sent it."""
        headers = {"If-None-Match": "*"}
        wire = self._client.wire
        with wire.stream("GET", self._address(image), headers=headers) as answer, wire.guard():
            body = answer.read()
            if answer.status >= 400:
                raise error_of(answer.status, body)
            return check_digest(answer.headers.get("X-Karst-Digest", ""))

    def _address(self, image: FinishedImage) -> str:
        query = urlencode({"layer": image.layer})
        return f"/jobs/{self._job}/frames/{image.frame}/image?{query}"
